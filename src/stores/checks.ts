/**
 * What has to be true of folders and files before anything is read from them or written there (rule
 * T-19), and what the failures of a file system mean. Node only; loaded when a file store is first
 * used.
 *
 * A look (lstat, readdir) is synchronous: the kernel answers from its caches in some microseconds,
 * and handing the question to a thread takes ten times that in CPU. What may wait for the disk,
 * content and flushes, is asynchronous.
 */
import type { Stats } from "node:fs";
import { storeFault } from "./codec.ts";

// Not imported, so that bundles for platforms without files can be made of the package.
const fs = process.getBuiltinModule("node:fs");
const { dirname, join, parse, relative, resolve, sep } = process.getBuiltinModule("node:path");

export const POSIX = process.platform !== "win32";
/**
 * Bits of a mode: others may read or write a file; others may write to a folder; but may not touch
 * what is not theirs in it.
 */
const OTHERS = 0o077,
  OTHERS_WRITE = 0o022,
  WORLD_WRITE = 0o002,
  STICKY = 0o1000;
/**
 * Symbolic links on the way to a folder, after which they are taken for a circle, as Linux does.
 */
const LINKS = 40;
/** Bytes. The largest token answer there may be, escaped and sealed, takes less. */
const LARGEST = 4 << 20;
/** ms for which a look at the folders above a store holds. */
const WAY_HOLDS = 1000;
/** Folders of keys that are remembered. */
const REMEMBERED = 1000;

/** ms, of a clock that nobody sets and that all processes of a host share. */
export const monotonic = (): number => Number(process.hrtime.bigint() / 1_000_000n);

export interface Guard {
  /**
   * Refuses a folder of the store that another user could put files into, or another folder in the
   * place of. @throws StoreError
   */
  check(folder: string): void;
  /** The same of the store's own folder, with all above it. @throws StoreError */
  checkRoot(): void;
}

/**
 * The folder of a key is looked at with each operation: its kind, owner and mode, and whether it is
 * the very one (device and inode) that it was. The store's folder and those above it matter for one
 * thing, that somebody who can write there could put another folder in the place of this one. So
 * they are looked at whenever it is another one, and else once a second.
 */
export function createGuard(root: string): Guard {
  const known = new Map<string, string>();
  let lookedAt = -Infinity;

  function checkRoot(): void {
    checkFolder(root);
    if (POSIX) checkWay(dirname(root), 0);
    lookedAt = monotonic();
  }

  return {
    checkRoot,
    check(folder) {
      const before = monotonic() - lookedAt < WAY_HOLDS ? known.get(folder) : undefined;
      if (before !== undefined && before === checkFolder(folder)) return;
      checkRoot();
      const identity = checkFolder(folder);
      known.delete(folder);
      if (identity !== undefined) known.set(folder, identity);
      const oldest = known.keys().next();
      if (known.size > REMEMBERED && !oldest.done) known.delete(oldest.value);
    },
  };
}

/**
 * One that is not there will be this user's. @returns which folder it is; undefined if it is not
 * there. @throws StoreError
 */
function checkFolder(folder: string): string | undefined {
  const stats = lookAt(folder);
  if (!stats) return undefined;
  if (stats.isSymbolicLink())
    throw storeFault(folder, "symlink", "is a symbolic link", "Give the path it points to.");
  if (!stats.isDirectory())
    throw storeFault(folder, "not_a_folder", "is a file", "Give the path of a folder.");
  checkOwner(folder, stats);
  if (POSIX && (stats.mode & OTHERS_WRITE) !== 0)
    throw storeFault(
      folder,
      "permissions",
      `can be written by others (mode ${modeOf(stats)})`,
      `Run: chmod 700 '${folder}'.`,
    );
  return `${stats.dev}:${stats.ino}`;
}

/**
 * Refuses a folder that somebody else could put another one in the place of: each folder on the
 * way, and each that a symbolic link leads through, belongs to this user or to root, and nobody
 * else may write to it, as sshd demands of the files it trusts. A user's private group is nobody
 * else, and in a folder with the sticky bit, such as /tmp, others may write, but cannot move what
 * is not theirs. Access control lists are not looked at.
 */
