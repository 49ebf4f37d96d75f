/**
 * The parts that a provider is written from: `import { ... } from "corrigenda/kit"`. A provider
 * describes one vendor; `createClient` makes a client of it.
 */
export { createClient, type ApiClient } from "./client/create-client.ts";
export type { CommonOptions } from "./client/options.ts";
export type {
  CommonUrls,
  Connection,
  Grant,
  OperationMeta,
  Problem,
  Provider,
  ProviderMeta,
  TokenAnswer,
  TokenRequest,
} from "./provider.ts";
export type { Reveal, Secret } from "./secret.ts";
export {
  expiryAfter,
  expiryAt,
  parseInteger,
  parseTimestamp,
  type Moment,
  type ParsedToken,
} from "./token.ts";
export {
  assemble,
  B64TOKEN,
  breach,
  readBearer,
  readObject,
  readOptional,
  readToken,
  VISIBLE_ASCII,
  type Members,
} from "./parts/parse-token.ts";
export { requireOneOf, requireSecret, requireText, requireUrl } from "./parts/check-options.ts";
