-- Extends a dispatcher's lease, as lua/heartbeat.lua does.
-- ARGV: 1 consumer, 2 length of the lease in ms
-- Answers 1, or 0 when the lease is gone.
if not redis.call('ZSCORE', tag .. 'leases', ARGV[1]) then return 0 end
local c = redis.call('HMGET', tag .. 'counters', 'accepted', 'completed', 'failed', 'revived')
for i = 1, 4 do c[i] = tonumber(c[i]) or 0 end
if sample(tag .. 'samples', now, c[1], c[2], c[3] + c[4]) then
  forget_gone(tag .. 'beats', tag .. 'leases')
  forget_gone(tag .. 'holding', tag .. 'leases')
end
redis.call('ZADD', tag .. 'leases', 'XX', now + ARGV[2], ARGV[1])
redis.call('HSET', tag .. 'beats', ARGV[1], whole(now))
return 1
