/** What the error codes of a file system mean. Node only. */
import { INSPECT_THEN_DELETE, storeError, type Diagnosis } from "./store-error.ts";

export const POSIX = process.platform !== "win32";

export const codeOf = (error: unknown): string | undefined =>
  (error as { code?: string } | undefined)?.code;

const OTHER_PATH = "Set option `path` to another folder.";

const DIAGNOSES: Readonly<Record<string, Diagnosis>> = {
  ENOSPC: ["is on a disk that is full", "Free some space."],
  EDQUOT: ["is on a disk whose quota is used up", "Free some space, or raise the quota."],
  EMFILE: [
    "cannot be opened, because this process has too many open files",
    "Raise the limit (ulimit -n).",
  ],
  EROFS: ["is on a read-only file system", OTHER_PATH],
  EACCES: [
    "is not accessible to this user",
    "Give the user access, or set option `path` to another folder.",
  ],
  EPERM: ["cannot be changed by this user, or is on a file system without hard links", OTHER_PATH],
  ENOTSUP: ["is on a file system without hard links", OTHER_PATH],
  ELOOP: [
    "is a symbolic link",
    "Put the file itself there, or call the store's `delete` with the key.",
  ],
  ENOENT: ["cannot be created", OTHER_PATH],
  ENOTDIR: ["lies below a path that is not a folder", OTHER_PATH],
  EISDIR: ["is a folder where a file is expected", INSPECT_THEN_DELETE],
};

/** Turns an error of the file system into a `StoreError`; returns any other error as it is. */
export function fileError(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return error;
  return storeError(path, code, ...(DIAGNOSES[code] ?? [`failed (${code})`, "Check the disk."]));
}
