/** AES-256-GCM on WebCrypto, for stores. */
import { ConfigurationError } from "../errors.ts";
import type { Encryption } from "./codec.ts";

/**
 * 32 random bytes, as bytes, as 64 hexadecimal digits, or in base64 (44 characters with its `=`, or
 * 43). No passphrase.
 */
export type EncryptionKey = Uint8Array | string;

/** Bytes (NIST SP 800-38D 5.2.1.1): random, so at most 2^32 writes with one key. */
const IV = 12;

/**
 * `seal` and `open` for a store: `createFileStore({ ...createEncryption(key) })`. The store key is
 * authenticated along, so that a record cannot be put in another's place.
 * @param key seals, and opens
 * @param older open only, so that a key can be replaced: records move to the new one as they are
 *   written
 * @throws ConfigurationError
 */
export function createEncryption(
  key: EncryptionKey,
  ...older: readonly EncryptionKey[]
): Encryption {
  const keys = [key, ...older].map((one) => {
    const bytes = bytesOf(one);
    const wrong =
      bytes === undefined
        ? "must be 32 bytes, as bytes, hexadecimal digits or base64 (with its `=`, if it has no digit)"
        : isText(bytes)
          ? "must be random bytes: this one is a text, and may be guessed"
          : isDegenerate(bytes)
            ? "must be random bytes: this one follows a pattern"
            : undefined;
    if (bytes === undefined || wrong !== undefined)
      throw new ConfigurationError({
        option: "key",
        message: `An encryption key ${wrong ?? ""}. Make one with: openssl rand -hex 32`,
      });
    return once(() =>
      crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]),
    );
  });
  const parameters = (iv: Uint8Array<ArrayBuffer>, storeKey: string) => ({
    name: "AES-GCM",
    iv,
    additionalData: new TextEncoder().encode(storeKey),
  });
  return {
    async seal(text, storeKey) {
      const iv = crypto.getRandomValues(new Uint8Array(IV));
      const sealed = await crypto.subtle.encrypt(
        parameters(iv, storeKey),
        await keys[0]!(),
        new TextEncoder().encode(text),
      );
      return btoa(String.fromCharCode(...iv) + latin1(new Uint8Array(sealed)));
    },
    async open(sealed, storeKey) {
      const bytes = fromBase64(sealed) ?? new Uint8Array();
      for (const take of keys) {
        const opened = await crypto.subtle
          .decrypt(parameters(bytes.slice(0, IV), storeKey), await take(), bytes.slice(IV))
          .catch(() => undefined);
        if (opened) return new TextDecoder().decode(opened);
      }
      throw new Error("none of the keys opens it");
    },
  };
}

/**
 * Undefined: it is no key of the right length, or a passphrase that only happens to be of the
 * alphabet of base64.
 */
function bytesOf(key: EncryptionKey): Uint8Array<ArrayBuffer> | undefined {
  if (key instanceof Uint8Array) return key.length === 32 ? new Uint8Array(key) : undefined;
  if (typeof key !== "string") return undefined;
  if (/^[0-9a-f]{64}$/i.test(key))
    return Uint8Array.from(key.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  if (!/^[\w+/-]{43}=?$/.test(key)) return undefined;
  // The last character of base64 of 32 bytes ends in two bits that are zero, and random bytes give
  // letters of both cases and digits: without one of the cases come 2 keys in 10^10, without digit
  // and sign 1 in 7,500, which can be given with its `=`.
  const looksRandom =
    /[AEIMQUYcgkosw048]=?$/.test(key) &&
    /[A-Z]/.test(key) &&
    /[a-z]/.test(key) &&
    (key.endsWith("=") || /[^A-Za-z]/.test(key));
  return looksRandom ? fromBase64(key) : undefined;
}

/**
 * Values, and steps from byte to byte, that 32 bytes have to show at least; random ones show fewer
 * once in 10^15 times.
 */
const DIFFERENT = 16;

/**
 * How often one value is too often, as the zeros of UTF-16 are; among random ones once in 10^9
 * times.
 */
const ALIKE = 8;

/** Bytes that are alike, that repeat themselves, or that count. */
function isDegenerate(bytes: Uint8Array): boolean {
  const steps = bytes.map((byte, i) => byte - (bytes[i - 1] ?? 0)).subarray(1);
  return (
    new Set(bytes).size < DIFFERENT ||
    new Set(steps).size < DIFFERENT ||
    bytes.some((value) => bytes.filter((byte) => byte === value).length >= ALIKE) ||
    bytes.subarray(16).every((byte, i) => byte === bytes[i])
  );
}

/** UTF-8, which random bytes are once in 10^8 times. */
function isText(bytes: Uint8Array): boolean {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes) !== "";
  } catch {
    return false;
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
      character.charCodeAt(0),
    );
  } catch {
    return undefined;
  }
}

/** Not by spreading: a record may be longer than a call may have arguments. */
const latin1 = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
