-- Sends a message again whose outcome is unknown, because somebody says so.
-- ARGV: 1 id
-- Answers 1, or 0 when it is not parked.
local lane = redis.call('HGET', tag .. 'open', ARGV[1])
local element = lane and redis.call('LINDEX', tag .. 'lane:' .. lane, 0)
-- One that was replayed from the dead stands behind others, and it may be one of those that is parked.
if not element or id_of(element) ~= ARGV[1] then return 0 end
if redis.call('ZREM', tag .. 'parked', lane) == 0 then return 0 end
line_up(lane, true)
flush()
wake()
return 1
