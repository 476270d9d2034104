-- Looks through what waits, a window at a time, for entries that were accepted at some time or before; perhaps throws them
-- away.
-- KEYS: 1 ready, 2 delayed, 3 handbacks, 4 counters
-- ARGV: 1 "ready", "delayed", or "end" for those of ready that are next, 2 time in ms, 3 where the window begins,
--       4 entries in it, 5 id of the last entry that was seen and stays, or "", 6 "1" to throw away
-- Answers {entries in the window, entries found, bytes in the window, id of the last that stays, where the next begins}.
local where, till, from, most, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local away = ARGV[6] == '1'

-- Where a window begins is counted from the end that entries join at: those that join move what was not yet seen away
-- from what was, so that nothing is passed over, and what is seen again is known by `last`.
local window
if where == 'ready' then
  window = redis.call('LRANGE', KEYS[1], from, from + most - 1)
elseif where == 'end' then
  window = redis.call('LRANGE', KEYS[1], -most, -1)
else
  window = redis.call('ZRANGE', KEYS[2], from, from + most - 1, 'REV')
end

local first, bytes = 1, 0
for i, entry in ipairs(window) do
  bytes = bytes + #entry
  if string.sub(entry, 3, 18) == last then first = i + 1 end
end

local found, stays = {}, {}
for i = first, #window do
  local entry = window[i]
  if #entry >= 29 and struct.unpack('<I8', entry, 22) <= till then
    found[#found + 1] = i
  else
    stays[#stays + 1] = entry
    last = string.sub(entry, 3, 18)
  end
end

if away and #found > 0 then
  if where == 'ready' then
    for _, i in ipairs(found) do redis.call('LSET', KEYS[1], from + i - 1, 'gone') end
    local from_the_end = redis.call('LLEN', KEYS[1]) - from
    redis.call('LREM', KEYS[1], from < from_the_end and #found or -#found, 'gone')
  elseif where == 'end' then
    redis.call('LTRIM', KEYS[1], 0, -(#window + 1))
    for _, entry in ipairs(stays) do redis.call('RPUSH', KEYS[1], entry) end
  else
    for _, i in ipairs(found) do redis.call('ZREM', KEYS[2], window[i]) end
  end
  if redis.call('HLEN', KEYS[3]) > 0 then
    for _, i in ipairs(found) do redis.call('HDEL', KEYS[3], string.sub(window[i], 3, 18)) end
  end
  redis.call('HINCRBY', KEYS[4], 'cleared', #found)
end
return { #window, #found, bytes, last, from + #window - (away and #found or 0) }
