/** Tokens in Redis or Valkey, for any number of processes and hosts (rule T-18). */
import { shareable } from "../sharing/shareable.ts";
import { ConfigurationError, StoreError } from "../errors.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import {
  decodeRecord,
  encodeRecord,
  encryptionOf,
  keyIn,
  storeFault,
  type Encryption,
} from "./codec.ts";
import { endOf, keepUnusedForOf, type Keeping } from "./keeping.ts";
import { partOf } from "../tokens/latch-key.ts";
import type { BuiltInTokenStore, ListEntry, TokenRecord } from "../tokens/token-store.ts";

/**
 * A connected client of node-redis (4 or newer) or ioredis (5 or newer): standalone, Sentinel or
 * Cluster. Closing it is yours.
 */
export interface RedisClient {
  readonly eval: (...args: never[]) => Promise<unknown>;
}

export interface RedisStoreOptions extends Partial<Encryption>, Keeping {
  readonly client: RedisClient;
  /** What every key begins with; `corrigenda:` by default. */
  readonly prefix?: string;
  /**
   * Replicas that must confirm each token before it counts as saved, by WAIT, so that a failover
   * does not lose it; none by default. Not with Cluster.
   */
  readonly replicas?: number;
  /** ms that the replicas may take; 1000 by default. */
  readonly replicasTimeout?: number;
}

const OPTIONS = namesOf<RedisStoreOptions>({
  client: true,
  prefix: true,
  replicas: true,
  replicasTimeout: true,
  keepUnusedFor: true,
  seal: true,
  open: true,
});

/** What both kinds of client have, as far as it is used. */
interface AnyClient {
  readonly defineCommand?: unknown;
  readonly options?: { readonly keyPrefix?: string };
  eval(script: string, ...rest: unknown[]): Promise<unknown>;
  scan(cursor: string, ...rest: unknown[]): Promise<unknown>;
  wait?(replicas: number, ms: number): Promise<unknown>;
  /** A pool of node-redis: runs all of a task on one connection. */
  execute?<T>(task: (client: AnyClient) => Promise<T>): Promise<T>;
  /** Sentinel of node-redis: the same. */
  use?<T>(task: (client: AnyClient) => Promise<T>): Promise<T>;
  /** ioredis Cluster. */
  nodes?(role: "master"): AnyClient[];
  /** node-redis Cluster. */
  readonly masters?: readonly unknown[];
  nodeClient?(node: unknown): AnyClient | Promise<AnyClient>;
}

const GET = "return redis.call('HGET', KEYS[1], 'record')";
const GENERATION = "return redis.call('HGET', KEYS[1], 'generation')";
/** The deletion ends an expiry that an earlier write gave the key. */
const SET = `
if (redis.call('HGET', KEYS[1], 'generation') or '0') ~= ARGV[1] then return 0 end
if ARGV[4] == '' then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'record', ARGV[3])
if ARGV[4] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1`;
const DELETE = "return redis.call('DEL', unpack(KEYS))";
const LEASE = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;
/** ms. Longer than anything latches, so that user names which somebody tried do not pile up. */
const LATCH_LIFETIME = String(60 * 60_000);
const RELEASE =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/**
 * Three keys a credential, `<prefix>{<store key>}:token` (a hash), `:latch` (a hash that expires)
 * and `:lease` (a string that expires), in one hash slot.
 * @throws ConfigurationError
 */
