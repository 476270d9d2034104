-- Looks for messages that wait and were accepted at some time or before.
-- ARGV: 1 time in ms, 2 most messages of a lane, then for each lane: lane, place to begin at
-- Answers for each lane {messages that were looked at, {id, progress…}}.
local till, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local answers = {}
for at = 3, #ARGV, 2 do
  local lane, found = ARGV[at], {}
  local looked = each_waiting(lane, tonumber(ARGV[at + 1]), most, function(id, element, place)
    if struct.unpack('<I8', element, 32) <= till then
      found[#found + 1] = id
      found[#found + 1] = progress_of(lane, id, place == 0)
    end
  end)
  answers[#answers + 1] = { looked, found }
end
return answers
