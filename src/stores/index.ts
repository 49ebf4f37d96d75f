/**
 * The token stores: `import { createFileStore } from "corrigenda/stores"`. The main entry exports
 * them as well.
 */
export { createMemoryStore } from "./memory.ts";
export { createFileStore, type FileStoreOptions } from "./file.ts";
export { createRedisStore, type RedisClient, type RedisStoreOptions } from "./redis.ts";
export type { RetentionOptions } from "./retention.ts";
export { createEncryption, type EncryptionKey } from "./encryption.ts";
export type { Encryption } from "./codec.ts";
export { shareable } from "../sharing/shareable.ts";
export type {
  BuiltInTokenStore,
  Intent,
  LatchEntry,
  LatchRecord,
  LeasedTokenStore,
  ListedTokenStore,
  ListEntry,
  SharedTokenStore,
  TokenRecord,
  TokenStore,
  UnforeseenRenewal,
} from "../tokens/token-store.ts";
