import { fromBase64 } from "../platform/encoding.ts";
import { isRecord } from "./parse-error.ts";

/** What a JWT says, unverified. For display: nothing may be decided on it. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The payload of a JWT (RFC 7519 3); an empty object if the token is none. The signature is not
 * looked at.
 */
export function decodeClaims(token: string): Claims {
  try {
    const [, payload = ""] = token.split(".");
    const claims: unknown = JSON.parse(new TextDecoder().decode(fromBase64(payload)));
    return isRecord(claims) ? claims : {};
  } catch {
    return {};
  }
}
