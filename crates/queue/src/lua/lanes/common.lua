-- Put before every script of the lanes. KEYS: 1 what all keys of the partition begin with; the scripts build every name
-- from it, because only Redis knows which lanes and numbers there are. crates/queue/src/keys.rs lists them all.
--
-- An element of a lane is a head of ten bytes and the entry: expiry in ms (a double, 0 for none), the letter of the policy,
-- "p" when the limit of a pair applies; the entry holds the message's id in its bytes 3 to 18.
local tag = KEYS[1]
local clock = redis.call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now = math.floor(now_us / 1000)

local function id_of(element)
  return string.sub(element, 13, 28)
end

local function parts(lane)
  return string.match(lane, '^([^|]*)|(%a)|(.*)$')
end

-- Concatenation would round a number this large.
local function whole(number)
  return string.format('%.0f', number)
end

-- Redis that is full refuses a script whose first write may need memory, and lets everything else pass. What takes messages
-- out must not be refused, or they would never get out.
local function may_write()
  redis.call('DEL', tag .. 'nothing')
end

-- Somebody may have work. The token stays until a reservation finds nothing to do.
local function wake()
  if redis.call('LLEN', tag .. 'wake') == 0 then
    redis.call('LPUSH', tag .. 'wake', '1')
  end
end

-- What is to be written at the end, with one command for many: what costs in a script is the number of commands.
local writes, order = {}, {}
local function later(command, key, ...)
  local name = command .. ' ' .. key
  local w = writes[name]
  if not w then
    w = { command = command, key = key, n = 0 }
    writes[name] = w
    order[#order + 1] = w
  end
  for i = 1, select('#', ...) do
    w[w.n + i] = (select(i, ...))
  end
  w.n = w.n + select('#', ...)
end

local lined_up = {}
local function flush()
  for _, w in ipairs(order) do
    -- Lua's stack bounds the arguments of a command; an even number keeps pairs together.
    for first = 1, w.n, 4000 do
      redis.call(w.command, w.key, unpack(w, first, math.min(first + 3999, w.n)))
    end
  end
  writes, order = {}, {}
  for number in pairs(lined_up) do
    redis.call('ZADD', tag .. 'numbers', 'NX', now_us, number)
  end
  lined_up = {}
end

-- Puts a lane in line, first or last, and its number into the rotation unless it is there, perhaps waiting. Takes effect
-- with the next flush.
local function line_up(lane, first, number, priority)
  if not number then number, priority = parts(lane) end
  later(first and 'LPUSH' or 'RPUSH', tag .. 'ready:' .. number .. ':' .. priority, lane)
  lined_up[number] = true
end

-- Appends a message to its lane.
local function append(lane, element, number, priority)
  if redis.call('RPUSH', tag .. 'lane:' .. lane, element) == 1 then
    line_up(lane, false, number, priority)
  end
end

-- Takes the head off a lane for good; the next one gets in line.
local any_replayed = redis.call('EXISTS', tag .. 'replayed') == 1
local function finish(lane, id, number, priority)
  redis.call('LPOP', tag .. 'lane:' .. lane)
  later('HDEL', tag .. 'heads', lane)
  later('HDEL', tag .. 'open', id)
  if any_replayed then later('HDEL', tag .. 'replayed', id) end
  if redis.call('EXISTS', tag .. 'lane:' .. lane) == 1 then
    line_up(lane, false, number, priority)
  end
end

local function add(sums, name, by)
  sums[name] = (sums[name] or 0) + by
end

-- Writes sums by number into a field of their hashes.
local function write(sums, field)
  for number, by in pairs(sums) do
    if by ~= 0 then redis.call('HINCRBY', tag .. 'number:' .. number, field, by) end
  end
end

-- Changes the backlog of a number; `backlogs` has the numbers that have one.
local function change_backlog(number, by)
  if by == 0 then return end
  local left = redis.call('HINCRBY', tag .. 'number:' .. number, 'backlog', by)
  if left <= 0 then
    redis.call('ZREM', tag .. 'backlogs', number)
  else
    redis.call('ZADD', tag .. 'backlogs', -left, number)
  end
end

-- Meta has so many messages more of a number.
local function took(number, n)
  redis.call('HINCRBY', tag .. 'number:' .. number, 'completed', n)
  local key, slot = tag .. 'sent:' .. number, math.floor(now / 5000)
  if redis.call('HINCRBY', key, whole(slot), n) > n then return end
  redis.call('EXPIRE', key, 120)
  if redis.call('HLEN', key) > 16 then
    for _, old in ipairs(redis.call('HKEYS', key)) do
      if tonumber(old) < slot - 12 then redis.call('HDEL', key, old) end
    end
  end
end

local function count(field, by)
  if by ~= 0 then redis.call('HINCRBY', tag .. 'counters', field, by) end
end
