-- All figures of a partition, at a cost that does not grow with its depth.
-- KEYS: 1 ready, 2 held, 3 leases, 4 delayed, 5 dead, 6 counters, 7 paused, 8 beats, 9 samples
-- Answers {waiting, {batch, "entries:since"…}, {consumer, lease…}, delayed, dead, {counter, value…}, paused,
-- head of the oldest waiting entry, {consumer, heard of at…}, {now in ms, accepted, completed, failed}, {sample…}}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = redis.call('LINDEX', KEYS[1], -1)
local accepted, completed, failed = figures(KEYS[1], KEYS[2], KEYS[4], KEYS[6])
if sample(KEYS[9], now, accepted, completed, failed) then
  forget_gone(KEYS[8], KEYS[3])
end
return {
  redis.call('LLEN', KEYS[1]),
  redis.call('HGETALL', KEYS[2]),
  redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES'),
  redis.call('ZCARD', KEYS[4]),
  redis.call('HLEN', KEYS[5]),
  redis.call('HGETALL', KEYS[6]),
  redis.call('GET', KEYS[7]) or '',
  oldest and string.sub(oldest, 1, 29) or '',
  redis.call('HGETALL', KEYS[8]),
  { now, accepted, completed, failed },
  redis.call('LRANGE', KEYS[9], 0, -1),
}
