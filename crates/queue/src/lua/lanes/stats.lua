-- All figures of a partition, at a cost that does not grow with its depth.
-- Answers {{counter, value…}, {consumer, lease…}, held, delayed, parked, scheduled, dead, paused, now in ms, numbers}.
return {
  redis.call('HGETALL', tag .. 'counters'),
  redis.call('ZRANGE', tag .. 'leases', 0, -1, 'WITHSCORES'),
  redis.call('HLEN', tag .. 'held'),
  redis.call('ZCARD', tag .. 'delayed'),
  redis.call('ZCARD', tag .. 'parked'),
  redis.call('ZCARD', tag .. 'scheduled'),
  redis.call('HLEN', tag .. 'dead'),
  redis.call('GET', tag .. 'paused') or '',
  now,
  redis.call('SCARD', tag .. 'all'),
}
