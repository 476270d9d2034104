-- Puts a dead letter back at the end of its lane with fresh attempts.
-- ARGV: 1 id, 2 lane, 3 element, 4 progress, 5 fact
-- Answers 1, or 0 when it was not there (any more).
local id, lane = ARGV[1], ARGV[2]
may_write()
if redis.call('HDEL', tag .. 'dead', id) == 0 then return 0 end
redis.call('ZREM', tag .. 'dead:order', id)
local doubtful = redis.call('SREM', tag .. 'dead:unknown', id) == 1
redis.call('HSET', tag .. 'replayed', id, ARGV[4])
-- Its echo may still come.
if doubtful then redis.call('HSET', tag .. 'open', id, lane) end
append(lane, ARGV[3])
flush()
local number = parts(lane)
change_backlog(number, 1)
redis.call('HINCRBY', tag .. 'number:' .. number, 'failed', -1)
count('backlog', 1)
count('failed', -1)
count('revived', 1)
wake()
redis.call('LPUSH', tag .. 'facts:ready', ARGV[5])
return 1
