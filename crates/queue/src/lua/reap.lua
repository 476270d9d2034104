-- Hands back what lapsed consumers hold, oldest entry first in line; or, with a consumer named, what that one
-- holds. Each time is counted for an entry, but leaving in good order never counts for more than one: it says that
-- the entry's effects may exist, not that it kills.
-- KEYS: 1 leases, 2 held, 3 ready, 4 handbacks, 5 counters, 6 beats
-- ARGV: 1 prefix of the batches' keys, 2 a consumer that leaves, or "" to look for lapsed ones
-- Only Redis knows which batches there are, so their keys are built here from the prefix, which carries the same
-- hash tag as KEYS.
-- Answers how many entries were handed back.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local gone = { ARGV[2] }
local lapsed = ARGV[2] == ''
if lapsed then
  gone = redis.call('ZRANGE', KEYS[1], '-inf', '(' .. string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0, 16)
end

local moved = 0
for _, consumer in ipairs(gone) do
  for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
    if string.sub(name, 1, #consumer + 1) == consumer .. '/' then
      local batch = ARGV[1] .. name
      while true do
        local entry = redis.call('LMOVE', batch, KEYS[3], 'LEFT', 'RIGHT')
        if not entry then break end
        local id = string.sub(entry, 3, 18)
        if lapsed then
          redis.call('HINCRBY', KEYS[4], id, 1)
        else
          redis.call('HSETNX', KEYS[4], id, 1)
        end
        moved = moved + 1
      end
      redis.call('HDEL', KEYS[2], name)
    end
  end
  redis.call('ZREM', KEYS[1], consumer)
  redis.call('HDEL', KEYS[6], consumer)
end
if moved > 0 then redis.call('HINCRBY', KEYS[5], 'handed_back', moved) end
return moved
