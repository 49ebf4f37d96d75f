/**
 * Whose a stored token is (rule T-07). A store key names a user, and whoever enters that name may
 * not be that user: so a record carries an HMAC that only the credentials can make which brought
 * the token. Guessing them from it costs PBKDF2 for each guess, and nothing of it can be guessed
 * where the store is encrypted.
 */
import { base64url, sha256, utf8 } from "../platform/encoding.ts";
import type { Connection } from "../provider.ts";
import { tokenUrlOf } from "./store-key.ts";
import type { Reveal } from "../secret.ts";

/** Rounds of PBKDF2: the most that Cloudflare Workers allow; about 30 ms. */
const ROUNDS = 100_000;
/**
 * Keys that are kept; of more than these, the ones that were used longest ago are derived again.
 */
const REMEMBERED = 1000;

/** Made of one set of credentials. */
export interface BindingKey {
  /** What the record under a store key carries. */
  bindingOf(storeKey: string): Promise<string>;
  /** What tells a set of values from others, without giving any away. */
  tagOf(...values: readonly unknown[]): Promise<string>;
}

type HmacKey = Awaited<ReturnType<typeof crypto.subtle.deriveKey>>;

/**
 * Once for a process and set of credentials: many clients may have the same. Held as what they
 * derive from, hashed, and the derived key.
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
