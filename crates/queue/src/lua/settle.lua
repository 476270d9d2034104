-- Ends a batch, if it is still the consumer's own: what is not named here is done and vanishes with the batch.
-- KEYS: 1 the batch, 2 leases, 3 held, 4 delayed, 5 dead, 6 dead:order, 7 counters, 8 handbacks
-- ARGV: 1 consumer, 2 name of the batch, 3 how many entries were completed,
--       4 "1" when an entry of the batch had been handed back before,
--       5 how many of its entries are among what follows, and not just something that was cut out of one,
--       6 how many to delay, then for each: delay in ms, entry,
--       then how many are dead, then for each: id, dead letter
-- Answers 1, or 0 when the batch belongs to somebody else by now (the fence); then nothing was done.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local lease = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not lease or tonumber(lease) < now or redis.call('HEXISTS', KEYS[3], ARGV[2]) == 0 then
  return 0
end

if ARGV[4] == '1' then
  for _, entry in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    redis.call('HDEL', KEYS[8], string.sub(entry, 3, 18))
  end
end
redis.call('UNLINK', KEYS[1])
redis.call('HDEL', KEYS[3], ARGV[2])

local at = 6
local delayed, added = tonumber(ARGV[at]), 0
at = at + 1
for _ = 1, delayed do
  added = added + redis.call('ZADD', KEYS[4], now + tonumber(ARGV[at]), ARGV[at + 1])
  at = at + 2
end
local dead = tonumber(ARGV[at])
at = at + 1
for _ = 1, dead do
  redis.call('HSET', KEYS[5], ARGV[at], ARGV[at + 1])
  redis.call('ZADD', KEYS[6], now, ARGV[at])
  at = at + 2
end

local completed = tonumber(ARGV[3])
if completed > 0 then redis.call('HINCRBY', KEYS[7], 'completed', completed) end
if delayed > 0 then redis.call('HINCRBY', KEYS[7], 'retried', delayed) end
if dead > 0 then redis.call('HINCRBY', KEYS[7], 'failed', dead) end
-- So that what came in can be told from what is there and what has left.
local cut = added + dead - tonumber(ARGV[5])
if cut ~= 0 then redis.call('HINCRBY', KEYS[7], 'cut', cut) end
return 1
