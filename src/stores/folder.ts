/**
 * Numbered files that are never changed: each write is a new file with the next number, put in place by link(2), which fails if
 * the number is taken. That is a compare-and-set which no lock guards: a writer who was frozen for an hour can neither hold up the
 * others nor overwrite what they wrote. Node only; loaded when a file store is first used.
 */
import type { Stats } from "node:fs";
import { storeFault } from "./codec.ts";

// Not imported, so that bundles for platforms without files can be made of the package.
const { constants } = process.getBuiltinModule("node:fs");
const files = process.getBuiltinModule("node:fs/promises");
const os = process.getBuiltinModule("node:os");
const { dirname, isAbsolute, join, parse, relative, resolve, sep } = process.getBuiltinModule("node:path");

export interface Numbered {
  readonly number: number;
  readonly text: string;
  readonly path: string;
}

const POSIX = process.platform !== "win32";
/** Bits of a mode: others may read or write a file; others may write to a folder; but may not touch what is not theirs in it. */
const OTHERS = 0o077, OTHERS_WRITE = 0o022, WORLD_WRITE = 0o002, STICKY = 0o1000;
/** Symbolic links on the way to a folder, after which they are taken for a circle, as Linux does. */
const LINKS = 40;
/** The last number that a file may have: it is read exactly, and so is the one before. */
const HIGHEST = 999_999_999_999_999;
/** Bytes. The largest token answer there may be, escaped and sealed, takes less. */
const LARGEST = 4 << 20;
/** ms after which a temporary file was left behind by a process that died. */
const ABANDONED = 60_000;
/** Times that a file may be tidied away between being listed and being opened. */
const ATTEMPTS = 100;

/** `corrigenda` in the folder for state of the XDG Base Directory Specification, which has relative paths ignored. */
export function defaultFolder(): string {
  const { XDG_STATE_HOME: state, LOCALAPPDATA: local } = process.env;
  const base = state && isAbsolute(state) ? state : POSIX || !local ? join(os.homedir(), ".local", "state") : local;
  return join(base, "corrigenda");
}

/** Without `.`, `..` and slashes at its end, with which a symbolic link would be the folder it points to. */
export const normalized = (path: string): string => resolve(path);

/** ms, of a clock that nobody sets and that all processes of a host share. */
export const monotonic = (): number => Number(process.hrtime.bigint() / 1_000_000n);

/** The file with the highest number, undefined if there is none. @throws StoreError */
export async function readNewest(folder: string, name: string): Promise<Numbered | undefined> {
  for (let tries = 0; ; tries += 1) {
    const number = await newestOf(folder, name);
    if (number === 0) return undefined;
    const path = pathOf(folder, name, number);
    try {
      return { number, path, text: await readPrivate(path) };
    } catch (error) {
      // On Windows a file that is being deleted is there still, and may not be opened.
      const tidiedAway = codeOf(error) === "ENOENT" || (!POSIX && /^E(PERM|BUSY)$/.test(codeOf(error) ?? ""));
      if (!tidiedAway || tries === ATTEMPTS) throw fault(path, error);
    }
  }
}

/** @param keep whether the file before this one stays. @returns whether the file was put in place, and is the newest */
export async function append(folder: string, name: string, number: number, text: string, { durable, keep = true }: { readonly durable: boolean; readonly keep?: boolean }): Promise<boolean> {
  const path = pathOf(folder, name, number);
  if (number > HIGHEST) throw storeFault(pathOf(folder, name, number - 1), "no_number", "has the highest number there can be, so that nothing can be written after it", "No store wrote it: look at it, then remove it.");
  try {
    await makeFolder(folder, durable);
    // Somebody else may have made one of these folders in the meantime.
    await checkRoot(dirname(folder));
    await checkFolder(folder);
    const temporary = join(folder, `temporary.${name}.${crypto.randomUUID()}`);
    try {
      await write(temporary, text, durable);
      await files.link(temporary, path);
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    } finally {
      await files.unlink(temporary).catch(() => undefined);
    }
    if (durable) await sync(folder);
    // One that was listed long ago, and is free again since it was tidied away: whoever wrote later is right.
    const newest = await newestOf(folder, name);
    await tidy(folder, name, keep ? newest - 1 : newest);
    return newest === number;
  } catch (error) {
    throw fault(path, error);
  }
}

/** The highest number of a file, 0 if there is none. */
export async function newestOf(folder: string, name: string): Promise<number> {
  const numbers = (await list(folder)).map((file) => (file.startsWith(`${name}.`) ? Number(/^([1-9]\d{0,14})\.json$/.exec(file.slice(name.length + 1))?.[1] ?? 0) : 0));
  return numbers.reduce((highest, number) => Math.max(highest, number), 0);
}

/** Names in a folder; none if it is not there. @throws StoreError */
export async function list(folder: string): Promise<string[]> {
  try {
    return await files.readdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw fault(folder, error);
  }
}

/** Refuses a folder that somebody else could put files into. One that is not there will be this user's. @throws StoreError */
export async function checkFolder(folder: string): Promise<void> {
  const stats = await lookAt(folder);
  if (!stats) return;
  if (stats.isSymbolicLink()) throw storeFault(folder, "symlink", "is a symbolic link", "Give the path it points to.");
  if (!stats.isDirectory()) throw storeFault(folder, "not_a_folder", "is a file", "Give the path of a folder.");
  checkOwner(folder, stats);
  if (POSIX && (stats.mode & OTHERS_WRITE) !== 0) throw storeFault(folder, "permissions", `can be written by others (mode ${modeOf(stats)})`, `Run: chmod 700 '${folder}'.`);
}

