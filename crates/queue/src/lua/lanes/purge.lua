-- Throws dead letters away.
-- ARGV: ids
-- Answers how many were there.
may_write()
redis.call('ZREM', tag .. 'dead:order', unpack(ARGV))
redis.call('SREM', tag .. 'dead:unknown', unpack(ARGV))
return redis.call('HDEL', tag .. 'dead', unpack(ARGV))
