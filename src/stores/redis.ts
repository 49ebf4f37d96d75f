/** Tokens in Redis or Valkey, for any number of processes and hosts (rule T-18). */
import { StoreError } from "../errors.ts";
import { partOf } from "../tokens/latch-key.ts";
import { shareable } from "../sharing/shareable.ts";
import type { BuiltInTokenStore, ListEntry, TokenRecord } from "../tokens/token-store.ts";
import { decodeRecord, encodeRecord, keyIn } from "./codec.ts";
import { RedisConnection } from "./redis-connection.ts";
import {
  redisStoreSettings,
  type RedisStoreOptions,
  type RedisStoreSettings,
} from "./redis-options.ts";
import { DELETE, GENERATION, GET, LEASE, RELEASE, SET } from "./redis-scripts.ts";
import { unusedSince } from "./retention.ts";
import { storeError } from "./store-error.ts";

export type { RedisClient, RedisStoreOptions } from "./redis-options.ts";

/**
 * How long Redis keeps a latch, in ms. No latch is in force for so long. Without this expiry,
 * latches for wrong user names would accumulate.
 */
const LATCH_LIFETIME = String(60 * 60_000);

/**
 * Keeps tokens in Redis or Valkey, so that any number of processes and hosts can share them (rule
 * T-18).
 *
 * A credential has three keys in one hash slot: `<prefix>{<store key>}:token` (a hash), `:latch` (a
 * hash that expires) and `:lease` (a string that expires). The store guarantees: `set` is a
 * compare-and-set, a lease has one owner and ends by the server's clock, and with `replicas` a save
 * counts only when that many replicas have it. The store is as durable as its Redis: configure
 * `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`, because a lost record
 * is a lost session.
 *
 * @example
 * ```ts
 * const redis = await createClient({ url: process.env.REDIS_URL }).connect(); // node-redis
 * const store = createRedisStore({ client: redis, replicas: 1 });
 * const petjeaf = createPetjeafClient({ clientId, clientSecret, store });
 * ```
 * @throws ConfigurationError if an option is unknown, missing or not usable. An operation of
 *   the store that fails rejects with a `StoreError` that names the Redis key, the cause and the
 *   remedy.
 */
export function createRedisStore(options: RedisStoreOptions): BuiltInTokenStore {
  return shareable(new RedisStore(redisStoreSettings(options)));
}

interface Write {
  /** The Redis key. */
  readonly name: string;
  readonly expected: number;
  readonly generation: number;
  readonly text: string;
  /** ms, as text. An empty text: the record does not expire. */
  readonly lifetime: string;
}

class RedisStore {
  readonly #settings: RedisStoreSettings;
  readonly #connection: RedisConnection;

  constructor(settings: RedisStoreSettings) {
    this.#settings = settings;
    this.#connection = new RedisConnection(settings.client);
  }

