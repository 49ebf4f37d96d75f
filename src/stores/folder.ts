/**
 * Numbered files that are never changed: each write is a new file with the next number, put in place by link(2), which fails if
 * the number is taken. That is a compare-and-set which no lock guards: a writer who was frozen for an hour can neither hold up the
 * others nor overwrite what they wrote. Node only; loaded when a file store is first used.
 */
import { storeFault } from "./codec.ts";

// Not imported, so that bundles for platforms without files can be made of the package.
const { constants } = process.getBuiltinModule("node:fs");
const files = process.getBuiltinModule("node:fs/promises");
const os = process.getBuiltinModule("node:os");
const { dirname, isAbsolute, join, resolve } = process.getBuiltinModule("node:path");

export interface Numbered {
  readonly number: number;
  readonly text: string;
  readonly path: string;
}

const POSIX = process.platform !== "win32";
/** Bits of a mode that let others read or write a file, and write a folder. */
const OTHERS = 0o077, OTHERS_WRITE = 0o022;
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
    const number = Math.max(0, ...(await numbersOf(folder, name)));
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
  try {
    await makeFolder(folder, durable);
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
    const newest = Math.max(...(await numbersOf(folder, name)));
    await tidy(folder, name, keep ? newest - 1 : newest);
    return newest === number;
  } catch (error) {
    throw fault(path, error);
  }
}

export async function numbersOf(folder: string, name: string): Promise<number[]> {
  return (await list(folder)).map((file) => (file.startsWith(`${name}.`) ? Number(/^(\d{1,15})\.json$/.exec(file.slice(name.length + 1))?.[1] ?? 0) : 0));
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

/** Refuses a folder that somebody else could put files into. @throws StoreError */
export async function checkFolder(folder: string): Promise<void> {
  try {
    const stats = await files.lstat(folder);
    if (stats.isSymbolicLink()) throw storeFault(folder, "symlink", "is a symbolic link", "Give the path it points to.");
    if (!stats.isDirectory()) throw storeFault(folder, "not_a_folder", "is a file", "Give the path of a folder.");
    const uid = process.getuid?.();
    if (uid !== undefined && stats.uid !== uid && stats.uid !== 0) throw storeFault(folder, "permissions", "belongs to another user", "Give another path, or chown it.");
    if (POSIX && (stats.mode & OTHERS_WRITE) !== 0) throw storeFault(folder, "permissions", `can be written by others (mode ${(stats.mode & 0o777).toString(8)})`, `Run: chmod 700 '${folder}'.`);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw fault(folder, error);
  }
}

const pathOf = (folder: string, name: string, number: number): string => join(folder, `${name}.${number}.json`);

async function readPrivate(path: string): Promise<string> {
  // A named pipe would be waited for: not blocking. Windows has neither flag.
  const file = await files.open(path, constants.O_RDONLY | (POSIX ? constants.O_NOFOLLOW | constants.O_NONBLOCK : 0));
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw storeFault(path, "damaged", "is no regular file", "Look at it, then call the store's `delete` with the key.");
    if (POSIX && (stats.mode & OTHERS) !== 0) {
      throw storeFault(path, "permissions", `can be read by others (mode ${(stats.mode & 0o777).toString(8)})`, `Run: chmod 600 '${path}'. If somebody else may have read it, revoke the token.`);
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
