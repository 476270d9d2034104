-- Puts dead letters back into the queue; one that somebody else has replayed or purged meanwhile is passed over.
-- KEYS: 1 dead, 2 dead:order, 3 ready, 4 counters
-- ARGV: for each: id, fresh entry ("" purges instead of replaying)
-- Answers how many were there.
local done, revived = 0, 0
for at = 1, #ARGV, 2 do
  if redis.call('HDEL', KEYS[1], ARGV[at]) == 1 then
    redis.call('ZREM', KEYS[2], ARGV[at])
    if ARGV[at + 1] ~= '' then
      redis.call('LPUSH', KEYS[3], ARGV[at + 1])
      revived = revived + 1
    end
    done = done + 1
  end
end
if revived > 0 then
  redis.call('HINCRBY', KEYS[4], 'failed', -revived)
  redis.call('HINCRBY', KEYS[4], 'revived', revived)
end
return done
