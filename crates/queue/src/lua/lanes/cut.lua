-- Throws away messages that wait, each with the fact of it. Those that have moved on since they were looked at stay.
-- ARGV: 1 most messages of a lane, then for each lane: lane, place to begin at, how many, then for each: id, progress, fact
-- Answers {how many are gone, how many lanes left a ready list, then for each lane how many are gone}.
may_write()
local most, at = tonumber(ARGV[1]), 2
local facts, gone, sums, unlisted = {}, {}, {}, 0

-- The lane is empty, so it must not stand in line. Whoever clears goes through the lists from their end.
local function out_of_line(lane)
  if redis.call('ZREM', tag .. 'delayed', lane) == 1 then return end
  local number, priority = parts(lane)
  unlisted = unlisted + redis.call('LREM', tag .. 'ready:' .. number .. ':' .. priority, -1, lane)
end

while ARGV[at] do
  local lane, from, n = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local key, wanted = tag .. 'lane:' .. lane, {}
  for i = at + 3, at + 3 * n, 3 do wanted[ARGV[i]] = i end
  at = at + 3 + 3 * n
  local cut, head = 0, false
  each_waiting(lane, from, most, function(id, _, place)
    local i = wanted[id]
    if not i or progress_of(lane, id, place == 0) ~= ARGV[i + 1] then return end
    redis.call('LSET', key, place, 'gone')
    if any_replayed then later('HDEL', tag .. 'replayed', id) end
    if place == 0 then
      later('HDEL', tag .. 'heads', lane)
      head = true
    end
    facts[#facts + 1] = ARGV[i + 2]
    cut = cut + 1
  end)
  if cut > 0 then
    redis.call('LREM', key, cut, 'gone')
    add(sums, (parts(lane)), cut)
    if redis.call('EXISTS', key) == 0 then
      out_of_line(lane)
    elseif head and redis.call('ZREM', tag .. 'delayed', lane) == 1 then
      -- It waited for the message that is gone. The limit of its pair is asked again when its turn comes.
      line_up(lane, true)
    end
  end
  gone[#gone + 1] = cut
end

flush()
for first = 1, #facts, 1000 do
  redis.call('LPUSH', tag .. 'facts:ready', unpack(facts, first, math.min(first + 999, #facts)))
end
for number, n in pairs(sums) do
  change_backlog(number, -n)
  count('backlog', -n)
  count('cleared', n)
end
if #facts > 0 then wake() end
return { #facts, unlisted, unpack(gone) }
