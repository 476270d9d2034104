-- All figures of a partition, at a cost that grows neither with its depth nor with its lanes.
-- Answers {{counter, value…}, {consumer, lease…}, {consumer, heard of at…}, {consumer, heads…}, {held, delayed, parked,
-- scheduled, dead}, paused, {now in ms, accepted, completed, failed}, {sample…}, {time of receipt of a head that waits…}}.
local c = redis.call('HMGET', tag .. 'counters', 'accepted', 'completed', 'failed', 'revived')
for i = 1, 4 do c[i] = tonumber(c[i]) or 0 end
if sample(tag .. 'samples', now, c[1], c[2], c[3] + c[4]) then
  forget_gone(tag .. 'beats', tag .. 'leases')
  forget_gone(tag .. 'holding', tag .. 'leases')
end

-- Looking for the oldest message would mean looking at all. The numbers whose turn comes next and those that are halted
-- longest, and of each the lanes that come next, have it nearly always.
local waiting = {}
local function look_at(number)
  for _, priority in ipairs({ 'h', 'n', 'l' }) do
    local lane = redis.call('LINDEX', tag .. 'ready:' .. number .. ':' .. priority, 0)
    local element = lane and redis.call('LINDEX', tag .. 'lane:' .. lane, 0)
    if element then waiting[#waiting + 1] = string.sub(element, 32, 39) end
  end
end
for _, number in ipairs(redis.call('ZRANGE', tag .. 'numbers', 0, 7)) do look_at(number) end
for _, number in ipairs(redis.call('ZRANGE', tag .. 'halted', 0, 7)) do look_at(number) end

return {
  redis.call('HGETALL', tag .. 'counters'),
  redis.call('ZRANGE', tag .. 'leases', 0, -1, 'WITHSCORES'),
  redis.call('HGETALL', tag .. 'beats'),
  redis.call('HGETALL', tag .. 'holding'),
  {
    redis.call('HLEN', tag .. 'held'),
    redis.call('ZCARD', tag .. 'delayed'),
    redis.call('ZCARD', tag .. 'parked'),
    redis.call('ZCARD', tag .. 'scheduled'),
    redis.call('HLEN', tag .. 'dead'),
  },
  redis.call('GET', tag .. 'paused') or '',
  { now, c[1], c[2], c[3] + c[4] },
  redis.call('LRANGE', tag .. 'samples', 0, -1),
  waiting,
}
