-- Takes messages into their lanes, each with its idempotency key and the fact that it was accepted.
-- ARGV: 1 most messages of a number that may wait, 2 how long an idempotency key is kept in ms, 3 how many messages, then
--       for each: number, lane, head, entry, id, time to send in ms or 0, idempotency key or "", digest of the request
-- Answers for each "1" taken, "2" taken for later, "3" key known with another digest, "4" too much waits, or "=" and the id
-- that the key stands for.
local limit, ttl = tonumber(ARGV[1]), ARGV[2]
local answers, facts, waiting, added = {}, {}, {}, {}
local at = 4

local function waits(number)
  local known = waiting[number]
  if not known then
    known = tonumber(redis.call('HGET', tag .. 'number:' .. number, 'backlog'))
    if not known then
      redis.call('SADD', tag .. 'all', number)
      redis.call('ZADD', tag .. 'names', 0, number)
      known = 0
    end
    waiting[number] = known
  end
  return known
end

for i = 1, tonumber(ARGV[3]) do
  local number, lane, head, entry, id = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local send_at, key, digest = tonumber(ARGV[at + 5]), ARGV[at + 6], ARGV[at + 7]
  at = at + 8
  local answer
  local known = key ~= '' and redis.call('GET', tag .. 'idem:' .. key)
  if known then
    answer = string.sub(known, 1, 32) == digest and '=' .. string.sub(known, 33) or '3'
  elseif waits(number) >= limit then
    answer = '4'
  else
    waiting[number] = waiting[number] + 1
    add(added, number, 1)
    if key ~= '' then
      redis.call('SET', tag .. 'idem:' .. key, digest .. id, 'PX', ttl)
    end
    if send_at > now then
      redis.call('ZADD', tag .. 'scheduled', send_at, id)
      redis.call('HSET', tag .. 'scheduled:entries', id, struct.pack('>I4', #lane) .. lane .. head .. entry)
      answer = '2'
    else
      append(lane, head .. entry, number, string.sub(lane, #number + 2, #number + 2))
      answer = '1'
    end
    facts[#facts + 1] = entry
  end
  answers[i] = answer
end

if #facts > 0 then
  flush()
  for first = 1, #facts, 1000 do
    redis.call('LPUSH', tag .. 'facts:ready', unpack(facts, first, math.min(first + 999, #facts)))
  end
  for number, n in pairs(added) do change_backlog(number, n) end
  count('backlog', #facts)
  count('accepted', #facts)
  wake()
end
return answers
