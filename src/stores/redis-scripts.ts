/**
 * The Lua scripts of the Redis store (rule T-18). Redis runs a script as a whole, so that no other
 * command comes between its steps.
 */

/** KEYS: the record. @returns its text, or nil */
export const GET = "return redis.call('HGET', KEYS[1], 'record')";

/** KEYS: the record. @returns its generation, or nil */
export const GENERATION = "return redis.call('HGET', KEYS[1], 'generation')";

/**
 * Compare-and-set. KEYS: the record. ARGV: the expected generation, the new generation, the text,
 * the lifetime in ms (empty: the record stays). `DEL` ends an expiry that an earlier write set.
 *
 * @returns 1 if the record was written, otherwise 0
 */
export const SET = `
if (redis.call('HGET', KEYS[1], 'generation') or '0') ~= ARGV[1] then return 0 end
if ARGV[4] == '' then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'record', ARGV[3])
if ARGV[4] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1`;

/** KEYS: any number of keys. */
export const DELETE = "return redis.call('DEL', unpack(KEYS))";

/**
 * Takes or prolongs a lease. KEYS: the lease. ARGV: the owner, the duration in ms.
 *
 * @returns 1 if the owner holds the lease now, otherwise 0
 */
export const LEASE = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

/** Ends a lease, if the owner holds it. KEYS: the lease. ARGV: the owner. */
export const RELEASE =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";
