-- Put after common.lua where messages that wait are looked at or thrown away.

-- How far a message has come. Only the head of a lane has come anywhere, or one that was replayed from the dead.
local function progress_of(lane, id, is_head)
  return is_head and redis.call('HGET', tag .. 'heads', lane)
    or any_replayed and redis.call('HGET', tag .. 'replayed', id)
    or ''
end

-- Goes through a part of a lane and tells of each message that waits: not under way, and not one whose outcome is unknown,
-- whether it is parked or to be sent again. Answers how many messages the part has.
local function each_waiting(lane, from, most, tell)
  local elements = redis.call('LRANGE', tag .. 'lane:' .. lane, from, from + most - 1)
  if #elements == 0 then return 0 end
  local ids = {}
  for i, element in ipairs(elements) do ids[i] = id_of(element) end
  local open = redis.call('HMGET', tag .. 'open', unpack(ids))
  local first = 1
  if from == 0 and (redis.call('HEXISTS', tag .. 'held', lane) == 1 or redis.call('ZSCORE', tag .. 'parked', lane)) then
    first = 2
  end
  for i = first, #elements do
    if not open[i] then tell(ids[i], elements[i], from + i - 1) end
  end
  return #elements
end