export function createRedisStore(options: RedisStoreOptions): BuiltInTokenStore {
  const wrong = (option: string, what: string): never => {
    throw new ConfigurationError({ option, message: `Option \`${option}\` ${what}` });
  };
  const client = (options as RedisStoreOptions | undefined)?.client as unknown as
    AnyClient | undefined;
  if (typeof client?.eval !== "function")
    return wrong("client", "must be a client of node-redis or ioredis.");
  const { prefix = "corrigenda:", replicas = 0, replicasTimeout = 1000 } = options;
  const encryption = encryptionOf(options);
  requireKnown(options, OPTIONS);
  const keep = keepUnusedForOf(options);
  if (typeof prefix !== "string" || /[{}]/.test(prefix))
    return wrong("prefix", "must be a text without braces, which decide the hash slot.");
  if (client.options?.keyPrefix)
    return wrong(
      "client",
      "has a `keyPrefix` of its own, with which keys cannot be listed. Give `prefix` instead.",
    );
  if (!Number.isInteger(replicas) || replicas < 0)
    return wrong("replicas", "must be a number of replicas.");
  if (!(typeof replicasTimeout === "number" && replicasTimeout > 0))
    return wrong("replicasTimeout", "must be a positive number of milliseconds.");
  const cluster = typeof client.nodes === "function" || Array.isArray(client.masters);
  if (replicas > 0 && cluster)
    return wrong(
      "replicas",
      "does not go with a cluster: a client of one does not say which node it wrote to.",
    );

  const isIoredis = typeof client.defineCommand === "function";
  const nameOf = (key: string, part: string): string => `${prefix}{${escape(key)}}:${part}`;
  const recordNameOf = (key: string): string => nameOf(partOf(key).key, partOf(key).part);

  /**
   * ms, as text; empty: for good. Known here, before the record is sealed; Redis counts by its own
   * clock from there.
   */
  function lifetimeOf(key: string, record: TokenRecord): string {
    if (partOf(key).part === "latch") return LATCH_LIFETIME;
    const now = Date.now();
    return keep === undefined ? "" : String(Math.ceil(endOf(record, now) - now + keep));
  }

  /**
   * Undefined: it has gone. A failure of the server is one of the list; one of the record is told
   * in it.
   */
  async function entryOf(name: string): Promise<ListEntry | undefined> {
    const place = `the Redis key ${name}`;
    try {
      const text = await call(GET, name);
      if (text === null || text === undefined) return undefined;
      const key = keyIn((text as { toString(): string }).toString());
      if (key !== undefined && recordNameOf(key) === name) return { key };
      throw storeFault(
        place,
        "damaged",
        "is damaged, and does not tell its key",
        "Look at it, then delete it.",
      );
    } catch (error) {
      if (error instanceof StoreError && (error.code === "damaged" || error.code === "WRONGTYPE"))
        return { problem: error, path: name };
      throw error;
    }
  }

  async function run<T>(place: string, command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      throw fault(place, error);
    }
  }

  const callOn = (
    client: AnyClient,
    script: string,
    keys: readonly [string, ...string[]],
    ...args: string[]
  ): Promise<unknown> =>
    run(keys[0], () =>
      isIoredis
        ? client.eval(script, keys.length, ...keys, ...args)
        : client.eval(script, { keys, arguments: args }),
    );
  const call = (script: string, key: string, ...args: string[]): Promise<unknown> =>
    callOn(client, script, [key], ...args);

  /** WAIT speaks of the writes of its own connection. */
  function onOneConnection<T>(task: (client: AnyClient) => Promise<T>): Promise<T> {
    return typeof client?.execute === "function"
      ? client.execute(task)
      : typeof client?.use === "function"
        ? client.use(task)
        : task(client!);
  }

  interface Write {
    readonly name: string;
    readonly expected: number;
    readonly generation: number;
    readonly text: string;
    /** ms; empty: for good. */ readonly lifetime: string;
  }
  const setOn = async (
    client: AnyClient,
    { name, expected, generation, text, lifetime }: Write,
  ): Promise<boolean> =>
    Number(
      await callOn(client, SET, [name], String(expected), String(generation), text, lifetime),
    ) === 1;

  async function setAndWait(write: Write): Promise<boolean> {
    const { name, generation } = write;
    return run(name, () =>
      onOneConnection(async (connection) => {
        if (!(await setOn(connection, write))) return false;
        const confirmed = Number(await connection.wait?.(replicas, replicasTimeout));
        // After a failover in between, WAIT would speak of another server, which may not have it at
        // all.
        const there = String(await callOn(connection, GENERATION, [name])) === String(generation);
        if (confirmed >= replicas && there) return true;
        throw new StoreError({
          code: "not_replicated",
          retryable: true,
          message: `The Redis key ${name} was written, but ${there ? confirmed : 0} of ${replicas} replicas confirmed it. Look at the replicas.`,
        });
      }),
    );
  }

  return shareable({
    async get(key) {
      const name = recordNameOf(key);
      const text = await call(GET, name);
      // A client may be set to give bytes.
      return text === null || text === undefined
        ? undefined
        : decodeRecord(
            (text as { toString(): string }).toString(),
            key,
            `the Redis key ${name}`,
            encryption,
          );
    },
    async set(key, record: TokenRecord, expected) {
      const { generation } = record;
      const write = {
        name: recordNameOf(key),
        expected,
        generation,
        text: await encodeRecord(record, key, encryption),
        lifetime: lifetimeOf(key, record),
      };
      return replicas > 0 ? setAndWait(write) : setOn(client, write);
    },
    async delete(key) {
      const { part } = partOf(key);
      await callOn(
        client,
        DELETE,
        part === "latch" ? [recordNameOf(key)] : [nameOf(key, part), nameOf(key, "latch")],
      );
    },
    async list() {
      const entries = new Map<string, ListEntry>(); // SCAN may tell a name more than once.
      const nodes =
        client.nodes?.("master") ??
        (client.masters
          ? await Promise.all(client.masters.map(async (node) => client.nodeClient!(node)))
          : [client]);
      for (const node of nodes)
        for await (const name of scan(node)) {
          const entry = entries.has(name) ? undefined : await entryOf(name);
          if (entry) entries.set(name, entry);
        }
      return [...entries.values()];
    },
    lease: async (key, owner, ms) =>
      Number(await call(LEASE, nameOf(key, "lease"), owner, String(Math.ceil(ms)))) === 1,
    async release(key, owner) {
      await call(RELEASE, nameOf(key, "lease"), owner);
    },
  });

  async function* scan(node: AnyClient): AsyncGenerator<string> {
    const pattern = `${prefix.replace(/[*?[\]\\]/g, "\\$&")}{*}:token`;
    for (let cursor = "0"; ;) {
      const page = await run(prefix, () =>
        isIoredis
          ? node.scan(cursor, "MATCH", pattern, "COUNT", 200)
          : node.scan(cursor, { MATCH: pattern, COUNT: 200 }),
      );
      const [next, names] = Array.isArray(page)
        ? (page as [unknown, unknown[]])
        : [(page as { cursor: unknown }).cursor, (page as { keys: unknown[] }).keys];
      yield* names.map(String);
      cursor = String(next);
      if (cursor === "0") return;
    }
  }
}

