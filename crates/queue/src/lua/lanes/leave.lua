-- Ends a dispatcher's lease. What it still holds may be adopted at once.
-- ARGV: 1 consumer
-- Answers how many lanes it still held.
local held = redis.call('SCARD', tag .. 'flight:' .. ARGV[1])
if held == 0 then
  redis.call('ZREM', tag .. 'leases', ARGV[1])
else
  redis.call('ZADD', tag .. 'leases', 'XX', now - 1, ARGV[1])
end
return held
