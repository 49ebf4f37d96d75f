/** Where a file store lies, and how its folders and files are named. Node only. */
import { POSIX } from "./file-errors.ts";

const os = process.getBuiltinModule("node:os");
const { createHash } = process.getBuiltinModule("node:crypto");
const { isAbsolute, join, resolve } = process.getBuiltinModule("node:path");

/** What a numbered file holds. */
export type Part = "token" | "latch" | "lease";

/** The highest number that a file may have. Every number up to it is an exact integer. */
export const HIGHEST_NUMBER = 999_999_999_999_999;

/**
 * `corrigenda` in the folder for state of the XDG Base Directory Specification, which demands that
 * relative paths are ignored.
 */
export function defaultFolder(): string {
  const { XDG_STATE_HOME: state, LOCALAPPDATA: local } = process.env;
  const base =
    state && isAbsolute(state)
      ? state
      : POSIX || !local
        ? join(os.homedir(), ".local", "state")
        : local;
  return join(base, "corrigenda");
}

/**
 * The absolute path without `.`, `..` and trailing slashes. With a trailing slash, the check of a
 * symbolic link would see the folder that the link points to.
 */
export const normalized = (path: string): string => resolve(path);

/** The name of the folder of a credential: 40 hexadecimal digits of a SHA-256. */
export const folderName = (key: string): string =>
  createHash("sha256").update(key).digest("hex").slice(0, 40);

export const isFolderName = (name: string): boolean => /^[0-9a-f]{40}$/.test(name);

/** The path of a numbered file, such as `<folder>/token.7.json`. */
export const pathOf = (folder: string, part: Part, number: number): string =>
  join(folder, fileName(part, number));

export const fileName = (part: Part, number: number): string => `${part}.${number}.json`;

/** The number of a file of this part; 0 if the name is not one of this part. */
export const numberOf = (name: string, part: Part): number =>
  name.startsWith(`${part}.`)
    ? Number(/^([1-9]\d{0,14})\.json$/.exec(name.slice(part.length + 1))?.[1] ?? 0)
    : 0;

/** The highest number of the files of a part; 0 if there are none. */
export const highestNumber = (names: readonly string[], part: Part): number =>
  names.reduce((most, name) => Math.max(most, numberOf(name, part)), 0);

const TEMPORARY = "temporary.";

/** A new path for a file that gets its final name later; for such a folder if `part` is absent. */
export const temporaryPath = (folder: string, part?: Part): string =>
  join(folder, `${TEMPORARY}${part === undefined ? "" : `${part}.`}${crypto.randomUUID()}`);

export const isTemporary = (name: string): boolean => name.startsWith(TEMPORARY);

/** Whether a file in the folder of a key may belong to the store, judged by its name. */
export const isOwnFile = (name: string): boolean =>
  isTemporary(name) || /^(token|latch|lease)\.\d{1,15}\.json$/.test(name);
