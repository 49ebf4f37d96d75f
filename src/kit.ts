/**
 * `corrigenda/kit`: the parts for a provider of your own. A provider is data and pure functions;
 * `createClient` and `createAuthorizationCodeClient` make clients of it.
 */
export { createClient, type ApiClient } from "./client/create-client.ts";
export type { CommonOptions } from "./client/options.ts";

export {
  createAuthorizationCodeClient,
  type AuthorizationCodeClient,
  type AuthorizationPageOptions,
  type AuthorizationRequest,
  type AuthorizationUrlOptions,
  type Callback,
  type ExchangeOptions,
  type Session,
  type SessionAuth,
} from "./client/authorization-code-client.ts";

// What a provider is.
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
export type { Reveal, Secret } from "./secret.ts";
export type { Moment, ParsedToken, Token } from "./token.ts";

// Options.
export { requireOneOf, requireSecret, requireText, requireUrl } from "./parts/check-options.ts";

// Where credentials go on a token request.
export {
  clientSecretBasic,
  clientSecretJson,
  clientSecretPost,
  clientSecretQuery,
  noClientSecret,
  type ClientCredentials,
} from "./http/client-authentication.ts";

// Token responses and error responses.
export { parseTokenResponse, readErrorResponse } from "./parts/oauth-response.ts";
export {
  assemble,
  B64TOKEN,
  breach,
  either,
  isInteger,
  isNull,
  isString,
  readBearer,
  readObject,
  readOptional,
  readToken,
  VISIBLE_ASCII,
  VSCHAR,
  type Members,
} from "./parts/parse-token.ts";
export { firstText, isRecord } from "./parts/parse-error.ts";
export { decodeClaims, type Claims } from "./parts/jwt-claims.ts";
export { expiryAfter, expiryAt, parseInteger, parseTimestamp } from "./token.ts";
export { ConfigurationError, ContractError, type ErrorDetails } from "./errors.ts";
