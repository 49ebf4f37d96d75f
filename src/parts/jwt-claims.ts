/** What a JWT says, unverified. For display: nothing may be decided on it. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The payload of a JWT (RFC 7519 3); an empty object if the token is none. The signature is not
 * looked at.
 */
export function decodeClaims(token: string): Claims {
  try {
    const [, payload = ""] = token.split(".");
    const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const claims: unknown = JSON.parse(
      new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))),
    );
    return typeof claims === "object" && claims !== null && !Array.isArray(claims)
      ? (claims as Claims)
      : {};
  } catch {
    return {};
  }
}
