-- Ends a dispatcher's lease. What it still holds may be adopted at once.
-- ARGV: 1 consumer
-- Answers how many lanes it still held.
may_write()
redis.call('HDEL', tag .. 'calls', ARGV[1])
local held, mine = 0, ARGV[1] .. '/'
for _, holder in ipairs(redis.call('HVALS', tag .. 'held')) do
  if string.sub(holder, 1, #mine) == mine then held = held + 1 end
end
if held == 0 then
  redis.call('ZREM', tag .. 'leases', ARGV[1])
  redis.call('HDEL', tag .. 'beats', ARGV[1])
  redis.call('HDEL', tag .. 'holding', ARGV[1])
else
  redis.call('ZADD', tag .. 'leases', 'XX', now - 1, ARGV[1])
end
return held
