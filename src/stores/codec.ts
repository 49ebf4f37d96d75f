/** How a record is written down: as JSON with a version, sealed if there is a key. */
import { ConfigurationError, StoreError } from "../errors.ts";
import type { TokenRecord } from "../tokens/token-store.ts";

/**
 * Encryption at rest. `key` is the store key the text belongs to: bind it in, lest somebody swap
 * two records. The text holds the generation.
 */
export interface Encryption {
  readonly seal: (text: string, key: string) => string | Promise<string>;
  /** @throws anything, if the text was not sealed with this key */
  readonly open: (sealed: string, key: string) => string | Promise<string>;
}

/** Raised when a reader of this version could not make sense of what is written. */
const VERSION = 1;

/**
 * Codes of faults that last until a person changes something: an option, a right, what lies in the
 * store. Others may be over with the next call.
 */
const LASTING: ReadonlySet<string> = new Set([
  "wrong_key",
  "encrypted",
  "not_encrypted",
  "newer_version",
  "damaged",
  "set_back",
  "no_number",
  "permissions",
  "symlink",
  "not_a_folder",
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOENT",
  "ENOTDIR",
  "ENOTSUP",
  "EISDIR",
  "ELOOP",
  "NOAUTH",
  "WRONGPASS",
  "NOPERM",
  "WRONGTYPE",
]);

/** A typed error of the record at `place`, a path or a key. @param cure what to do about it */
export const storeFault = (place: string, code: string, what: string, cure: string): StoreError =>
  new StoreError({
    code,
    retryable: !LASTING.has(code),
    message: `The token store at ${place} ${what}. ${cure} Nothing was overwritten.`,
  });

export async function encodeRecord(
  record: TokenRecord,
  key: string,
  encryption: Encryption | undefined,
): Promise<string> {
  const { generation } = record;
  if (!encryption) return JSON.stringify({ version: VERSION, key, ...record });
  // With the generation, or an older record could be given a higher one and be taken for the
  // newest.
  const sealed: unknown = await (async () => encryption.seal(JSON.stringify(record), key))().catch(
    () => undefined,
  );
  // Anything else could not be read again.
  if (typeof sealed !== "string")
    throw storeFault(
      `the key ${key}`,
      "not_sealed",
      "got no text from `seal`, or an error",
      "Mend `seal`.",
    );
  return JSON.stringify({ version: VERSION, key, generation, sealed });
}

/**
 * @throws StoreError with code `damaged`, `newer_version`, `encrypted`, `not_encrypted` or
 *   `wrong_key`
 */
export async function decodeRecord(
  text: string,
  key: string,
  place: string,
  encryption: Encryption | undefined,
): Promise<TokenRecord> {
  const written = parse(text);
  const damaged = (): StoreError =>
    storeFault(
      place,
      "damaged",
      "is damaged",
      "Look at it, then call the store's `delete` with the key (what was there before holds a used refresh token); a person may have to log in again.",
    );
  if (!written) throw damaged();
  const { version, key: writtenKey, sealed, ...record } = written;
  if (typeof version === "number" && version > VERSION)
    throw storeFault(
      place,
      "newer_version",
      `was written by a newer version of this package (format ${version})`,
      "Upgrade this package.",
    );
  if (version !== VERSION || writtenKey !== key) throw damaged();
  if (sealed === undefined) {
    if (encryption)
      throw storeFault(
        place,
        "not_encrypted",
        "holds a record that is not encrypted, and an encryption key was given",
        "Call the store's `delete` with the key, or use the store without encryption.",
      );
    return record as unknown as TokenRecord;
  }
  if (!encryption)
    throw storeFault(
      place,
      "encrypted",
      "holds an encrypted record",
      "Give the store its `seal` and `open`, as `createEncryption(key)` makes them.",
    );
  if (typeof sealed !== "string") throw damaged();
  const opened = await (async () => encryption.open(sealed, key))().catch(() => {
    throw storeFault(
      place,
      "wrong_key",
      "could not be decrypted: the key is not the one it was written with, or somebody changed it",
      "Give the right key, also as an older one.",
    );
  });
  const rest = parse(opened);
  if (!rest) throw damaged();
  // Versions before this one sealed no generation.
  if (rest["generation"] !== undefined && rest["generation"] !== record["generation"]) {
    throw storeFault(
      place,
      "set_back",
      "holds a sealed record under another generation than it was sealed with: somebody put an older one in its place",
      "Find out who can write there; then call the store's `delete` with the key.",
    );
  }
  return { ...rest, generation: record["generation"] } as unknown as TokenRecord;
}

/**
 * The key of a record that is written down; undefined if it is damaged: `get` says so, and where.
 */
export function keyIn(text: string): string | undefined {
  const key = parse(text)?.["key"];
  return typeof key === "string" ? key : undefined;
}

/** Both functions, or none. @throws ConfigurationError */
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

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
