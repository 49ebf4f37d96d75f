/** AES-256-GCM on WebCrypto, for stores. */
import { ConfigurationError } from "../errors.ts";
import type { Encryption } from "./codec.ts";

/** 32 random bytes, or 64 hexadecimal digits or base64 of them. */
export type EncryptionKey = Uint8Array | string;

/** Bytes (NIST SP 800-38D 5.2.1.1): random, so at most 2^32 writes with one key. */
const IV = 12;

/**
 * `seal` and `open` for a store: `createFileStore({ ...createEncryption(key) })`. The store key is authenticated along, so that a
 * record cannot be put in another's place.
 * @param key seals, and opens
 * @param older open only, so that a key can be replaced: records move to the new one as they are written
 * @throws ConfigurationError
 */
export function createEncryption(key: EncryptionKey, ...older: readonly EncryptionKey[]): Encryption {
  const keys = [key, ...older].map((one) => {
    const bytes = bytesOf(one);
    if (bytes?.length !== 32) throw new ConfigurationError({ option: "key", message: "An encryption key must be 32 bytes, as bytes, hexadecimal digits or base64. Make one with: openssl rand -hex 32" });
    return once(() => crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]));
  });
  const parameters = (iv: Uint8Array<ArrayBuffer>, storeKey: string) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(storeKey) });
  return {
    async seal(text, storeKey) {
      const iv = crypto.getRandomValues(new Uint8Array(IV));
      const sealed = await crypto.subtle.encrypt(parameters(iv, storeKey), await keys[0]!(), new TextEncoder().encode(text));
      return btoa(String.fromCharCode(...iv) + latin1(new Uint8Array(sealed)));
    },
    async open(sealed, storeKey) {
      const bytes = fromBase64(sealed) ?? new Uint8Array();
      for (const take of keys) {
        const opened = await crypto.subtle.decrypt(parameters(bytes.slice(0, IV), storeKey), await take(), bytes.slice(IV)).catch(() => undefined);
        if (opened) return new TextDecoder().decode(opened);
      }
      throw new Error("none of the keys opens it");
    },
  };
}

function bytesOf(key: EncryptionKey): Uint8Array<ArrayBuffer> | undefined {
  if (key instanceof Uint8Array) return new Uint8Array(key);
  if (typeof key !== "string") return undefined;
  if (/^[0-9a-f]{64}$/i.test(key)) return Uint8Array.from(key.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return fromBase64(key);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Not by spreading: a record may be longer than a call may have arguments. */
const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
