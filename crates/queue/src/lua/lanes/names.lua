-- Names of numbers in the order of ids.
-- ARGV: 1 number after which to begin, or "", 2 most numbers
-- Answers {number…}.
-- Redis that refuses writes must answer all the same.
redis.pcall('DEL', tag .. 'nothing')
-- Older versions know only `all`.
if redis.call('SCARD', tag .. 'all') ~= redis.call('ZCARD', tag .. 'names') then
  local pairs_of = {}
  for i, known in ipairs(redis.call('SMEMBERS', tag .. 'all')) do
    pairs_of[2 * i - 1], pairs_of[2 * i] = 0, known
  end
  for first = 1, #pairs_of, 4000 do
    redis.pcall('ZADD', tag .. 'names', unpack(pairs_of, first, math.min(first + 3999, #pairs_of)))
  end
end
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
return redis.call('ZRANGE', tag .. 'names', from, '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