  async get(key: string): Promise<TokenRecord | undefined> {
    const name = this.#recordName(key);
    const text = textOf(await this.#connection.eval(GET, [name]));
    if (text === undefined) return undefined;
    return decodeRecord(text, key, placeOf(name), this.#settings.encryption);
  }

  async set(key: string, record: TokenRecord, expected: number): Promise<boolean> {
    const write: Write = {
      name: this.#recordName(key),
      expected,
      generation: record.generation,
      text: await encodeRecord(record, key, this.#settings.encryption),
      lifetime: this.#lifetimeOf(key, record),
    };
    return this.#settings.replicas > 0 ? this.#setReplicated(write) : set(this.#connection, write);
  }

  async delete(key: string): Promise<void> {
    const latch = this.#name(partOf(key).key, "latch");
    const isLatch = partOf(key).part === "latch";
    await this.#connection.eval(DELETE, isLatch ? [latch] : [this.#recordName(key), latch]);
  }

  async list(): Promise<ListEntry[]> {
    const { prefix } = this.#settings;
    const pattern = `${prefix.replace(/[*?[\]\\]/g, "\\$&")}{*}:token`;
    const entries = new Map<string, ListEntry>();
    for (const node of await this.#connection.masters())
      for await (const name of node.scan(prefix, pattern)) {
        const entry = entries.has(name) ? undefined : await this.#entryOf(name);
        if (entry) entries.set(name, entry);
      }
    return [...entries.values()];
  }

  async lease(key: string, owner: string, ms: number): Promise<boolean> {
    const duration = String(Math.ceil(ms));
    const taken = await this.#connection.eval(LEASE, [this.#name(key, "lease")], owner, duration);
    return Number(taken) === 1;
  }

  async release(key: string, owner: string): Promise<void> {
    await this.#connection.eval(RELEASE, [this.#name(key, "lease")], owner);
  }

  /** Saves a record, and waits until the replicas have it. */
  #setReplicated(write: Write): Promise<boolean> {
    const { name, generation } = write;
    const { replicas, replicasTimeout } = this.#settings;
    return this.#connection.exclusively(name, async (connection) => {
      if (!(await set(connection, write))) return false;
      const confirmed = await connection.wait(replicas, replicasTimeout);
      // A failover between the write and WAIT sends WAIT to another server, which may not have the
      // record at all.
      const saved = String(await connection.eval(GENERATION, [name])) === String(generation);
      if (confirmed >= replicas && saved) return true;
      throw new StoreError({
        code: "not_replicated",
        retryable: true,
        message: `The Redis key ${name} was written, but ${saved ? confirmed : 0} of ${replicas} replicas confirmed it. Check the replicas.`,
      });
    });
  }

  /**
   * The entry of a list for a record; undefined if the record is gone. An error of the record
   * becomes the entry; an error of the server ends the list.
   */
  async #entryOf(name: string): Promise<ListEntry | undefined> {
    try {
      const text = textOf(await this.#connection.eval(GET, [name]));
      if (text === undefined) return undefined;
      const key = keyIn(text);
      if (key !== undefined && this.#recordName(key) === name) return { key };
      throw storeError(
        placeOf(name),
        "damaged",
        "is damaged, and does not tell its key",
        "Inspect it, then delete it.",
      );
    } catch (error) {
      if (error instanceof StoreError && (error.code === "damaged" || error.code === "WRONGTYPE"))
        return { problem: error, path: name };
      throw error;
    }
  }

  /**
   * ms, as text. An empty text: the record does not expire. The lifetime is computed here, because
   * Redis cannot read when the tokens of an encrypted record expire. Redis counts the lifetime by
   * its own clock.
   */
  #lifetimeOf(key: string, record: TokenRecord): string {
    const { keepUnusedFor } = this.#settings;
    if (partOf(key).part === "latch") return LATCH_LIFETIME;
    if (keepUnusedFor === undefined) return "";
    const now = Date.now();
    return String(Math.ceil(unusedSince(record, now) - now + keepUnusedFor));
  }

  #recordName(key: string): string {
    return this.#name(partOf(key).key, partOf(key).part);
  }

  /** The braces make all keys of a credential share a hash slot. */
  #name(key: string, part: "token" | "latch" | "lease"): string {
    return `${this.#settings.prefix}{${escapeBraces(key)}}:${part}`;
  }
}

const set = async (connection: RedisConnection, write: Write): Promise<boolean> => {
  const { name, expected, generation, text, lifetime } = write;
  const values = [String(expected), String(generation), text, lifetime];
  return Number(await connection.eval(SET, [name], ...values)) === 1;
};

const placeOf = (name: string): string => `the Redis key ${name}`;

/** A client may be configured to return bytes. */
const textOf = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : (value as { toString(): string }).toString();

/**
 * Braces in a store key would change the hash tag (the part in braces that decides the hash slot).
 * The escape is reversible, so that two keys never share a name.
 */
const escapeBraces = (key: string): string =>
  key.replace(
    /[\\{}]/g,
    (character) => ({ "\\": "\\\\", "{": "\\(", "}": "\\)" })[character] ?? character,
  );
