-- Sends a message again whose outcome is unknown, because somebody says so.
-- ARGV: 1 id
-- Answers 1, or 0 when it is not parked.
local lane = redis.call('HGET', tag .. 'open', ARGV[1])
if not lane or redis.call('ZREM', tag .. 'parked', lane) == 0 then return 0 end
line_up(lane, true)
flush()
wake()
return 1
