-- Ends what a dispatcher had of lanes: each ending moves its lane, tells the fact and teaches limits and breaker.
-- ARGV: 1 consumer, 2 fewest outcomes that open a breaker, 3 seconds that it looks back, 4 first and 5 longest time that it
--       stays open in ms, 6 factor of a lowered rate, 7 lowest rate as a share of the limit, 8 limit of a number without
--       one of its own, 9 µs between messages of a pair, 10 burst of a pair, 11 how many endings, then for each:
--       lane, who holds it (consumer/reservation/cause), what ("d" done, "r" later, "p" park, "b" bury, "f" free),
--       ms to wait (-1: for ever), progress or dead letter, "1" when an echo may still come, fact or "",
--       signal for the breaker ("+", "-" or "0"), scope to slow ("p", "n", "a", "*" or ""), ms that it waits at least,
--       reason to stop the number or "", mark of the token that was refused, id
-- Answers for each 1, 0 when somebody else holds the lane by now (then nothing was done), 2 when an echo had settled it.
local least, back, open_ms, longest_ms = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local factor, floor, default_limit = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local pair_us, pair_burst = tonumber(ARGV[9]), tonumber(ARGV[10])
may_write()
local answers, facts = {}, {}
local touched, ended, completed, failed, signals = {}, {}, {}, {}, {}
local retried, echoed, released = 0, 0, 0
local echoes = redis.call('EXISTS', tag .. 'echoes') == 1
local second = math.floor(now / 1000)

local function number_key(number)
  return tag .. 'number:' .. number
end

local function look_again(number, at)
  redis.call('ZADD', tag .. 'numbers', at, number)
end

