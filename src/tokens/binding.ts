/**
 * Binds a stored token to the credentials that brought it (rule T-07). A store key contains a user
 * name, which another user may enter as well. So a record carries a binding: an HMAC that only a
 * client with these credentials can compute. Whoever reads a binding and guesses the credentials
 * has to compute PBKDF2 for each guess. In an encrypted store the binding cannot be read.
 */
import { base64url, sha256, utf8 } from "../platform/encoding.ts";
import type { Connection } from "../provider.ts";
import { tokenUrlOf } from "./store-key.ts";
import type { Reveal } from "../secret.ts";

/** Rounds of PBKDF2: the most that Cloudflare Workers allow; about 30 ms. */
const ROUNDS = 100_000;
/**
 * The most derived keys that are kept in memory. Beyond that, the key that was used longest ago is
 * dropped, and is derived again when it is needed.
 */
const REMEMBERED = 1000;

/** The HMAC key that is derived from one set of credentials. */
export interface BindingKey {
  /** The binding that the record under this store key carries. */
  bindingOf(storeKey: string): Promise<string>;
  /** An HMAC of these values. It identifies them, and reveals none of them. */
  tagOf(...values: readonly unknown[]): Promise<string>;
}

type HmacKey = Awaited<ReturnType<typeof crypto.subtle.deriveKey>>;

/**
 * The derived keys, by a hash of what each is derived from. All clients of the process share them,
 * so that the key of one set of credentials is derived only once.
 */
const derived = new Map<string, Promise<HmacKey>>();

/**
 * Reveals the credentials, and derives the key from them.
 * @throws ConfigurationError if a function that gives a credential fails
 */
export async function bindingKeyOf(
  provider: string,
  connection: Connection,
  reveal: Reveal,
): Promise<BindingKey> {
  const secrets = await Promise.all(
    Object.keys(connection.credentials ?? {})
      .sort()
      .map(reveal),
  );
  const salt = JSON.stringify([provider, tokenUrlOf(connection), connection.identity[0] ?? ""]);
  const key = await keyFor(salt, JSON.stringify(secrets));
  const sign = async (text: string): Promise<string> =>
    base64url(await crypto.subtle.sign("HMAC", key, utf8(text)));
  return { bindingOf: sign, tagOf: (...values) => sign(JSON.stringify(values)) };
}

async function keyFor(salt: string, secret: string): Promise<HmacKey> {
  const id = await sha256(JSON.stringify([salt, secret]));
  const known = derived.get(id) ?? derive(salt, secret);
  derived.delete(id);
  derived.set(id, known);
  const [oldest] = derived.keys();
  if (derived.size > REMEMBERED && oldest !== undefined) derived.delete(oldest);
  return known;
}

async function derive(salt: string, secret: string): Promise<HmacKey> {
  const material = await crypto.subtle.importKey("raw", utf8(secret), "PBKDF2", false, [
    "deriveKey",
  ]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt: utf8(salt), iterations: ROUNDS };
  return crypto.subtle.deriveKey(
    parameters,
    material,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign"],
  );
}
