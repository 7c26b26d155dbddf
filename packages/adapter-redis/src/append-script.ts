import { type RedisScript, redisScript } from "./redis-script.ts";

/**
 * Appends events, or the end.
 *
 * KEYS: stream, lease. ARGV: lease token or "", batch, "1" when it may have been appended before, `maxEvents`, `maxAgeMs`,
 * "1" for the end; then for each event the number of its fields and values, and these.
 *
 * Answers { "OK", id, … }, { "LOST" } when the lease is another's, { "ENDED" } when there was an end without
 * a failure: after one with, there may be another, of the next writer, who appended nothing.
 *
 * Besides its own fields each entry has `p`, the id before it, which is how readers see that nothing is missing whatever
 * was evicted or lost; `n`, its batch, which is how a batch whose answer was lost is found again; `s`, the last source id.
 * The second half of an id begins at a number of the key's own, so that ids of other keys are not found here.
 */
export const appendScript: RedisScript = redisScript(`
local stream, lease = KEYS[1], KEYS[2]
local token, batch, isEnd = ARGV[1], ARGV[2], ARGV[6] == '1'
local function field(entry, name)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == name then return entry[2][i + 1] end
  end
end
if ARGV[3] == '1' then
  local ids = {}
  for _, entry in ipairs(redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1000)) do
    if field(entry, 'n') == batch then table.insert(ids, 1, entry[1]) end
  end
  if #ids > 0 then return {'OK', unpack(ids)} end
end
local tail = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
if isEnd and tail and field(tail, 'x') == '' then return {'ENDED'} end
local held = redis.call('GET', lease)
if token ~= '' and held ~= token and not (isEnd and not held) then return {'LOST'} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ms, sequence = now, 1000000000 + tonumber(string.sub(redis.sha1hex(stream), 1, 8), 16)
local previous, source = '0-0', nil
if tail then
  previous, source = tail[1], field(tail, 's')
  local tailMs, tailSequence = string.match(previous, '^(%d+)-(%d+)$')
  if tonumber(tailMs) >= ms then ms, sequence = tonumber(tailMs), tonumber(tailSequence) + 1 end
end
local reply, i = {'OK'}, 7
while ARGV[i] do
  local count = tonumber(ARGV[i])
  local id = string.format('%.0f-%.0f', ms, sequence)
  local entry = {'XADD', stream, 'MAXLEN', '~', ARGV[4], id, 'p', previous, 'n', batch}
  local own
  for j = i + 1, i + count, 2 do
    if ARGV[j] == 's' then
      own = ARGV[j + 1]
    else
      entry[#entry + 1] = ARGV[j]
      entry[#entry + 1] = ARGV[j + 1]
    end
  end
  source = own or source
  if source then
    entry[#entry + 1] = 's'
    entry[#entry + 1] = source
  end
  redis.call(unpack(entry))
  reply[#reply + 1] = id
  previous, sequence, i = id, sequence + 1, i + count + 1
end
redis.call('XTRIM', stream, 'MINID', '~', string.format('%.0f', now - tonumber(ARGV[5])))
redis.call('PEXPIRE', stream, ARGV[5])
if isEnd and token ~= '' and held == token then redis.call('DEL', lease) end
return reply
`);
