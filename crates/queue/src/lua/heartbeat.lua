-- Extends a lease. One that has ended may still be extended as long as nobody has handed its entries on: after
-- Redis itself was away for longer than a lease, every consumer goes on with what it holds.
-- KEYS: 1 leases
-- ARGV: 1 consumer, 2 length of the lease in ms
-- Answers 1, or 0 when the lease is gone.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[1])
return 1
