-- Dead letters, oldest first, from some place on.
-- KEYS: 1 dead, 2 dead:order
-- ARGV: 1 not before in ms, 2 before in ms or "inf", 3 ms and 4 id of the last one that was seen (id "": none),
--       5 most letters, 6 bytes that are enough
-- Answers {1 when there are more, {id, ms, letter or ""…}}.

-- Lua's own comparison of strings goes by the server's locale; Redis orders by bytes.
local function before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local rank = redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. ARGV[1])
if ARGV[4] ~= '' then
  -- The one that was seen may be gone by now, so its place is searched among those of the same millisecond.
  local low = redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. ARGV[3])
  local high = low + redis.call('ZCOUNT', KEYS[2], ARGV[3], ARGV[3])
  while low < high do
    local middle = math.floor((low + high) / 2)
    if before(ARGV[4], redis.call('ZRANGE', KEYS[2], middle, middle)[1]) then
      high = middle
    else
      low = middle + 1
    end
  end
  rank = math.max(rank, low)
end

local most, enough = tonumber(ARGV[5]), tonumber(ARGV[6])
local till = ARGV[2] == 'inf' and math.huge or tonumber(ARGV[2])
local letters, bytes = {}, 0
local found = redis.call('ZRANGE', KEYS[2], rank, rank + most, 'WITHSCORES')
for i = 1, #found, 2 do
  if tonumber(found[i + 1]) >= till then break end
  if i > 2 * most or bytes >= enough then return { 1, letters } end
  local letter = redis.call('HGET', KEYS[1], found[i]) or ''
  bytes = bytes + #letter
  letters[#letters + 1] = found[i]
  letters[#letters + 1] = found[i + 1]
  letters[#letters + 1] = letter
end
return { 0, letters }
