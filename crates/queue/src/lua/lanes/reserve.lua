-- Leases lane heads that may go now: those of numbers that are not stopped, paused, broken or out of tokens, of pairs that
-- have a token, in the order of rotation (numbers), weight (priorities) and turn (lanes).
-- ARGV: 1 consumer, 2 number of the reservation, 3 "1" when the answer to an earlier try with that number was lost,
--       4 most heads, 5 most heads of a number in flight, 6 limit of a number without one of its own, a second (0: none),
--       7 burst, as a share of a second's messages, 8 µs between messages of a pair (0: no limit), 9 burst of a pair,
--       10 share of the limit that a lowered rate climbs a second, 11 how long a probe may take in ms,
--       12 limit of an account, a second (0: none), 13 number of this call
-- Answers {state, µs until something may be due or -1, {lane, element, progress, cause…}, {waits for the limit of a number,
-- of a pair, of an account}}, state one of "ok", "paused", "lapsed"; cause one of "s" send, "p" probe, "x" expired, "z" expired
-- while stopped, "o" overdue, "c" crashed. Messages that wait behind another one that waits are not counted.
local consumer, reservation, most = ARGV[1], ARGV[2], tonumber(ARGV[4])
local cap, default_limit, burst_share = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local pair_us, pair_burst = tonumber(ARGV[8]), tonumber(ARGV[9])
local climb, probe_ms, account_limit = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local EACH, SCAN = 8, 4 * most + 64
-- How many turns one turn of a priority costs: high to normal to low as 16 to 4 to 1.
local STRIDE = { h = 1, n = 4, l = 16 }

if not redis.call('ZSCORE', tag .. 'leases', consumer) then
  return { 'lapsed', -1, {}, {} }
end
may_write()
-- A call that was given up may still lie in a socket and run after the next one; nobody would hear what it leased.
if tonumber(redis.call('HGET', tag .. 'calls', consumer) or 0) > tonumber(ARGV[13]) then
  return { 'ok', -1, {}, {} }
end
redis.call('HSET', tag .. 'calls', consumer, ARGV[13])

local turns, lanes, in_flight, leased = {}, {}, {}, 0

