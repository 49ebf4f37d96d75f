/**
 * What must be true of a folder or file before the store reads or writes it (rule T-19). Node only;
 * loaded when a file store is first used.
 *
 * lstat and readdir are called synchronously: the kernel answers them from its caches within
 * microseconds, and a call through the thread pool takes ten times the CPU time. Operations that
 * may wait for the disk (reading content, flushing) are asynchronous.
 */
import type { Stats } from "node:fs";
import { codeOf, fileError, POSIX } from "./file-errors.ts";
import { INSPECT_THEN_DELETE, storeError } from "./store-error.ts";

// The modules of Node are not imported, so that bundlers for platforms without files accept the
// package.
const fs = process.getBuiltinModule("node:fs");
const { dirname, join, parse, relative, resolve, sep } = process.getBuiltinModule("node:path");

/** Mode bits: other users may read or write the file. */
const ACCESS_BY_OTHERS = 0o077;
/** Mode bits: the group or all users may write to the folder. */
const WRITE_BY_OTHERS = 0o022;
/** Mode bit: all users may write to the folder. */
const WRITE_BY_ALL = 0o002;
/** Mode bit: users may rename and remove only their own files in the folder. */
const STICKY = 0o1000;
/**
 * More symbolic links than this on the way to a folder count as a loop; Linux has the same limit.
 */
const MAX_LINKS = 40;
/**
 * Size limit of a file, in bytes. The record of the largest possible token answer is smaller, even
 * escaped as JSON and encrypted.
 */
const MAX_SIZE = 4 << 20;

/** What lstat returns for a path; undefined if nothing is there. @throws StoreError */
export function statsOf(path: string): Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(path, error);
  }
}

/** The names in a folder; undefined if there is no folder. @throws StoreError */
export function namesIn(folder: string): readonly string[] | undefined {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileError(folder, error);
  }
}

/**
 * Refuses a path that is not a folder of this user, or a folder that other users can write to. A
 * folder that does not exist passes, because the store creates it for this user.
 *
 * @returns device and inode of the folder; undefined if it does not exist
 * @throws StoreError with code `symlink`, `not_a_folder` or `permissions`
 */
export function checkFolder(folder: string): string | undefined {
  const stats = statsOf(folder);
  if (!stats) return undefined;
  if (stats.isSymbolicLink())
    throw storeError(folder, "symlink", "is a symbolic link", "Give the path it points to.");
  if (!stats.isDirectory())
    throw storeError(folder, "not_a_folder", "is a file", "Give the path of a folder.");
  checkOwner(folder, stats);
  if (POSIX && (stats.mode & WRITE_BY_OTHERS) !== 0)
    throw storeError(
      folder,
      "permissions",
      `can be written by others (mode ${modeOf(stats)})`,
      `Run: chmod 700 '${folder}'.`,
    );
  return `${stats.dev}:${stats.ino}`;
}

/**
 * Refuses a store whose folder another user could replace by a different one. Each folder above the
 * store, and each folder that a symbolic link leads through, must belong to this user or to root,
 * and no other user may write to it; sshd demands the same of the files it trusts. Two exceptions
 * are safe: a folder that a group whose only member is this user may write to, and a folder with
 * the sticky bit, such as /tmp, in which other users cannot rename or remove the files of this
 * user. Access control lists are not examined.
 *
 * @param folder the folder above the store
 * @throws StoreError with code `permissions` or `ELOOP`
 */
export const checkFoldersAbove = (folder: string): void => checkPath(folder, 0);

function checkPath(folder: string, links: number): void {
  const { root } = parse(folder);
  const names = relative(root, folder).split(sep).filter(Boolean);
  const paths = [root, ...names.map((_, i) => join(root, ...names.slice(0, i + 1)))];
  for (const [i, path] of paths.entries()) {
    const stats = statsOf(path);
    if (!stats) return;
    checkOwner(path, stats);
    if (stats.isSymbolicLink()) {
      if (links === MAX_LINKS) throw fileError(folder, { code: "ELOOP" });
      return checkPath(resolve(dirname(path), targetOf(path), ...names.slice(i)), links + 1);
    }
    const unsafe = isPrivateGroup(stats) ? WRITE_BY_ALL : WRITE_BY_OTHERS;
    if ((stats.mode & unsafe) !== 0 && (stats.mode & STICKY) === 0)
      throw storeError(
        folder,
        "permissions",
        `lies below ${path}, which others can write to (mode ${modeOf(stats)}), and could be replaced`,
        `Run: chmod go-w '${path}', or set option \`path\` to another folder.`,
      );
  }
}

function targetOf(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch (error) {
    throw fileError(link, error);
  }
}

/**
 * Whether the group has this user as its only member. By convention such a group has the same
 * number as the user, and systems that have such groups make new folders writable for the group.
 */
const isPrivateGroup = ({ uid, gid }: Stats): boolean =>
  uid !== 0 && gid === uid && gid === process.getgid?.();

/**
 * Refuses a file that the store did not write, or that other users can read.
 *
 * @throws StoreError with code `ELOOP`, `damaged` or `permissions`
 */
export function checkFile(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw fileError(path, { code: "ELOOP" });
  if (!stats.isFile())
    throw storeError(path, "damaged", "is not a regular file", INSPECT_THEN_DELETE);
  if (stats.size > MAX_SIZE)
    throw storeError(path, "damaged", "is larger than any record", INSPECT_THEN_DELETE);
  checkOwner(path, stats);
  if (POSIX && (stats.mode & ACCESS_BY_OTHERS) !== 0)
    throw storeError(
      path,
      "permissions",
      `can be read by others (mode ${modeOf(stats)})`,
      `Run: chmod 600 '${path}'. If another user may have read it, revoke the token.`,
    );
}

function checkOwner(path: string, { uid }: Stats): void {
  const user = process.getuid?.();
  if (user !== undefined && uid !== user && uid !== 0)
    throw storeError(
      path,
      "permissions",
      "belongs to another user",
      "Give it to this user with chown, or set option `path` to another folder.",
    );
}

const modeOf = ({ mode }: Stats): string => (mode & 0o1777).toString(8);
