-- Meta has echoed these messages, so it has them, whatever we know of the attempt.
-- ARGV: for each: id, number, fact or ""
-- Answers for each 0 nothing to do, 1 noted for the attempt under way, 2 settled, 3 raised from the dead.
local answers, settled = {}, {}
local dead = redis.call('EXISTS', tag .. 'dead:unknown') == 1
may_write()
for i = 1, #ARGV / 3 do
  local id, sender, fact = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  if fact ~= '' then redis.call('LPUSH', tag .. 'facts:ready', fact) end
  answers[i] = 0
  local lane = redis.call('HGET', tag .. 'open', id)
  local element = lane and redis.call('LINDEX', tag .. 'lane:' .. lane, 0)
  if element and id_of(element) == id then
    local number, priority = parts(lane)
    if redis.call('HEXISTS', tag .. 'held', lane) == 1 then
      redis.call('HSET', tag .. 'echoes', id, '1')
      answers[i] = 1
    else
      if redis.call('ZREM', tag .. 'parked', lane) == 0 and redis.call('ZREM', tag .. 'delayed', lane) == 0 then
        redis.call('LREM', tag .. 'ready:' .. number .. ':' .. priority, 1, lane)
      end
      finish(lane, id, number, priority)
      add(settled, number, 1)
      answers[i] = 2
    end
  elseif element then
    -- Replayed from the dead, and not its turn yet.
    redis.call('HSET', tag .. 'echoes', id, '1')
    answers[i] = 1
  elseif dead and redis.call('SREM', tag .. 'dead:unknown', id) == 1 then
    redis.call('HDEL', tag .. 'dead', id)
    redis.call('ZREM', tag .. 'dead:order', id)
    redis.call('HINCRBY', tag .. 'number:' .. sender, 'failed', -1)
    took(sender, 1)
    count('failed', -1)
    count('revived', 1)
    count('completed', 1)
    count('echoed', 1)
    answers[i] = 3
  end
end
flush()
local all = 0
for number, n in pairs(settled) do
  change_backlog(number, -n)
  took(number, n)
  all = all + n
end
count('backlog', -all)
count('completed', all)
count('echoed', all)
if all > 0 then wake() end
return answers
