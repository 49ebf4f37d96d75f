/** One interface over the clients of node-redis and ioredis. */
import { redisError } from "./redis-errors.ts";

/** The members of both kinds of client, as far as the store uses them. */
export interface AnyClient {
  /** ioredis only. */
  readonly defineCommand?: unknown;
  readonly options?: { readonly keyPrefix?: string };
  eval(script: string, ...rest: unknown[]): Promise<unknown>;
  scan(cursor: string, ...rest: unknown[]): Promise<unknown>;
  wait?(replicas: number, ms: number): Promise<unknown>;
  /** A pool of node-redis: runs all commands of a task on one connection. */
  execute?<T>(task: (client: AnyClient) => Promise<T>): Promise<T>;
  /** A Sentinel client of node-redis: runs all commands of a task on one connection. */
  use?<T>(task: (client: AnyClient) => Promise<T>): Promise<T>;
  /** A Cluster client of ioredis. */
  nodes?(role: "master"): AnyClient[];
  /** A Cluster client of node-redis. */
  readonly masters?: readonly unknown[];
  nodeClient?(node: unknown): AnyClient | Promise<AnyClient>;
}

export const isCluster = (client: AnyClient): boolean =>
  typeof client.nodes === "function" || Array.isArray(client.masters);

/** About how many keys each step of a SCAN examines. */
const SCAN_COUNT = 200;

export class RedisConnection {
  readonly #client: AnyClient;
  readonly #isIoredis: boolean;

  constructor(client: AnyClient, isIoredis = typeof client.defineCommand === "function") {
    this.#client = client;
    this.#isIoredis = isIoredis;
  }

  /** Runs a Lua script. @throws StoreError */
  eval(script: string, keys: readonly [string, ...string[]], ...args: string[]): Promise<unknown> {
    return translated(keys[0], () =>
      this.#isIoredis
        ? this.#client.eval(script, keys.length, ...keys, ...args)
        : this.#client.eval(script, { keys, arguments: args }),
    );
  }

  /**
   * Runs a task on one connection of the pool, because WAIT refers to the writes of its own
   * connection.
   *
   * @param name of the Redis key, for errors
   * @throws StoreError
   */
  exclusively<T>(name: string, task: (connection: RedisConnection) => Promise<T>): Promise<T> {
    const client = this.#client;
    const run = (connection: AnyClient): Promise<T> =>
      task(connection === client ? this : this.#with(connection));
    return translated(name, () => {
      if (typeof client.execute === "function") return client.execute(run);
      if (typeof client.use === "function") return client.use(run);
      return run(client);
    });
  }

  /**
   * Waits until replicas have the writes of this connection.
   *
   * @param ms time limit
   * @returns how many replicas have confirmed
   */
  async wait(replicas: number, ms: number): Promise<number> {
    return Number(await this.#client.wait?.(replicas, ms));
  }

  /** One connection for each master of a cluster; this connection if there is no cluster. */
  async masters(): Promise<readonly RedisConnection[]> {
    const client = this.#client;
    const nodes =
      client.nodes?.("master") ??
      (client.masters &&
        (await Promise.all(client.masters.map(async (node) => client.nodeClient!(node)))));
    return nodes?.map((node) => this.#with(node)) ?? [this];
  }

  #with(client: AnyClient): RedisConnection {
    return new RedisConnection(client, this.#isIoredis);
  }

  /**
   * The names of keys that match a pattern. SCAN may repeat a name.
   *
   * @param place for errors
   * @throws StoreError
   */
  async *scan(place: string, pattern: string): AsyncGenerator<string> {
    let cursor = "0";
    do {
      const page = await translated(place, () =>
        this.#isIoredis
          ? this.#client.scan(cursor, "MATCH", pattern, "COUNT", SCAN_COUNT)
          : this.#client.scan(cursor, { MATCH: pattern, COUNT: SCAN_COUNT }),
      );
      const [next, names] = Array.isArray(page)
        ? (page as [unknown, unknown[]])
        : [(page as { cursor: unknown }).cursor, (page as { keys: unknown[] }).keys];
      yield* names.map(String);
      cursor = String(next);
    } while (cursor !== "0");
  }
}

async function translated<T>(name: string, command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (error) {
    throw redisError(name, error);
  }
}
