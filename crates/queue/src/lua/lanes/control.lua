-- Changes what is set for a number.
-- ARGV: 1 what, 2 number, then for "configure": account or "", limit or "", mark of the token; for "limit": field, limit or
--       ""; for "halt": "stopped" or "paused", note; for "release": "stopped" or "paused"
-- Answers 1 when something was changed. A number that was never seen is made known by the numbers file and by Meta only;
-- who names one by hand that nobody knows has mistaken it.
local what, number = ARGV[1], ARGV[2]
local key = tag .. 'number:' .. number
if redis.call('SISMEMBER', tag .. 'all', number) == 0 then
  if what ~= 'configure' and not (what == 'limit' and ARGV[3] == 'limit_meta' and ARGV[4] ~= '') then return 0 end
  redis.call('SADD', tag .. 'all', number)
  redis.call('ZADD', tag .. 'names', 0, number)
end

local function set(field, value)
  if (redis.call('HGET', key, field) or '') == value then return 0 end
  if value == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, value) end
  return 1
end

local function start()
  return redis.call('HDEL', key, 'stopped', 'stopped_at', 'stopped_token') > 0 and 1 or 0
end

local changed = 0
if what == 'configure' then
  changed = set('account', ARGV[3]) + set('limit_file', ARGV[4]) + set('token', ARGV[5])
  local s = redis.call('HMGET', key, 'stopped', 'stopped_token')
  -- Somebody who changed the token has mended what was wrong with the old one. What was stopped by hand has nothing to do
  -- with a token.
  if s[1] and s[2] and s[2] ~= ARGV[5] then changed = changed + start() end
elseif what == 'limit' then
  changed = set(ARGV[3], ARGV[4])
  if ARGV[4] == '' and changed > 0 then redis.call('HDEL', key, 'not_before') end
elseif what == 'halt' then
  local s = redis.call('HMGET', key, ARGV[3], 'stopped_token')
  if not s[1] or (ARGV[3] == 'stopped' and s[2]) then
    if ARGV[3] == 'stopped' then start() end
    changed = set(ARGV[3], ARGV[4])
  end
elseif what == 'release' then
  if ARGV[3] == 'stopped' then changed = start() else changed = redis.call('HDEL', key, ARGV[3]) end
  -- Who lets a number go means now. One that was not held may have to wait for Meta.
  if changed > 0 then redis.call('HDEL', key, 'not_before') end
end
local halts = redis.call('HMGET', key, 'stopped', 'paused')
if halts[1] or halts[2] then
  redis.call('ZADD', tag .. 'halted', 'NX', now, number)
else
  redis.call('ZREM', tag .. 'halted', number)
end
if changed > 0 then
  redis.call('ZADD', tag .. 'numbers', now_us, number)
  wake()
end
return changed > 0 and 1 or 0