function checkWay(folder: string, links: number): void {
  const { root } = parse(folder);
  const names = relative(root, folder).split(sep).filter(Boolean);
  for (const [i, at] of [
    root,
    ...names.map((_, i) => join(root, ...names.slice(0, i + 1))),
  ].entries()) {
    const stats = lookAt(at);
    if (!stats) return;
    checkOwner(at, stats);
    if (stats.isSymbolicLink()) {
      if (links === LINKS) throw fault(folder, { code: "ELOOP" });
      return checkWay(resolve(dirname(at), targetOf(at), ...names.slice(i)), links + 1);
    }
    if (
      (stats.mode & (isPrivateGroup(stats) ? WORLD_WRITE : OTHERS_WRITE)) !== 0 &&
      (stats.mode & STICKY) === 0
    ) {
      throw storeFault(
        folder,
        "permissions",
        `lies below ${at}, which others can write to (mode ${modeOf(stats)}), and could be replaced`,
        `Run: chmod go-w '${at}', or give another path.`,
      );
    }
  }
}

function targetOf(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch (error) {
    throw fault(link, error);
  }
}

/**
 * A group of this user alone, by the custom that it has the user's number: where there are such
 * groups, new folders are writable to them.
 */
const isPrivateGroup = ({ uid, gid }: Stats): boolean =>
  uid !== 0 && gid === uid && gid === process.getgid?.();

/** Undefined: it is not there. @throws StoreError */
export function lookAt(path: string): Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fault(path, error);
  }
}

/** Names in a folder; undefined if it is not there. @throws StoreError */
export function namesIn(folder: string): readonly string[] | undefined {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fault(folder, error);
  }
}

/** Refuses a file that is none of the store's, or that others can read. @throws StoreError */
export function checkFile(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw fault(path, { code: "ELOOP" });
  if (!stats.isFile())
    throw storeFault(
      path,
      "damaged",
      "is no regular file",
      "Look at it, then call the store's `delete` with the key.",
    );
  if (stats.size > LARGEST)
    throw storeFault(
      path,
      "damaged",
      "is larger than any record",
      "Look at it, then call the store's `delete` with the key.",
    );
  checkOwner(path, stats);
  if (POSIX && (stats.mode & OTHERS) !== 0) {
    throw storeFault(
      path,
      "permissions",
      `can be read by others (mode ${modeOf(stats)})`,
      `Run: chmod 600 '${path}'. If somebody else may have read it, revoke the token.`,
    );
  }
}

function checkOwner(path: string, { uid }: Stats): void {
  const user = process.getuid?.();
  if (user !== undefined && uid !== user && uid !== 0)
    throw storeFault(
      path,
      "permissions",
      "belongs to another user",
      "Give another path, or chown it.",
    );
}

const modeOf = ({ mode }: Stats): string => (mode & 0o1777).toString(8);

export const codeOf = (error: unknown): string | undefined =>
  (error as { code?: string } | undefined)?.code;

const FAULTS: Readonly<Record<string, readonly [what: string, cure: string]>> = {
  ENOSPC: ["is on a disk that is full", "Make room."],
  EDQUOT: ["is on a disk whose quota is used up", "Make room."],
  EMFILE: [
    "cannot be opened, since this process has too many files open",
    "Raise its limit (ulimit -n).",
  ],
  EROFS: ["is on a file system that is read-only", "Give a path that can be written."],
  EACCES: ["may not be accessed by this user", "Give the user the right, or another path."],
  EPERM: [
    "may not be changed by this user, or is on a file system without hard links",
    "Give another path.",
  ],
  ENOTSUP: ["is on a file system without hard links", "Give another path."],
  ELOOP: [
    "is a symbolic link",
    "Put the file itself there, or call the store's `delete` with the key.",
  ],
  ENOENT: ["cannot be made there", "Give another path."],
  ENOTDIR: ["lies below something that is no folder", "Give another path."],
  EISDIR: [
    "is a folder where a file should be",
    "Look at it, then call the store's `delete` with the key.",
  ],
};

/** An error of the file system as one of the store; anything else as it is. */
export function fault(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return error;
  const [what, cure] = FAULTS[code] ?? [`failed (${code})`, "Look at the disk."];
  return storeFault(path, code, what, cure);
}
