/** The entry `corrigenda/stores`: the places in which tokens are kept. */
export { createMemoryStore } from "./memory.ts";
export { createFileStore, type FileStoreOptions } from "./file.ts";
export { createRedisStore, type RedisClient, type RedisStoreOptions } from "./redis.ts";
export { createEncryption, type EncryptionKey } from "./encryption.ts";
export type { Encryption } from "./codec.ts";
export type { RetentionOptions } from "./retention.ts";
export type {
  BuiltInTokenStore,
  Intent,
  LatchEntry,
  LatchRecord,
  ListEntry,
  SharedTokenStore,
  TokenRecord,
  TokenStore,
  UnforeseenRenewal,
} from "../tokens/token-store.ts";
