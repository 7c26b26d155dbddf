import { type RedisScript, redisScript } from "./redis-script.ts";

/**
 * Asks for the lease of a log.
 *
 * KEYS: stream, lease, fence. ARGV: owner, `leaseMs`, `maxAgeMs`, the id of the failure that was there when the asking
 * began, "?" at its first time.
 *
 * Answers { "LEAD", token, id of a failure or "" }, { "WAIT", ms, id of a failure or "" }, { "COMPLETED" } or { "FAILED" }.
 */
export const acquireScript: RedisScript = redisScript(`
local tail = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local failure = ''
if tail then
  for i = 1, #tail[2], 2 do
    if tail[2][i] == 'x' then
      if tail[2][i + 1] == '' then return {'COMPLETED'} end
      failure = tail[1]
    end
  end
end
if failure ~= '' and ARGV[4] ~= '?' and ARGV[4] ~= failure then return {'FAILED'} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'WAIT', redis.call('PTTL', KEYS[2]), failure} end
local token = redis.call('INCR', KEYS[3]) .. ':' .. ARGV[1]
redis.call('PEXPIRE', KEYS[3], math.max(tonumber(ARGV[2]), tonumber(ARGV[3])) * 2)
redis.call('SET', KEYS[2], token, 'NX', 'PX', ARGV[2])
return {'LEAD', token, failure}
`);

/** Goes on holding a lease, and keeps the log. KEYS: stream, lease. ARGV: token, `leaseMs`, `maxAgeMs`. Answers 1, or 0 when it is lost. */
export const renewScript: RedisScript = redisScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`);

/** Gives a lease back, if it is still ours. KEYS: lease. ARGV: token. */
export const releaseScript: RedisScript = redisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);
