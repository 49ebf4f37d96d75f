import { fromBase64 } from "../platform/encoding.ts";
import { isRecord } from "./parse-error.ts";

/** The claims of a JWT that was not verified. They are for display only: decide nothing on them. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The payload of a JWT (RFC 7519 3), or an empty object if the token is not a JWT. The signature is
 * not checked.
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
