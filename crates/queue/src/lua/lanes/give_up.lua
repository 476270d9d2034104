-- Makes a dead letter of a message whose outcome is unknown, because somebody says so. Its echo may still raise it.
-- ARGV: 1 id, 2 lane, 3 progress as it was read, 4 dead letter, 5 fact
-- Answers 1, 0 when it is not parked any more, 2 when it has changed since it was read.
local id, lane = ARGV[1], ARGV[2]
local element = redis.call('LINDEX', tag .. 'lane:' .. lane, 0)
if not element or id_of(element) ~= id or not redis.call('ZSCORE', tag .. 'parked', lane) then return 0 end
if progress_of(lane, id, true) ~= ARGV[3] then return 2 end
may_write()
redis.call('ZREM', tag .. 'parked', lane)
redis.call('HSET', tag .. 'dead', id, ARGV[4])
redis.call('ZADD', tag .. 'dead:order', now, id)
redis.call('SADD', tag .. 'dead:unknown', id)
local number, priority = parts(lane)
finish(lane, id, number, priority)
flush()
redis.call('LPUSH', tag .. 'facts:ready', ARGV[5])
change_backlog(number, -1)
redis.call('HINCRBY', tag .. 'number:' .. number, 'failed', 1)
count('backlog', -1)
count('failed', 1)
wake()
return 1