local function hand_out(lane, element, cause)
  local n = #turns
  lanes[#lanes + 1] = lane
  turns[n + 1], turns[n + 2], turns[n + 3], turns[n + 4] = lane, element, '', cause
end

-- Adds to each turn how far it has come.
local function add_progress()
  for first = 1, #lanes, 4000 do
    local last = math.min(first + 3999, #lanes)
    for i, progress in ipairs(redis.call('HMGET', tag .. 'heads', unpack(lanes, first, last))) do
      local at = 4 * (first + i - 2)
      if not progress and any_replayed then
        progress = redis.call('HGET', tag .. 'replayed', id_of(turns[at + 2]))
      end
      turns[at + 3] = progress or ''
    end
  end
end

local mine = consumer .. '/' .. reservation .. '/'
local function lease(lane, element, cause, number)
  later('HSET', tag .. 'held', lane, mine .. cause)
  add(in_flight, number or (parts(lane)), 1)
  leased = leased + 1
  hand_out(lane, element, cause)
end

if ARGV[3] == '1' then
  local held = redis.call('HGETALL', tag .. 'held')
  for i = 1, #held, 2 do
    if string.sub(held[i + 1], 1, #mine) == mine then
      hand_out(held[i], redis.call('LINDEX', tag .. 'lane:' .. held[i], 0), string.sub(held[i + 1], -1))
    end
  end
  if #turns > 0 then
    add_progress()
    return { 'ok', 0, turns, {} }
  end
end

if redis.call('EXISTS', tag .. 'paused') == 1 then
  return { 'paused', -1, {}, {} }
end

-- Whose time has come. Bounded, so that much that falls due at once does not stop Redis for everyone else.
for _, id in ipairs(redis.call('ZRANGE', tag .. 'scheduled', '-inf', now, 'BYSCORE', 'LIMIT', 0, 128)) do
  redis.call('ZREM', tag .. 'scheduled', id)
  local entry = redis.call('HGET', tag .. 'scheduled:entries', id)
  redis.call('HDEL', tag .. 'scheduled:entries', id)
  local length = struct.unpack('>I4', entry)
  append(string.sub(entry, 5, 4 + length), string.sub(entry, 5 + length))
end
for _, lane in ipairs(redis.call('ZRANGE', tag .. 'delayed', '-inf', now, 'BYSCORE', 'LIMIT', 0, 128)) do
  redis.call('ZREM', tag .. 'delayed', lane)
  line_up(lane, true)
end
for _, lane in ipairs(redis.call('ZRANGE', tag .. 'parked', '-inf', now, 'BYSCORE', 'LIMIT', 0, 16)) do
  redis.call('ZREM', tag .. 'parked', lane)
  lease(lane, redis.call('LINDEX', tag .. 'lane:' .. lane, 0), 'o')
end
-- The lists are read from now on.
flush()

local function expired(element)
  local at = struct.unpack('<d', element)
  return at > 0 and at <= now
end

-- A token bucket by GCRA: the rate now, tokens that it has, and when it will have some again.
local function bucket(key, limit, rate, rate_at, tat)
  rate = tonumber(rate)
  if rate then
    rate = rate + limit * climb * (now - tonumber(rate_at)) / 1000
    if rate >= limit then
      rate = nil
      redis.call('HDEL', key, 'rate', 'rate_at')
    else
      redis.call('HSET', key, 'rate', rate, 'rate_at', now)
    end
  end
  rate = rate or limit
  local interval = 1000000 / rate
  -- A tenth is kept back: messages that leave evenly may reach Meta a little closer together.
  local burst = math.max(1, math.floor(rate * burst_share * 0.9))
  local slack = (burst - 1) * interval
  tat = math.max(tonumber(tat) or 0, now_us)
  local tokens = 0
  if tat <= now_us + slack then tokens = math.floor((now_us + slack - tat) / interval) + 1 end
  -- Waiting for single tokens at a high rate would mean asking all the time.
  local some = math.max(1, math.min(burst, math.floor(rate * 0.004)))
  return {
    key = key, tokens = tokens, used = 0, interval = interval, tat = tat,
    again = function(self) return self.tat + (self.used + some - 1) * interval - slack end,
  }
end

-- One for all numbers of an account that are looked at now.
local accounts = {}
local function account_bucket(name)
  if not accounts[name] then
    local key = tag .. 'account:' .. name
    accounts[name] = bucket(key, account_limit, nil, nil, redis.call('HGET', key, 'tat'))
  end
  return accounts[name]
end

local function set_turn(number, at)
  redis.call('ZADD', tag .. 'numbers', at, number)
end

-- A stopped number sends nothing, but its messages still expire.
local function look_at_stopped(number)
  local any = false
  for priority in pairs(STRIDE) do
    local list = tag .. 'ready:' .. number .. ':' .. priority
    for _ = 1, math.min(32, redis.call('LLEN', list)) do
      any = true
      local lane = redis.call('LPOP', list)
      local element = redis.call('LINDEX', tag .. 'lane:' .. lane, 0)
      if expired(element) then
        lease(lane, element, 'z', number)
      else
        redis.call('RPUSH', list, lane)
      end
    end
  end
  if any then set_turn(number, now_us + 5000000) else redis.call('ZREM', tag .. 'numbers', number) end
end

-- What a number may do now; nil when nothing.
local function look_at(number)
  local key = tag .. 'number:' .. number
  local s = redis.call('HMGET', key, 'limit_operator', 'limit_meta', 'limit_file', 'rate', 'rate_at', 'tat', 'stopped',
    'paused', 'breaker', 'breaker_until', 'in_flight', 'account', 'turn', 'turn_h', 'turn_n', 'turn_l', 'not_before')
  if s[7] then return look_at_stopped(number) end
  if s[8] then
    redis.call('ZREM', tag .. 'numbers', number)
    return nil
  end
  local not_before = tonumber(s[17]) or 0
  if now < not_before then
    set_turn(number, not_before * 1000)
    return nil
  end
  local n = { number = number, key = key, used = 0, buckets = {}, cause = 's', dirty = false }
  n.allowed = cap - (tonumber(s[11]) or 0)
  if s[9] then
    local again = tonumber(s[10])
    if now < again then
      set_turn(number, again * 1000)
      return nil
    end
    n.cause, n.allowed = 'p', math.min(n.allowed, 1)
  end
  local limit = tonumber(s[1] or s[2] or s[3] or default_limit)
  if limit > 0 then n.buckets[1] = bucket(key, limit, s[4], s[5], s[6]) end
  if s[12] and account_limit > 0 then
    n.buckets[#n.buckets + 1] = account_bucket(s[12])
  end
  n.turn = tonumber(s[13]) or 0
  n.turns = { h = tonumber(s[14]) or 0, n = tonumber(s[15]) or 0, l = tonumber(s[16]) or 0 }
  n.left = { h = true, n = true, l = true }
  return n
end

-- Whether it may have one more.
local function may(n)
  if n.used >= n.allowed then return false end
  for _, b in ipairs(n.buckets) do
    if b.used >= b.tokens then return false end
  end
  return true
end

-- The next lane in line, by the weights; nil when there is none.
local function next_lane(n)
  while true do
    local best
    for priority in pairs(n.left) do
      -- Who had nothing to send for a while gets no more than its share afterwards.
      local turn = math.max(n.turns[priority], n.turn - 16)
      if not best or turn < best.turn or (turn == best.turn and STRIDE[priority] < STRIDE[best.priority]) then
        best = { priority = priority, turn = turn }
      end
    end
    if not best then return nil end
    local lane = redis.call('LPOP', tag .. 'ready:' .. n.number .. ':' .. best.priority)
    if lane then
      n.turn = best.turn
      n.turns[best.priority] = best.turn + STRIDE[best.priority]
      n.dirty = true
      return lane
    end
    n.left[best.priority] = nil
  end
end

local waits = { number = 0, pair = 0, account = 0 }

-- Whether the pair may have one more; counts it. Else the lane waits aside until it may. As Meta counts: a burst lasts as
-- long as one message is paid for, and after it nothing goes until all of it is paid back. Our clock is not Meta's, so a
-- burst ends a little earlier here and the next one begins a little later.
local function take_pair(lane, element)
  if pair_us <= 0 or string.sub(element, 10, 10) ~= 'p' then return true end
  local number, _, recipient = parts(lane)
  local key = tag .. 'pair:' .. number .. '/' .. recipient
  local free, began, burst = string.match(redis.call('GET', key) or '0/0/0', '^(%d+)/(%d+)/(%d+)$')
  free, began, burst = tonumber(free), tonumber(began), tonumber(burst)
  if now_us >= free then
    free, began, burst = now_us + math.min(100000, pair_us / 10), now_us, 0
  elseif burst >= pair_burst or now_us > began + pair_us * 0.75 then
    redis.call('ZADD', tag .. 'delayed', math.ceil(free / 1000), lane)
    waits.pair = waits.pair + 1
    return false
  end
  free = free + pair_us
  local value = whole(free) .. '/' .. whole(began) .. '/' .. whole(burst + 1)
  redis.call('SET', key, value, 'PX', math.ceil((free - now_us) / 1000))
  return true
end

local scanned, early = 0, {}
local any_echoes = redis.call('EXISTS', tag .. 'echoes') == 1
local function take_one(n)
  local lane = next_lane(n)
  if not lane then return false end
  scanned = scanned + 1
  local element = redis.call('LINDEX', tag .. 'lane:' .. lane, 0)
  if any_echoes and redis.call('HDEL', tag .. 'echoes', id_of(element)) == 1 then
    -- Meta has had it all along: its echo came while it waited behind others.
    local _, priority = parts(lane)
    finish(lane, id_of(element), n.number, priority)
    add(early, n.number, 1)
  elseif expired(element) then
    lease(lane, element, 'x', n.number)
  elseif take_pair(lane, element) then
    later('HSET', tag .. 'open', id_of(element), lane)
    lease(lane, element, n.cause, n.number)
    n.used = n.used + 1
    for _, b in ipairs(n.buckets) do b.used = b.used + 1 end
  end
  return true
end

-- Of a bucket that ran dry with the last message nobody has to wait.
local function waits_for_tokens(n)
  local ready = tag .. 'ready:' .. n.number
  return redis.call('EXISTS', ready .. ':h', ready .. ':n', ready .. ':l') > 0
end

local function leave(n, place)
  -- Who was served stands behind who was not.
  if n.used > 0 then place = place + 64 end
  for _, b in ipairs(n.buckets) do
    if b.used > 0 then redis.call('HSET', b.key, 'tat', whole(b.tat + b.used * b.interval)) end
  end
  if n.dirty then
    redis.call('HSET', n.key, 'turn', n.turn, 'turn_h', n.turns.h, 'turn_n', n.turns.n, 'turn_l', n.turns.l)
  end
  if n.cause == 'p' and n.used > 0 then
    -- Should the probe never be settled, another one goes after this time.
    redis.call('HSET', n.key, 'breaker', 'probing', 'breaker_until', now + probe_ms)
    return set_turn(n.number, (now + probe_ms) * 1000)
  end
  if not next(n.left) then return redis.call('ZREM', tag .. 'numbers', n.number) end
  if may(n) then return set_turn(n.number, now_us + place) end
  local again = 0
  for _, b in ipairs(n.buckets) do
    if b.used >= b.tokens then again = math.max(again, b:again()) end
  end
  if again > 0 then
    if waits_for_tokens(n) then
      for _, b in ipairs(n.buckets) do
        local limit = b.key == n.key and 'number' or 'account'
        if b.used >= b.tokens then waits[limit] = waits[limit] + 1 end
      end
    end
    return set_turn(n.number, again + place)
  end
  -- As much in flight as may be: the next settlement puts it back.
  redis.call('ZREM', tag .. 'numbers', n.number)
end

local open = {}
for _, number in ipairs(redis.call('ZRANGE', tag .. 'numbers', '-inf', now_us, 'BYSCORE', 'LIMIT', 0, 64)) do
  open[#open + 1] = look_at(number)
end
local going = {}
for i, n in ipairs(open) do going[i] = n end
while #going > 0 and #turns < 4 * most and scanned < SCAN do
  local still = {}
  for _, n in ipairs(going) do
    local more = true
    for _ = 1, EACH do
      if not may(n) or #turns >= 4 * most or scanned >= SCAN then break end
      more = take_one(n)
      if not more then break end
    end
    if more and may(n) then still[#still + 1] = n end
  end
  going = still
end
for i, n in ipairs(open) do leave(n, i) end
flush()
write(in_flight, 'in_flight')
if leased > 0 then redis.call('HINCRBY', tag .. 'holding', consumer, leased) end
for number, by in pairs(early) do
  change_backlog(number, -by)
  took(number, by)
  count('backlog', -by)
  count('completed', by)
  count('echoed', by)
end
add_progress()

local again = -1
local function due(at)
  if at and (again < 0 or at < again) then again = at end
end
local function first(name, unit)
  local found = redis.call('ZRANGE', tag .. name, 0, 0, 'WITHSCORES')
  if found[2] and found[2] ~= 'inf' then due(math.max(0, tonumber(found[2]) * unit - now_us)) end
end
first('numbers', 1)
first('delayed', 1000)
first('parked', 1000)
first('scheduled', 1000)
if again < 0 or again > 1000 then
  redis.call('DEL', tag .. 'wake')
elseif #turns > 0 then
  wake()
end
return { 'ok', again < 0 and -1 or math.ceil(again), turns, { waits.number, waits.pair, waits.account } }
