-- Starts a consumer's lease. An id that is known already is refused: ids are unique to a process start.
-- KEYS: 1 leases, 2 beats
-- ARGV: 1 consumer, 2 length of the lease in ms
-- Answers 1, or 0 when the id is taken.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('ZADD', KEYS[1], 'NX', now + ARGV[2], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', now))
return 1
