-- Names of numbers.
-- ARGV: 1 "after" for those after a number in the order of ids, or "busy" for those that have a backlog; 2 number or "",
--       3 most numbers; of busy ones all are told
-- Answers {number, backlog…}; the backlog of busy ones only, else 0.
local what, number, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
-- Redis that refuses writes must answer all the same.
redis.pcall('DEL', tag .. 'nothing')
-- Older versions know only `all`.
if redis.call('SCARD', tag .. 'all') ~= redis.call('ZCARD', tag .. 'names') then
  for _, known in ipairs(redis.call('SMEMBERS', tag .. 'all')) do redis.pcall('ZADD', tag .. 'names', 0, known) end
end

local answer = {}
if what == 'after' then
  local from = number == '' and '-' or '(' .. number
  for i, id in ipairs(redis.call('ZRANGE', tag .. 'names', from, '+', 'BYLEX', 'LIMIT', 0, most)) do
    answer[2 * i - 1], answer[2 * i] = id, 0
  end
  return answer
end

local function backlog_of(id)
  return math.max(0, tonumber(redis.call('HGET', tag .. 'number:' .. id, 'backlog')) or 0)
end
local unchecked = redis.pcall('SET', tag .. 'busy:checked', '1', 'EX', 300, 'NX')
if type(unchecked) == 'table' and unchecked.ok then
  for _, known in ipairs(redis.call('ZRANGE', tag .. 'names', 0, -1)) do
    redis.pcall(backlog_of(known) > 0 and 'SADD' or 'SREM', tag .. 'busy', known)
  end
end
for i, id in ipairs(redis.call('SMEMBERS', tag .. 'busy')) do
  answer[2 * i - 1], answer[2 * i] = id, backlog_of(id)
end
return answer
