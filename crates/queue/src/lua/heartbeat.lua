-- Extends a lease. One that has ended may still be extended as long as nobody has handed its entries on: after
-- Redis itself was away for longer than a lease, every consumer goes on with what it holds.
-- KEYS: 1 leases, 2 beats, 3 samples, 4 ready, 5 held, 6 delayed, 7 counters
-- ARGV: 1 consumer, 2 length of the lease in ms
-- Answers 1, or 0 when the lease is gone.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if sample(KEYS[3], now, figures(KEYS[4], KEYS[5], KEYS[6], KEYS[7])) then
  forget_gone(KEYS[2], KEYS[1])
end
redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', now))
return 1
