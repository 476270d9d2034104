-- What is known of numbers.
-- ARGV: 1 how many fields are wanted, then those, then the numbers
-- Answers for each {number, messages that Meta took in a second of the last minute, value of each field or ""}.
local fields = {}
for i = 1, tonumber(ARGV[1]) do fields[i] = ARGV[i + 1] end
local slot = math.floor(now / 5000)
local seconds = now / 1000 - 5 * (slot - 11)

local function rate(id)
  local sent, sum = redis.call('HGETALL', tag .. 'sent:' .. id), 0
  for i = 1, #sent, 2 do
    if tonumber(sent[i]) >= slot - 11 then sum = sum + tonumber(sent[i + 1]) end
  end
  return string.format('%.6f', sum / seconds)
end

local answers = {}
for i = #fields + 2, #ARGV do
  local id = ARGV[i]
  local answer = { id, rate(id) }
  for j, value in ipairs(redis.call('HMGET', tag .. 'number:' .. id, unpack(fields))) do answer[j + 2] = value or '' end
  answers[#answers + 1] = answer
end
return answers
