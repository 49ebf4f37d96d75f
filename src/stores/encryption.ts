/** Encryption of records with AES-256-GCM, by WebCrypto. */
import { ConfigurationError } from "../errors.ts";
import { binaryText, fromBase64, utf8 } from "../platform/encoding.ts";
import type { Encryption } from "./codec.ts";

/**
 * 32 random bytes: as a `Uint8Array`, as 64 hexadecimal digits, or as base64 or base64url (44
 * characters with the final `=`, or 43 without). A passphrase is refused. `openssl rand -hex 32`
 * makes a key.
 */
export type EncryptionKey = Uint8Array | string;

/** Length of a random IV, in bytes (NIST SP 800-38D 5.2.1.1). One key may encrypt 2^32 records. */
const IV_LENGTH = 12;

/**
 * Makes the options `seal` and `open` of a store, which encrypt each record with AES-256-GCM. The
 * encryption authenticates the store key, so that a record cannot be put in the place of another.
 *
 * @example
 * ```ts
 * const store = createFileStore({ ...createEncryption(process.env.TOKEN_KEY ?? "") });
 * // To replace a key, name the old one second: each record gets the new key at its next save.
 * const rotating = createFileStore({ ...createEncryption(newKey, oldKey) });
 * ```
 * @param key encrypts records, and decrypts them
 * @param older keys that only decrypt
 * @throws ConfigurationError if a key is not 32 bytes, or does not look random
 */
export function createEncryption(
  key: EncryptionKey,
  ...older: readonly EncryptionKey[]
): Encryption {
  const keys = [key, ...older].map(lazyCryptoKey);
  return {
    async seal(text, storeKey) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH));
      const parameters = parametersOf(iv, storeKey);
      const sealed = await crypto.subtle.encrypt(parameters, await keys[0]!(), utf8(text));
      return btoa(binaryText(iv) + binaryText(new Uint8Array(sealed)));
    },
    async open(sealed, storeKey) {
      const bytes = fromBase64(sealed) ?? new Uint8Array();
      const parameters = parametersOf(bytes.slice(0, IV_LENGTH), storeKey);
      for (const cryptoKey of keys) {
        const opened = await crypto.subtle
          .decrypt(parameters, await cryptoKey(), bytes.slice(IV_LENGTH))
          .catch(() => undefined);
        if (opened) return new TextDecoder().decode(opened);
      }
      throw new Error("None of the keys opens the text.");
    },
  };
}

const parametersOf = (iv: Uint8Array<ArrayBuffer>, storeKey: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: utf8(storeKey),
});

/**
 * Checks a key at once, and imports it at its first use.
 *
 * @throws ConfigurationError
 */
function lazyCryptoKey(key: EncryptionKey): () => ReturnType<typeof importKey> {
  const bytes = bytesOf(key);
  const problem = problemOf(bytes);
  if (bytes === undefined || problem !== undefined)
    throw new ConfigurationError({
      option: "key",
      message: `An encryption key ${problem ?? ""}. Make one with: openssl rand -hex 32`,
    });
  let imported: ReturnType<typeof importKey> | undefined;
  return () => (imported ??= importKey(bytes));
}

const importKey = (bytes: Uint8Array<ArrayBuffer>) =>
  crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);

function problemOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined)
    return "must be 32 bytes, as bytes, hexadecimal digits or base64 (base64 that contains no digit needs its final `=`)";
  if (isText(bytes)) return "must be random bytes: this key is readable text, and could be guessed";
  if (isDegenerate(bytes)) return "must be random bytes: the bytes of this key follow a pattern";
  return undefined;
}

/**
 * The bytes of a key. Undefined if the key has the wrong length, or looks like a passphrase that
 * happens to consist of characters of base64.
 */
function bytesOf(key: EncryptionKey): Uint8Array<ArrayBuffer> | undefined {
  if (key instanceof Uint8Array) return key.length === 32 ? new Uint8Array(key) : undefined;
  if (typeof key !== "string") return undefined;
  if (/^[0-9a-f]{64}$/i.test(key))
    return Uint8Array.from(key.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  if (!/^[\w+/-]{43}=?$/.test(key)) return undefined;
  // In base64 of 32 bytes, the last two bits of the last character are zero. The base64
  // of random bytes contains upper case, lower case and digits. A random key lacks upper case or
  // lower case 2 times in 10^10, and lacks both digits and signs once in 7,500 times. A key without
  // digits and signs is accepted only with its final `=`.
  const looksRandom =
    /[AEIMQUYcgkosw048]=?$/.test(key) &&
    /[A-Z]/.test(key) &&
    /[a-z]/.test(key) &&
    (key.endsWith("=") || /[^A-Za-z]/.test(key));
  return looksRandom ? fromBase64(key) : undefined;
}

/**
 * A key must have at least this many different bytes, and at least this many different differences
 * between one byte and the next. 32 random bytes have fewer once in 10^15 times.
 */
const MIN_DIFFERENT = 16;

/**
 * A key in which one value occurs this many times is refused: UTF-16 text has at least as many zero
 * bytes. Random bytes reach this number once in 10^9 times.
 */
const TOO_MANY_EQUAL = 8;

/** Whether many bytes are equal, or the bytes repeat, or count up or down. */
function isDegenerate(bytes: Uint8Array): boolean {
  const steps = bytes.map((byte, i) => byte - (bytes[i - 1] ?? 0)).subarray(1);
  return (
    new Set(bytes).size < MIN_DIFFERENT ||
    new Set(steps).size < MIN_DIFFERENT ||
    bytes.some((value) => bytes.filter((byte) => byte === value).length >= TOO_MANY_EQUAL) ||
    bytes.subarray(16).every((byte, i) => byte === bytes[i])
  );
}

/** Whether the bytes are UTF-8. Random bytes are UTF-8 once in 10^8 times. */
function isText(bytes: Uint8Array): boolean {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes) !== "";
  } catch {
    return false;
  }
}