-- Failures of Meta's and all outcomes in the seconds that count.
local function outcomes(number)
  local key, fields = tag .. 'breaker:' .. number, {}
  for s = second - back + 1, second do
    fields[#fields + 1] = whole(s) .. '-'
    fields[#fields + 1] = whole(s) .. '+'
  end
  local bad, all = 0, 0
  for i, value in ipairs(redis.call('HMGET', key, unpack(fields))) do
    local n = tonumber(value) or 0
    all = all + n
    if i % 2 == 1 then bad = bad + n end
  end
  return bad, all
end

local function open_breaker(number, longer)
  local key = number_key(number)
  local ms = open_ms
  if longer then
    ms = math.min(longest_ms, 2 * (tonumber(redis.call('HGET', key, 'breaker_ms')) or open_ms))
  end
  redis.call('HSET', key, 'breaker', 'open', 'breaker_until', now + ms, 'breaker_ms', ms)
  look_again(number, (now + ms) * 1000)
  count('breaker_opened', 1)
end

local function close_breaker(number)
  redis.call('HDEL', number_key(number), 'breaker', 'breaker_until', 'breaker_ms')
  redis.call('DEL', tag .. 'breaker:' .. number)
  look_again(number, now_us)
end

local function probe_ended(number, signal)
  if redis.call('HEXISTS', number_key(number), 'breaker') == 0 then return end
  if signal == '+' then
    close_breaker(number)
  elseif signal == '-' then
    open_breaker(number, true)
  else
    -- It told nothing, so another one may go.
    redis.call('HSET', number_key(number), 'breaker', 'open', 'breaker_until', now)
    look_again(number, now_us)
  end
end

-- Lowers the rate of a number, once for all answers of one second: they were all sent at the same rate.
local function lower(number, wait)
  local key = number_key(number)
  local s = redis.call('HMGET', key, 'limit_operator', 'limit_meta', 'limit_file', 'rate', 'slowed_at', 'not_before')
  local limit = tonumber(s[1] or s[2] or s[3] or default_limit)
  if limit > 0 and now - (tonumber(s[5]) or 0) > 1000 then
    local rate = math.max(limit * floor, (tonumber(s[4]) or limit) * factor)
    redis.call('HSET', key, 'rate', rate, 'rate_at', now, 'slowed_at', now)
    count('slowed', 1)
  end
  if wait > 0 and now + wait > (tonumber(s[6]) or 0) then
    redis.call('HSET', key, 'not_before', now + wait)
  end
end

-- Lowers every number of an account, or of the partition, once a second.
local function lower_all(account, wait)
  local key = tag .. 'account:' .. account
  if wait == 0 and now - (tonumber(redis.call('HGET', key, 'slowed_at')) or 0) <= 1000 then return end
  redis.call('HSET', key, 'slowed_at', now)
  for _, number in ipairs(redis.call('SMEMBERS', tag .. 'all')) do
    if account == '*' or redis.call('HGET', number_key(number), 'account') == account then lower(number, wait) end
  end
end

local function slow(number, recipient, scope, wait)
  if scope == 'p' then
    if pair_us > 0 and wait > 0 then
      -- As at the end of a burst that is paid back by then, and not before what was owed already.
      local key = tag .. 'pair:' .. number .. '/' .. recipient
      local owed = tonumber(string.match(redis.call('GET', key) or '0', '^%d+'))
      local free = math.max(owed, now_us + wait * 1000)
      redis.call('SET', key, whole(free) .. '/0/' .. whole(pair_burst), 'PX', math.ceil((free - now_us) / 1000))
    end
    return
  end
  local account = scope == '*' and '*' or (scope == 'a' and redis.call('HGET', number_key(number), 'account'))
  if account then lower_all(account, wait) else lower(number, wait) end
end

-- What somebody has stopped by hand (no token is named then) stays so: another token must not start it.
local function stop_for(number, reason, token)
  local s = redis.call('HMGET', number_key(number), 'stopped', 'stopped_token')
  if s[1] and not s[2] then return end
  redis.call('HSET', number_key(number), 'stopped', reason, 'stopped_at', now, 'stopped_token', token)
  redis.call('ZADD', tag .. 'halted', 'NX', now, number)
end

local each, at = 13, 12
local count_of = tonumber(ARGV[11])
local all_lanes = {}
for i = 1, count_of do all_lanes[i] = ARGV[at + (i - 1) * each] end
local holders = redis.call('HMGET', tag .. 'held', unpack(all_lanes))
for i = 1, count_of do
  local lane, token, what, wait, blob = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 4]
  local doubtful, fact, signal = ARGV[at + 5] == '1', ARGV[at + 6], ARGV[at + 7]
  local scope, scope_wait, stop = ARGV[at + 8], tonumber(ARGV[at + 9]), ARGV[at + 10]
  local refused, id = ARGV[at + 11], ARGV[at + 12]
  at = at + each
  if holders[i] ~= token then
    answers[i] = 0
  else
    answers[i] = 1
    local number, priority, recipient = parts(lane)
    -- Under a token that has been changed since, nothing is wrong with the number; whoever still has the old one gets it
    -- again after a while, when he has read the new one.
    local changed = stop ~= '' and (redis.call('HGET', number_key(number), 'token') or refused) ~= refused
    if changed and (what == 'f' or what == 'r') then what, wait = 'r', math.max(wait, 2000) end
    later('HDEL', tag .. 'held', lane)
    add(touched, number, -1)
    released = released + 1
    if echoes and redis.call('HDEL', tag .. 'echoes', id) == 1 and what ~= 'd' then
      what, answers[i] = 'd', 2
      echoed = echoed + 1
    end
    if what == 'd' then
      finish(lane, id, number, priority)
      add(ended, number, -1)
      add(completed, number, 1)
    elseif what == 'b' then
      redis.call('HSET', tag .. 'dead', id, blob)
      redis.call('ZADD', tag .. 'dead:order', now, id)
      if doubtful then redis.call('SADD', tag .. 'dead:unknown', id) end
      finish(lane, id, number, priority)
      add(ended, number, -1)
      add(failed, number, 1)
    else
      if blob ~= '' then later('HSET', tag .. 'heads', lane, blob) end
      if doubtful then
        later('HSET', tag .. 'open', id, lane)
      else
        later('HDEL', tag .. 'open', id)
      end
      if what == 'p' then
        redis.call('ZADD', tag .. 'parked', wait < 0 and '+inf' or now + wait, lane)
      elseif wait > 0 then
        redis.call('ZADD', tag .. 'delayed', now + wait, lane)
        retried = retried + 1
      else
        line_up(lane, true, number, priority)
      end
    end
    if fact ~= '' then facts[#facts + 1] = fact end
    if signal ~= '0' then add(signals, number .. '|' .. signal, 1) end
    if scope ~= '' then slow(number, recipient, scope, scope_wait) end
    if stop ~= '' and not changed then
      stop_for(number, stop, refused)
    end
    if string.sub(token, -1) == 'p' then probe_ended(number, signal) end
  end
end

for name, n in pairs(signals) do
  local number, signal = string.sub(name, 1, -3), string.sub(name, -1)
  local key = tag .. 'breaker:' .. number
  redis.call('HINCRBY', key, whole(second) .. signal, n)
  redis.call('EXPIRE', key, 2 * back)
  if redis.call('HLEN', key) > 4 * back then
    for _, field in ipairs(redis.call('HKEYS', key)) do
      if tonumber(string.sub(field, 1, -2)) <= second - back then redis.call('HDEL', key, field) end
    end
  end
end
for name in pairs(signals) do
  local number = string.sub(name, 1, -3)
  if string.sub(name, -1) == '-' and redis.call('HEXISTS', number_key(number), 'breaker') == 0 then
    local bad, all = outcomes(number)
    if all >= least and 2 * bad > all then open_breaker(number, false) end
  end
end

flush()
if #facts > 0 then redis.call('LPUSH', tag .. 'facts:ready', unpack(facts)) end
local all_ended, all_completed, all_failed, any = 0, 0, 0, false
write(touched, 'in_flight')
for number, n in pairs(ended) do change_backlog(number, n) end
for number, n in pairs(completed) do took(number, n) end
write(failed, 'failed')
if released > 0 then redis.call('HINCRBY', tag .. 'holding', ARGV[1], -released) end
for number in pairs(touched) do
  any = true
  redis.call('ZADD', tag .. 'numbers', 'NX', now_us, number)
end
for _, n in pairs(ended) do all_ended = all_ended + n end
for _, n in pairs(completed) do all_completed = all_completed + n end
for _, n in pairs(failed) do all_failed = all_failed + n end
count('backlog', all_ended)
count('completed', all_completed)
count('failed', all_failed)
count('retried', retried)
count('echoed', echoed)
if any then wake() end
return answers
