/** The form of every error of a store: where, what is wrong, and what to do about it. */
import { StoreError } from "../errors.ts";

/**
 * Codes of errors that last until a person changes something: an option, a permission or the data
 * in the store. An error with any other code may be over at the next call, so it is `retryable`.
 */
const PERMANENT: ReadonlySet<string> = new Set([
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

/** What is wrong, as the end of a sentence about the place, and what the reader can do about it. */
export type Diagnosis = readonly [problem: string, remedy: string];

/** The remedy for a file that the store did not write. */
export const INSPECT_THEN_DELETE = "Inspect it, then call the store's `delete` with the key.";

/**
 * Makes the error for a record that cannot be read or written.
 *
 * @param place a path, or the name of a key
 * @param code a code of this package, of the operating system or of Redis
 */
export const storeError = (
  place: string,
  code: string,
  ...[problem, remedy]: Diagnosis
): StoreError =>
  new StoreError({
    code,
    retryable: !PERMANENT.has(code),
    message: `The token store at ${place} ${problem}. ${remedy} Nothing was overwritten.`,
  });

/** The error for a folder in which other processes write first at every attempt. */
export const alwaysOvertaken = (folder: string): StoreError =>
  storeError(
    folder,
    "changes",
    "changes at every attempt to read or write it",
    "Find out what else writes there.",
  );