/**
 * The same, and refuses a folder that somebody else could put another one in the place of: each folder above it, and each that a symbolic
 * link on the way leads through, belongs to this user or to root, and nobody else may write to it, as sshd demands of the files it trusts.
 * A user's private group is nobody else, and in a folder with the sticky bit, such as /tmp, others may write, but cannot move what is not theirs.
 * Access control lists are not looked at.
 * @throws StoreError
 */
export async function checkRoot(folder: string): Promise<void> {
  if (POSIX) await checkWay(dirname(folder), 0);
  await checkFolder(folder);
}

async function checkWay(folder: string, links: number): Promise<void> {
  const { root } = parse(folder);
  const names = relative(root, folder).split(sep).filter(Boolean);
  for (const [i, at] of [root, ...names.map((_, i) => join(root, ...names.slice(0, i + 1)))].entries()) {
    const stats = await lookAt(at);
    if (!stats) return;
    checkOwner(at, stats);
    if (stats.isSymbolicLink()) {
      if (links === LINKS) throw storeFault(folder, "ELOOP", ...FAULTS["ELOOP"]!);
      const target = await files.readlink(at).catch((error: unknown) => { throw fault(at, error); });
      return checkWay(resolve(dirname(at), target, ...names.slice(i)), links + 1);
    }
    if ((stats.mode & (isPrivateGroup(stats) ? WORLD_WRITE : OTHERS_WRITE)) !== 0 && (stats.mode & STICKY) === 0) {
      throw storeFault(folder, "permissions", `lies below ${at}, which others can write to (mode ${modeOf(stats)}), and could be replaced`, `Run: chmod go-w '${at}', or give another path.`);
    }
  }
}

/** A group of this user alone, by the custom that it has the user's number: where there are such groups, new folders are writable to them. */
const isPrivateGroup = ({ uid, gid }: Stats): boolean => uid !== 0 && gid === uid && gid === process.getgid?.();

/** Undefined: it is not there. */
async function lookAt(path: string): Promise<Stats | undefined> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fault(path, error);
  }
}

function checkOwner(path: string, { uid }: Stats): void {
  const user = process.getuid?.();
  if (user !== undefined && uid !== user && uid !== 0) throw storeFault(path, "permissions", "belongs to another user", "Give another path, or chown it.");
}

const modeOf = ({ mode }: Stats): string => (mode & 0o1777).toString(8);

const pathOf = (folder: string, name: string, number: number): string => join(folder, `${name}.${number}.json`);

async function readPrivate(path: string): Promise<string> {
  // A named pipe would be waited for: not blocking. Windows has neither flag.
  const file = await files.open(path, constants.O_RDONLY | (POSIX ? constants.O_NOFOLLOW | constants.O_NONBLOCK : 0));
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw storeFault(path, "damaged", "is no regular file", "Look at it, then call the store's `delete` with the key.");
    if (stats.size > LARGEST) throw storeFault(path, "damaged", "is larger than any record", "Look at it, then call the store's `delete` with the key.");
    checkOwner(path, stats);
    if (POSIX && (stats.mode & OTHERS) !== 0) {
      throw storeFault(path, "permissions", `can be read by others (mode ${modeOf(stats)})`, `Run: chmod 600 '${path}'. If somebody else may have read it, revoke the token.`);
    }
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** Level by level: Node's own `recursive` never ends where a folder cannot be made and its parent is there, as in /proc. */
async function makeFolder(folder: string, durable: boolean): Promise<void> {
  const make = (): Promise<unknown> => files.mkdir(folder, { mode: 0o700 }).catch((error: unknown) => (codeOf(error) === "EEXIST" ? "there" : Promise.reject(error as Error)));
  const parent = dirname(folder);
  const made = await make().catch(async (error: unknown) => {
    if (codeOf(error) !== "ENOENT" || parent === folder) throw error;
    await makeFolder(parent, durable);
    return make();
  });
  if (made !== "there" && durable) await sync(parent); // A new folder's own entry has to last, too.
}

async function write(path: string, text: string, durable: boolean): Promise<void> {
  const file = await files.open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

/** On Windows a folder cannot be opened: there the file system's own journal has to do. */
async function sync(folder: string): Promise<void> {
  if (!POSIX) return;
  const handle = await files.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Best effort: what stays behind is tidied away with the next write. */
async function tidy(folder: string, name: string, below: number): Promise<void> {
  for (const file of await list(folder)) {
    const path = join(folder, file);
    const old = file.startsWith(`${name}.`) && Number(/\.(\d+)\.json$/.exec(file)?.[1] ?? Infinity) < below;
    const abandoned = file.startsWith("temporary.") && Date.now() - ((await files.lstat(path).catch(() => undefined))?.mtimeMs ?? Date.now()) > ABANDONED;
    if (old || abandoned) await files.unlink(path).catch(() => undefined);
  }
}

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;

const FAULTS: Readonly<Record<string, readonly [what: string, cure: string]>> = {
  ENOSPC: ["is on a disk that is full", "Make room."],
  EDQUOT: ["is on a disk whose quota is used up", "Make room."],
  EROFS: ["is on a file system that is read-only", "Give a path that can be written."],
  EACCES: ["may not be accessed by this user", "Give the user the right, or another path."],
  EPERM: ["may not be changed by this user, or is on a file system without hard links", "Give another path."],
  ENOTSUP: ["is on a file system without hard links", "Give another path."],
  ELOOP: ["is a symbolic link", "Put the file itself there, or call the store's `delete` with the key."],
  ENOENT: ["cannot be made there", "Give another path."],
  ENOTDIR: ["lies below something that is no folder", "Give another path."],
  EISDIR: ["is a folder where a file should be", "Look at it, then call the store's `delete` with the key."],
};

function fault(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return error;
  const [what, cure] = FAULTS[code] ?? [`failed (${code})`, "Look at the disk."];
  return storeFault(path, code, what, cure);
}
