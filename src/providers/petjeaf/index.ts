/**
 * Petje.af: OAuth 2.0 with an authorization code and a refresh token, one session for each person.
 */
export {
  createPetjeafClient,
  type PetjeafAuth,
  type PetjeafClient,
  type PetjeafSession,
} from "./client.ts";
export type { AuthorizationPageOptions } from "../../client/code-flow.ts";
export type { Callback } from "../../http/authorization-callback.ts";
export type { PetjeafClaims } from "./claims.ts";
export { petjeaf, type PetjeafOptions, type PetjeafPaths, type PetjeafScope } from "./provider.ts";
export type { RevokeOptions } from "./revocation.ts";
