/** The options of a Redis store, and what is made of them. */
import { refuseOption } from "../parts/check-options.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import { encryptionOf, type Encryption } from "./codec.ts";
import { isCluster, type AnyClient } from "./redis-connection.ts";
import { keepUnusedForOf, type RetentionOptions } from "./retention.ts";

/**
 * A connected client of node-redis (version 4 or newer) or ioredis (version 5 or newer):
 * standalone, Sentinel or Cluster. The application closes the client; the store does not.
 */
export interface RedisClient {
  readonly eval: (...args: never[]) => Promise<unknown>;
}

/** Options of `createRedisStore`. Without `seal` and `open`, Redis holds tokens in plain text. */
export interface RedisStoreOptions extends Partial<Encryption>, RetentionOptions {
  /** The client that the store uses. Its own option `keyPrefix` must not be set. */
  readonly client: RedisClient;
  /**
   * The beginning of every Redis key, without braces.
   *
   * @defaultValue `"corrigenda:"`
   */
  readonly prefix?: string;
  /**
   * How many replicas must confirm each save (by WAIT) before it counts, so that a failover does
   * not lose a token. Not available with Cluster.
   *
   * @defaultValue 0
   */
  readonly replicas?: number;
  /**
   * How long the replicas may take to confirm, in ms.
   *
   * @defaultValue 1000
   */
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

export interface RedisStoreSettings {
  readonly client: AnyClient;
  readonly prefix: string;
  readonly replicas: number;
  /** ms. */
  readonly replicasTimeout: number;
  /** ms; undefined: records stay. */
  readonly keepUnusedFor: number | undefined;
  readonly encryption: Encryption | undefined;
}

/** @throws ConfigurationError if an option is unknown, missing or not usable */
export function redisStoreSettings(options: RedisStoreOptions): RedisStoreSettings {
  const client = clientOf(options);
  const encryption = encryptionOf(options);
  requireKnown(options, OPTIONS);
  const keepUnusedFor = keepUnusedForOf(options);
  const { prefix = "corrigenda:", replicas = 0, replicasTimeout = 1000 } = options;
  if (typeof prefix !== "string" || /[{}]/.test(prefix))
    refuseOption("prefix", "must be a text without braces, because braces set the hash slot.");
  if (client.options?.keyPrefix)
    refuseOption(
      "client",
      "has a `keyPrefix`, and keys with it cannot be listed. Set option `prefix` instead.",
    );
  if (!Number.isInteger(replicas) || replicas < 0)
    refuseOption("replicas", "must be a number of replicas: an integer from 0.");
  if (!(typeof replicasTimeout === "number" && replicasTimeout > 0))
    refuseOption("replicasTimeout", "must be a positive number of milliseconds.");
  if (replicas > 0 && isCluster(client))
    refuseOption(
      "replicas",
      "cannot be used with a cluster, because a cluster client does not tell which node it wrote to.",
    );
  return { client, prefix, replicas, replicasTimeout, keepUnusedFor, encryption };
}

/** @throws ConfigurationError */
function clientOf(options: RedisStoreOptions | undefined): AnyClient {
  const client = options?.client as unknown as AnyClient | undefined;
  if (typeof client?.eval === "function") return client;
  return refuseOption("client", "must be a client of node-redis or ioredis.");
}
