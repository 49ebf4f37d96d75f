/** The written form of a record: JSON with a format version, sealed if the store has encryption. */
import { ConfigurationError, type StoreError } from "../errors.ts";
import type { TokenRecord } from "../tokens/token-store.ts";
import { storeError } from "./store-error.ts";

/**
 * Encryption at rest. Spread it into the options of a store. `createEncryption` makes one with
 * AES-256-GCM; a key management service is another way to write the two functions.
 *
 * @example
 * ```ts
 * const store = createFileStore({
 *   seal: (text, key) => kms.encrypt(text, { context: key }),
 *   open: (sealed, key) => kms.decrypt(sealed, { context: key }),
 * });
 * ```
 */
export interface Encryption {
  /**
   * Encrypts a record.
   *
   * @param text the record with its generation, as JSON
   * @param key the store key of the record. Authenticate it together with the text; otherwise an
   *   attacker who can write to the store can exchange two records.
   * @returns any text
   */
  readonly seal: (text: string, key: string) => string | Promise<string>;
  /**
   * Decrypts what `seal` returned for the same store key.
   *
   * @throws Error, of any class, if the text was not sealed with this encryption key and this
   *   store key
   */
  readonly open: (sealed: string, key: string) => string | Promise<string>;
}

/**
 * The format version. It is raised when older versions of this package cannot read the new format.
 */
const VERSION = 1;

/** @throws StoreError `not_sealed` if `seal` fails or returns no text */
export async function encodeRecord(
  record: TokenRecord,
  key: string,
  encryption: Encryption | undefined,
): Promise<string> {
  const { generation } = record;
  if (!encryption) return JSON.stringify({ version: VERSION, key, ...record });
  // The sealed text contains the generation. Otherwise an attacker who can write to the store could
  // give an older record a higher generation, and the record would pass for the newest.
  const seal = async (): Promise<unknown> => encryption.seal(JSON.stringify(record), key);
  const sealed = await seal().catch(() => undefined);
  if (typeof sealed !== "string")
    throw storeError(
      `the key ${key}`,
      "not_sealed",
      "was not written, because option `seal` failed or returned no text",
      "Correct `seal`.",
    );
  return JSON.stringify({ version: VERSION, key, generation, sealed });
}

/**
 * @param place where the text was found: a path, or the name of a key
 * @throws StoreError with code `damaged`, `newer_version`, `encrypted`, `not_encrypted`,
 *   `wrong_key` or `set_back`
 */
export async function decodeRecord(
  text: string,
  key: string,
  place: string,
  encryption: Encryption | undefined,
): Promise<TokenRecord> {
  const { sealed, ...record } = parseWritten(text, key, place);
  if (sealed !== undefined)
    return openRecord(sealed, record["generation"], { key, place, encryption });
  if (encryption)
    throw storeError(
      place,
      "not_encrypted",
      "holds a record that is not encrypted, and the store has an encryption key",
      "Call the store's `delete` with the key, or use the store without encryption.",
    );
  return record as unknown as TokenRecord;
}

/** @throws StoreError with code `damaged` or `newer_version` */
function parseWritten(text: string, key: string, place: string): Record<string, unknown> {
  const written = parseObject(text);
  if (!written) throw damaged(place);
  const { version, key: writtenKey, ...rest } = written;
  if (typeof version === "number" && version > VERSION)
    throw storeError(
      place,
      "newer_version",
      `was written by a newer version of this package (format ${version})`,
      "Upgrade this package.",
    );
  if (version !== VERSION || writtenKey !== key) throw damaged(place);
  return rest;
}

interface Sealing {
  readonly key: string;
  readonly place: string;
  readonly encryption: Encryption | undefined;
}

/** @throws StoreError with code `encrypted`, `damaged`, `wrong_key` or `set_back` */
async function openRecord(
  sealed: unknown,
  generation: unknown,
  { key, place, encryption }: Sealing,
): Promise<TokenRecord> {
  if (!encryption)
    throw storeError(
      place,
      "encrypted",
      "holds an encrypted record",
      "Set the options `seal` and `open`, for instance with `...createEncryption(key)`.",
    );
  if (typeof sealed !== "string") throw damaged(place);
  const open = async (): Promise<string> => encryption.open(sealed, key);
  const opened = await open().catch(() => {
    throw storeError(
      place,
      "wrong_key",
      "could not be decrypted: it was written with another encryption key, or it was changed",
      "Set the right encryption key, as the key or as one of the older keys.",
    );
  });
  const record = parseObject(opened);
  if (!record) throw damaged(place);
  // The first versions of this package did not seal the generation.
  if (record["generation"] !== undefined && record["generation"] !== generation)
    throw storeError(
      place,
      "set_back",
      "holds a sealed record whose generation was changed: an older record may have been put in the place of the newest",
      "Find out who can write there; then call the store's `delete` with the key.",
    );
  return { ...record, generation } as unknown as TokenRecord;
}

const damaged = (place: string): StoreError =>
  storeError(
    place,
    "damaged",
    "is damaged",
    "Inspect it, then call the store's `delete` with the key. Do not restore an older record: its refresh token is used up. A person may have to log in again.",
  );

/** The store key in a written record; undefined if the record is damaged, which `get` reports. */
export function keyIn(text: string): string | undefined {
  const key = parseObject(text)?.["key"];
  return typeof key === "string" ? key : undefined;
}

/**
 * The encryption among the options of a store; undefined if there is none.
 *
 * @throws ConfigurationError if only one of `seal` and `open` is a function
 */
export function encryptionOf(options: Partial<Encryption>): Encryption | undefined {
  if (typeof options !== "object" || options === null)
    throw new ConfigurationError({
      option: "options",
      message: "The options of a store must be an object.",
    });
  const { seal, open } = options;
  if (seal === undefined && open === undefined) return undefined;
  if (typeof seal === "function" && typeof open === "function") return { seal, open };
  throw new ConfigurationError({
    option: "seal",
    message: "Options `seal` and `open` must both be functions, or both be absent.",
  });
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
