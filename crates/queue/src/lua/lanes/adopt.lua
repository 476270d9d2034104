-- Takes over what lapsed dispatchers held. Whether they had sent it nobody knows.
-- ARGV: 1 consumer, 2 number of the reservation, 3 most lanes, 4 length of a lease in ms
-- Answers as a reservation does.
local consumer, reservation, left = ARGV[1], ARGV[2], tonumber(ARGV[3])
if not redis.call('ZSCORE', tag .. 'leases', consumer) then
  return { 'lapsed', -1, {} }
end
may_write()
-- When nobody has asked for long, Redis itself was away and all leases are over: first everyone gets the time to say that he
-- is alive.
local last = tonumber(redis.call('GET', tag .. 'adopted_at'))
redis.call('SET', tag .. 'adopted_at', now)
if last and now - last > ARGV[4] / 2 then redis.call('SET', tag .. 'grace', '1', 'PX', ARGV[4]) end
if redis.call('EXISTS', tag .. 'grace') == 1 then return { 'ok', 0, {} } end

local gone, any = {}, false
for _, lapsed in ipairs(redis.call('ZRANGE', tag .. 'leases', '-inf', '(' .. whole(now), 'BYSCORE', 'LIMIT', 0, 16)) do
  if lapsed ~= consumer then
    gone[lapsed], any = 0, true
  end
end
if not any then return { 'ok', 0, {} } end

local turns, taken = {}, {}
local held = redis.call('HGETALL', tag .. 'held')
for i = 1, #held, 2 do
  local lane, holder, cause = held[i], string.match(held[i + 1], '^(.*)/%d+/(%a)$')
  if gone[holder] then
    gone[holder] = gone[holder] + 1
    if left > 0 then
      left = left - 1
      gone[holder] = gone[holder] - 1
      add(taken, holder, -1)
      add(taken, consumer, 1)
      if cause == 's' or cause == 'p' then cause = 'c' end
      redis.call('HSET', tag .. 'held', lane, consumer .. '/' .. reservation .. '/' .. cause)
      local element = redis.call('LINDEX', tag .. 'lane:' .. lane, 0)
      local progress = redis.call('HGET', tag .. 'heads', lane)
        or redis.call('HGET', tag .. 'replayed', id_of(element)) or ''
      local n = #turns
      turns[n + 1], turns[n + 2], turns[n + 3], turns[n + 4] = lane, element, progress, cause
    end
  end
end
for holder, by in pairs(taken) do redis.call('HINCRBY', tag .. 'holding', holder, by) end
for lapsed, more in pairs(gone) do
  if more == 0 then
    redis.call('ZREM', tag .. 'leases', lapsed)
    redis.call('HDEL', tag .. 'calls', lapsed)
    redis.call('HDEL', tag .. 'beats', lapsed)
    redis.call('HDEL', tag .. 'holding', lapsed)
  end
end
return { 'ok', 0, turns }
