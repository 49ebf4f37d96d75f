/** What a Petje.af access token says about the person. Nothing in it is verified. */
import { isSessionKey } from "../../client/code-flow.ts";
import { decodeClaims } from "../../parts/jwt-claims.ts";
import { isString } from "../../parts/parse-token.ts";

/** Claims about a person. They are not verified: see `PetjeafAuth.claims`. */
export interface PetjeafClaims {
  /** The user id: `id` or `sub` of the token. */
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
}

/**
 * Reads an access token. A claim that is missing or of another type is left out.
 * @param accessToken a JWT (RFC 7519). `sub` is where a JWT usually has the id (4.1.2); the
 *   vendor's page says `id`.
 */
export function readClaims(accessToken: string): PetjeafClaims {
  const claims = decodeClaims(accessToken);
  const { name, email } = claims;
  const id = [claims["id"], claims["sub"]].find(isSessionKey);
  return {
    ...(id === undefined ? {} : { id }),
    ...(isString(name) ? { name } : {}),
    ...(isString(email) ? { email } : {}),
  };
}