/** Braces would move the hash tag. Reversible, so that two keys never share a name. */
const escape = (key: string): string =>
  key.replace(/[\\{}]/g, (one) => ({ "\\": "\\\\", "{": "\\(", "}": "\\)" })[one] ?? one);

const FAULTS: Readonly<Record<string, readonly [what: string, cure: string]>> = {
  NOAUTH: ["needs a password", "Give the Redis client its credentials."],
  WRONGPASS: ["refused the password", "Give the Redis client the right credentials."],
  NOPERM: [
    "does not allow this user its commands",
    "Allow EVAL, HGET, HSET, GET, SET, PEXPIRE, DEL, SCAN (and WAIT) on the prefix.",
  ],
  READONLY: [
    "is a replica, which takes no writes",
    "Connect to the master, through Sentinel for instance.",
  ],
  LOADING: ["is still loading its data", "Try again soon."],
  CLUSTERDOWN: ["is a cluster that is down", "Look at the cluster."],
  MISCONF: ["cannot write to its disk", "Look at the server's log and disk."],
  OOM: ["is out of memory", "Give it more, and never evict tokens: maxmemory-policy noeviction."],
  WRONGTYPE: [
    "holds something that is no token record",
    "Look at the key, and delete it or choose another `prefix`.",
  ],
  NOREPLICAS: ["has too few replicas to take a write", "Look at the replicas."],
};

/**
 * The server's own words may repeat what was sent, a token among it: only codes are handed on (rule
 * S-03).
 */
function fault(place: string, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const { message, code, name } = (typeof error === "object" && error !== null ? error : {}) as {
    message?: unknown;
    code?: unknown;
    name?: unknown;
  };
  const text = typeof message === "string" ? message : "";
  const said = text.split(/\W/).find((word) => Object.hasOwn(FAULTS, word));
  const [what, cure] = FAULTS[said ?? ""] ?? [
    "cannot be reached, or failed",
    "Look at the Redis server and the client's connection.",
  ];
  const reason =
    said ??
    [code, name].find(
      (one): one is string =>
        typeof one === "string" &&
        /^(?:E[A-Z]{2,20}|[A-Z]{2,20}(?:_[A-Z0-9]{2,20}){1,4}|[A-Z][a-zA-Z]{2,40}Error)$/.test(one),
    ) ??
    "failed";
  return storeFault(`the Redis key ${place}`, reason, what, cure);
}
