-- Put before scripts that keep samples of counters, from which rates are told: crates/queue/src/figures.rs.

-- Adds a sample unless the latest is young. Redis that refuses writes, being full or without a disk, must tell its figures
-- all the same, so no failure in here ends the script.
local function sample(key, now, accepted, completed, failed)
  redis.pcall('DEL', key .. ':nothing')
  local last = redis.call('LINDEX', key, 0)
  if last then
    local at, a, c, f = string.match(last, '^(%d+) (%d+) (%d+) (%d+)$')
    if not at or now < tonumber(at) or accepted < tonumber(a) or completed < tonumber(c) or failed < tonumber(f) then
      -- The clock or a counter was set back: what was before says nothing any more.
      redis.pcall('DEL', key)
    elseif now - tonumber(at) < 5000 then
      return false
    end
  end
  redis.pcall('LPUSH', key, string.format('%.0f %.0f %.0f %.0f', now, accepted, completed, failed))
  redis.pcall('LTRIM', key, 0, 71)
  redis.pcall('PEXPIRE', key, 900000)
  return true
end

-- Drops what a hash knows of consumers that are gone; versions before this one end leases without doing so.
local function forget_gone(hash, leases)
  if redis.call('HLEN', hash) <= redis.call('ZCARD', leases) then return end
  for _, consumer in ipairs(redis.call('HKEYS', hash)) do
    if not redis.call('ZSCORE', leases, consumer) then redis.pcall('HDEL', hash, consumer) end
  end
end

