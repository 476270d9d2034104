-- Changes what is set for a number.
-- ARGV: 1 what, 2 number, then for "configure": account or "", limit or "", mark of the token; for "limit": field, limit or
--       ""; for "set": field, value or "" to take it away
-- Answers 1 when something was changed.
local what, number = ARGV[1], ARGV[2]
local key = tag .. 'number:' .. number
redis.call('SADD', tag .. 'all', number)

local function set(field, value)
  if (redis.call('HGET', key, field) or '') == value then return 0 end
  if value == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, value) end
  return 1
end

local changed
if what == 'configure' then
  changed = set('account', ARGV[3]) + set('limit_file', ARGV[4]) + set('token', ARGV[5])
  local s = redis.call('HMGET', key, 'stopped', 'stopped_token')
  -- Somebody who changed the token has mended what was wrong with the old one.
  if s[1] and s[2] and s[2] ~= ARGV[5] then
    redis.call('HDEL', key, 'stopped', 'stopped_at', 'stopped_token')
    changed = changed + 1
  end
else
  -- What somebody sets by hand has nothing to do with a token, and who lets a number go means now.
  if ARGV[3] == 'stopped' then redis.call('HDEL', key, 'stopped_at', 'stopped_token') end
  if ARGV[4] == '' then redis.call('HDEL', key, 'not_before') end
  changed = set(ARGV[3], ARGV[4])
end
if changed > 0 then
  redis.call('ZADD', tag .. 'numbers', now_us, number)
  wake()
end
return changed > 0 and 1 or 0
