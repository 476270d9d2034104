-- Looks for scheduled messages that were accepted at some time or before, or throws some away.
-- ARGV: 1 "look", 2 time in ms, 3 place to begin at, 4 most messages, 5 number, or "" for all;
--       or 1 "cut", then for each: id, fact
-- Answers {messages that were looked at, id, number, id, number…}, or how many are gone.

local function lane_of(entry)
  return string.sub(entry, 5, 4 + struct.unpack('>I4', entry))
end

if ARGV[1] == 'look' then
  local till, from, most, only = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
  -- From the end: what falls due meanwhile leaves at the other one.
  local ids = redis.call('ZRANGE', tag .. 'scheduled', from, from + most - 1, 'REV')
  local answer = { tostring(#ids) }
  for _, id in ipairs(ids) do
    local entry = redis.call('HGET', tag .. 'scheduled:entries', id)
    local lane = entry and lane_of(entry)
    local number = lane and parts(lane)
    if lane and (only == '' or only == number) and struct.unpack('<I8', entry, 4 + #lane + 32) <= till then
      answer[#answer + 1] = id
      answer[#answer + 1] = number
    end
  end
  return answer
end

may_write()
local gone = 0
for at = 2, #ARGV, 2 do
  local id = ARGV[at]
  local entry = redis.call('HGET', tag .. 'scheduled:entries', id)
  if entry and redis.call('ZREM', tag .. 'scheduled', id) == 1 then
    redis.call('HDEL', tag .. 'scheduled:entries', id)
    redis.call('LPUSH', tag .. 'facts:ready', ARGV[at + 1])
    change_backlog((parts(lane_of(entry))), -1)
    gone = gone + 1
  end
end
count('backlog', -gone)
count('cleared', gone)
return gone
