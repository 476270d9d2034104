-- A message whose outcome is unknown, while nobody has it.
-- ARGV: 1 id
-- Answers {lane, element, progress}, or nothing when it is not parked.
local lane = redis.call('HGET', tag .. 'open', ARGV[1])
if not lane or not redis.call('ZSCORE', tag .. 'parked', lane) then return {} end
local element = redis.call('LINDEX', tag .. 'lane:' .. lane, 0)
if not element or id_of(element) ~= ARGV[1] then return {} end
return { lane, element, progress_of(lane, ARGV[1], true) }
