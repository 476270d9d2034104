-- Numbers that have a backlog, the largest first.
-- ARGV: 1 most numbers, 2 how many numbers to check, 3 how long a check of all holds in ms
-- Answers {1 when the first check of all is still to be ended, {number, backlog…}}.

-- Older versions do not keep `backlogs`, so it is made good, some numbers at a time: when all are through, after a while
-- it begins again. Redis that refuses writes must answer all the same.
local function check()
  local key = tag .. 'backlogs:checked'
  local state = redis.call('HMGET', key, 'cursor', 'ended')
  local ended = tonumber(state[2])
  if not state[1] and ended and now >= ended and now - ended < tonumber(ARGV[3]) then return false end
  redis.pcall('DEL', tag .. 'nothing')
  local answer = redis.call('SSCAN', tag .. 'all', state[1] or '0', 'COUNT', ARGV[2])
  local cursor, numbers, some, none = answer[1], answer[2], {}, {}
  for _, number in ipairs(numbers) do
    local backlog = tonumber(redis.call('HGET', tag .. 'number:' .. number, 'backlog')) or 0
    if backlog > 0 then
      some[#some + 1] = -backlog
      some[#some + 1] = number
    else
      none[#none + 1] = number
    end
  end
  if #some > 0 then redis.pcall('ZADD', tag .. 'backlogs', unpack(some)) end
  if #none > 0 then redis.pcall('ZREM', tag .. 'backlogs', unpack(none)) end
  if cursor == '0' then
    redis.pcall('UNLINK', tag .. 'busy', tag .. 'busy:checked')
    redis.pcall('HDEL', key, 'cursor')
    redis.pcall('HSET', key, 'ended', whole(now))
    return false
  end
  return type(redis.pcall('HSET', key, 'cursor', cursor)) == 'number' and not ended
end

local more, answer = check() and 1 or 0, {}
local most = tonumber(ARGV[1])
if most < 1 then return { more, answer } end
for i, value in ipairs(redis.call('ZRANGE', tag .. 'backlogs', 0, most - 1, 'WITHSCORES')) do
  answer[i] = i % 2 == 0 and -tonumber(value) or value
end
return { more, answer }
