-- Looks through what waits, a window at a time, for entries that were accepted at some time or before; perhaps throws them
-- away.
-- KEYS: 1 ready, 2 delayed, 3 handbacks, 4 counters
-- ARGV: 1 "ready", "delayed", or "end" for those of ready that are next, 2 time in ms, 3 where the window begins,
--       4 entries in it, 5 id of the last entry that was seen and is still there, or "", 6 "1" to throw away
-- Answers {fresh entries in the window, entries found, bytes in the window, id of the last that was seen and is still there,
-- where the next begins}.
local where, till, from, most, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local away = ARGV[6] == '1'
-- Who only counts begins at the last one that was seen, to find it again.
local again = not away and last ~= '' and 1 or 0
most = most + again

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

local first, bytes, met = 1, 0, last == ''
for i, entry in ipairs(window) do
  bytes = bytes + #entry
  if not met and string.sub(entry, 3, 18) == last then
    first, met = i + 1, true
  end
end
-- Who only counts leaves all where it is, so what comes before the last one was counted too, however much has joined since.
-- Entries leave at the other end: should the last one have left, so has all that was not seen.
if not met and not away then first = #window + 1 end

local found, stays = {}, {}
for i = first, #window do
  local entry = window[i]
  local is_old = #entry >= 29 and struct.unpack('<I8', entry, 22) <= till
  if is_old then found[#found + 1] = i else stays[#stays + 1] = entry end
  if not (is_old and away) then last = string.sub(entry, 3, 18) end
end

if away and #found > 0 then
  -- Redis that is full refuses a script whose first write may need memory; what takes entries out must not be refused.
  redis.call('DEL', KEYS[4] .. ':nothing')
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
local next_from = from + #window
if away then
  next_from = next_from - #found
elseif met then
  next_from = math.max(0, next_from - 1)
end
return { math.max(0, #window - again), #found, bytes, last, next_from }
