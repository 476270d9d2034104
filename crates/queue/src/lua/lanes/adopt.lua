-- Takes over what lapsed dispatchers held. Whether they had sent it nobody knows.
-- ARGV: 1 consumer, 2 number of the reservation, 3 most lanes
-- Answers as a reservation does.
local consumer, reservation, left = ARGV[1], ARGV[2], tonumber(ARGV[3])
if not redis.call('ZSCORE', tag .. 'leases', consumer) then
  return { 'lapsed', -1, {} }
end
local turns = {}
local mine = tag .. 'flight:' .. consumer
for _, gone in ipairs(redis.call('ZRANGE', tag .. 'leases', '-inf', '(' .. whole(now), 'BYSCORE', 'LIMIT', 0, 16)) do
  if gone ~= consumer then
    local theirs = tag .. 'flight:' .. gone
    while left > 0 do
      local lane = redis.call('SPOP', theirs)
      if not lane then break end
      local cause = string.sub(redis.call('HGET', tag .. 'held', lane) or 'c', -1)
      if cause == 's' or cause == 'p' then cause = 'c' end
      redis.call('SADD', mine, lane)
      redis.call('HSET', tag .. 'held', lane, consumer .. '/' .. reservation .. '/' .. cause)
      local element = redis.call('LINDEX', tag .. 'lane:' .. lane, 0)
      local progress = redis.call('HGET', tag .. 'heads', lane)
        or redis.call('HGET', tag .. 'replayed', id_of(element)) or ''
      local n = #turns
      turns[n + 1], turns[n + 2], turns[n + 3], turns[n + 4] = lane, element, progress, cause
      left = left - 1
    end
    if redis.call('EXISTS', theirs) == 0 then redis.call('ZREM', tag .. 'leases', gone) end
  end
end
return { 'ok', 0, turns }
