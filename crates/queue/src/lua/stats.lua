-- All figures of a partition, at a cost that does not grow with its depth.
-- KEYS: 1 ready, 2 held, 3 leases, 4 delayed, 5 dead, 6 counters, 7 paused
-- Answers {waiting, {batch, "entries:since"…}, {consumer, lease…}, delayed, dead, {counter, value…}, paused,
-- head of the oldest waiting entry, now in ms}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = redis.call('LINDEX', KEYS[1], -1)
return {
  redis.call('LLEN', KEYS[1]),
  redis.call('HGETALL', KEYS[2]),
  redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES'),
  redis.call('ZCARD', KEYS[4]),
  redis.call('HLEN', KEYS[5]),
  redis.call('HGETALL', KEYS[6]),
  redis.call('GET', KEYS[7]) or '',
  oldest and string.sub(oldest, 1, 29) or '',
  now,
}
