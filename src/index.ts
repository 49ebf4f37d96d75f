/** corrigenda: typed, contract-tested clients for APIs whose documentation contradicts itself. */
export { createClient, type ApiClient } from "./client/create-client.ts";
export type { AuthorizationPageOptions } from "./client/code-flow.ts";
export type { Callback } from "./http/authorization-callback.ts";
export type { CommonOptions } from "./client/options.ts";
export type { Secret } from "./secret.ts";
export { CHANNEL, type ClientEvent } from "./events.ts";
export type { Explanation } from "./token-source.ts";
export type { ParsedToken, Token } from "./token.ts";
export type { CloseOptions, GetTokenOptions, TokenSource } from "./token-source.ts";
export { createMemoryStore } from "./stores/memory.ts";
export { createFileStore, type FileStoreOptions } from "./stores/file.ts";
export { createRedisStore, type RedisClient, type RedisStoreOptions } from "./stores/redis.ts";
export { createEncryption, type EncryptionKey } from "./stores/encryption.ts";
export type { Encryption } from "./stores/codec.ts";
export type { RetentionOptions } from "./stores/retention.ts";
export type {
  BuiltInTokenStore,
  Intent,
  LeasedTokenStore,
  ListedTokenStore,
  LatchEntry,
  LatchRecord,
  ListEntry,
  SharedTokenStore,
  TokenRecord,
  TokenStore,
} from "./tokens/token-store.ts";
export { shareable } from "./sharing/shareable.ts";
export type { LeaseTimes } from "./tokens/renewer.ts";

export {
  createGenLogsClient,
  genlogs,
  type GenLogsClient,
  type GenLogsOptions,
  type GenLogsPaths,
} from "./providers/genlogs.ts";
export {
  createApinizerClient,
  apinizer,
  type ApinizerClient,
  type ApinizerOptions,
  type ApinizerPaths,
} from "./providers/apinizer.ts";
export {
  createPetjeafClient,
  petjeaf,
  type PetjeafAuth,
  type PetjeafClaims,
  type PetjeafClient,
  type PetjeafOptions,
  type PetjeafPaths,
  type PetjeafScope,
  type PetjeafSession,
  type RevokeOptions,
} from "./providers/petjeaf/index.ts";

// The types of a provider. `corrigenda/kit` has the functions to write one with.
export type {
  AuthorizationFlow,
  ClientAuthentication,
  CommonUrls,
  Connection,
  Grant,
  OperationMeta,
  Problem,
  Provider,
  ProviderMeta,
  ServerMeta,
  TokenAnswer,
  TokenRequest,
} from "./provider.ts";
export type { OnEvent } from "./events.ts";
export type { Moment } from "./token.ts";
export type { Reveal } from "./secret.ts";

export {
  CallbackError,
  ClosedError,
  ConfigurationError,
  ContractError,
  CorrigendaError,
  CredentialsError,
  NetworkError,
  PermissionError,
  RateLimitError,
  ReauthorizationRequiredError,
  RedirectError,
  RejectedError,
  ServerError,
  StoreError,
  isCorrigendaError,
  type AnyCorrigendaError,
  type ErrorDetails,
  type ErrorKind,
} from "./errors.ts";
