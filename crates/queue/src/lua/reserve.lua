-- Moves due entries from delayed to ready, then up to N entries from ready into a batch of the consumer's own.
-- KEYS: 1 ready, 2 delayed, 3 leases, 4 held, 5 paused, 6 handbacks, 7 the new batch
-- ARGV: 1 consumer, 2 name of the batch, 3 most entries, 4 stop after this many bytes
-- Answers {state, ms until the next delayed entry is due or -1, {entry…}, {handbacks of each entry…} or {}},
-- state one of "ok", "paused", "lapsed".
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A lease that has ended but was not reaped is still its owner's: see heartbeat.lua.
if not redis.call('ZSCORE', KEYS[3], ARGV[1]) then
  return { 'lapsed', -1, {}, {} }
end
if redis.call('EXISTS', KEYS[5]) == 1 then
  return { 'paused', -1, {}, {} }
end

-- Bounded, so that a thousand entries that fall due at once do not stop Redis for everyone else.
local due = redis.call('ZRANGE', KEYS[2], '-inf', now, 'BYSCORE', 'LIMIT', 0, 128)
for _, entry in ipairs(due) do
  redis.call('ZREM', KEYS[2], entry)
  redis.call('RPUSH', KEYS[1], entry)
end

-- Empty unless a consumer died lately, so this costs one HLEN in ordinary times.
local mourning = redis.call('HLEN', KEYS[6]) > 0
local function deaths(entry)
  return tonumber(redis.call('HGET', KEYS[6], string.sub(entry, 3, 18)) or 0)
end

-- A batch under this name exists already when the answer that carried it was lost: it is answered again.
local entries, bytes = {}, 0
local known = redis.call('LRANGE', KEYS[7], 0, -1)
for i = #known, 1, -1 do
  entries[#entries + 1] = known[i]
end
local most, most_bytes = tonumber(ARGV[3]), tonumber(ARGV[4])
while #known == 0 and #entries < most and bytes < most_bytes do
  -- An entry that several consumers died with may be what killed them: it travels alone, so that it cannot take
  -- its neighbours along.
  if mourning then
    local head = redis.call('LINDEX', KEYS[1], -1)
    if head and deaths(head) >= 3 then
      if #entries > 0 then break end
      most = 1
    end
  end
  local entry = redis.call('LMOVE', KEYS[1], KEYS[7], 'RIGHT', 'LEFT')
  if not entry then break end
  entries[#entries + 1] = entry
  bytes = bytes + #entry
end

local handbacks = {}
if #entries > 0 then
  redis.call('HSET', KEYS[4], ARGV[2], #entries .. ':' .. string.format('%.0f', now))
  if mourning then
    for i, entry in ipairs(entries) do
      handbacks[i] = deaths(entry)
    end
  end
end

local next_due = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local wait = -1
if next_due[2] then
  wait = math.max(0, tonumber(next_due[2]) - now)
end
return { 'ok', wait, entries, handbacks }
