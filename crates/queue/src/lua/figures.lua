-- Put before scripts that need the counters of a queue.

-- Entries that ever came in, that were done, and that were given up, whatever became of those later. Producers count
-- nothing, so what came in is what is there and what has left.
local function figures(ready, held, delayed, counters)
  local there = redis.call('LLEN', ready) + redis.call('ZCARD', delayed)
  for _, value in ipairs(redis.call('HVALS', held)) do
    there = there + tonumber(string.match(value, '^%d+'))
  end
  local c = redis.call('HMGET', counters, 'completed', 'failed', 'revived', 'cleared', 'cut')
  for i = 1, 5 do c[i] = tonumber(c[i]) or 0 end
  return math.max(0, there + c[1] + c[2] + c[4] - c[5]), c[1], c[2] + c[3]
end

