/**
 * Numbered files that are never changed: each write is a new file with the next number, put in
 * place by link(2), which fails if the number is taken. That is a compare-and-set which no lock
 * guards: a writer who was frozen for an hour can neither hold up the others nor overwrite what
 * they wrote. Node only; loaded when a file store is first used.
 *
 * A folder is born, and dies when its key is deleted: life.ts says how its lives are kept apart.
 */
import type { Stats } from "node:fs";
import { StoreError } from "../errors.ts";
import { codeOf, createGuard, fault, lookAt, namesIn, POSIX, type Guard } from "./checks.ts";
import { storeFault } from "./codec.ts";
import { createContents } from "./contents.ts";
import { create, flushed, sync } from "./disk.ts";
import { bear, bury, CLOSED } from "./life.ts";

export { lookAt, monotonic, namesIn } from "./checks.ts";
export { bury, CLOSED, DELETED } from "./life.ts";

// Not imported, so that bundles for platforms without files can be made of the package.
const fs = process.getBuiltinModule("node:fs");
const files = process.getBuiltinModule("node:fs/promises");
const os = process.getBuiltinModule("node:os");
const { createHash } = process.getBuiltinModule("node:crypto");
const { basename, isAbsolute, join, resolve } = process.getBuiltinModule("node:path");

export type Part = "token" | "latch" | "lease";

export interface Numbered {
  readonly number: number;
  readonly text: string;
  readonly path: string;
}

/** The last number that a file may have: it is read exactly, and so is the one before. */
const HIGHEST = 999_999_999_999_999;
/** ms after which a temporary file was left behind by a process that died. */
const ABANDONED = 60_000;
/** Times that others may come first; each of them has written something, so there are few. */
const ATTEMPTS = 100;
/**
 * Looks before a folder is taken to hold no record at all, which each living one does: on some
 * systems a look may fall between two names.
 */
const LOOKS = 3;

/**
 * `corrigenda` in the folder for state of the XDG Base Directory Specification, which has relative
 * paths ignored.
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
 * Without `.`, `..` and slashes at its end, with which a symbolic link would be the folder it
 * points to.
 */
export const normalized = (path: string): string => resolve(path);

/** Of the folder of a key. */
export const folderName = (key: string): string =>
  createHash("sha256").update(key).digest("hex").slice(0, 40);
export const isFolderName = (name: string): boolean => /^[0-9a-f]{40}$/.test(name);

export interface Put {
  readonly text: string;
  /**
   * What is flushed to the disk before the write counts. `all`: file and folder. `file`: so that it
   * is whole if it lasts; if it does not, the file before it does, which is not tidied away.
   */
  readonly flush: "all" | "file" | "nothing";
  /**
   * Whether it may follow what is there; what it throws is thrown on. Absent: it may follow
   * anything, also what cannot be read.
   */
  readonly may?: (newest: Numbered | undefined) => boolean | Promise<boolean>;
}

/** `overtaken`: another process wrote first. `refused`: it may not follow what is there. */
export type Outcome = "written" | "overtaken" | "refused";

export interface Folders extends Guard {
  /** The file with the highest number, undefined if there is none. @throws StoreError */
  readNewest(folder: string, part: Part): Promise<Numbered | undefined>;
  /** The highest number of a file, 0 if there is none. @throws StoreError */
  newestOf(folder: string, part: Part): number;
  /**
   * Writes the next file, if it may: `written` if it was put in place, and is the newest. @throws
   * StoreError
   */
  put(folder: string, part: Part, put: Put): Promise<Outcome>;
  /**
   * Empties a file, best effort. Whoever reads it meanwhile finds it whole, or empty, or cut off.
   */
  empty(path: string): Promise<void>;
  /** Removes what processes that died left beside the folders. Best effort. */
  sweep(): Promise<void>;
}

export function createFolders(root: string): Folders {
  const guard = createGuard(root);
  const contents = createContents();
  /** Folders that could not be flushed after a write: the next one has to do it. */
  const unflushed = new Set<string>();

  /** Names in a folder, a record among them if it is a living one. */
  function recordsIn(folder: string): readonly string[] {
    for (let looks = 1; ; looks += 1) {
      const names = namesIn(folder) ?? [];
      if (names.length === 0 || looks === LOOKS || highest(names, "token") > 0) return names;
    }
  }

  const newestOf = (folder: string, part: Part): number => highest(recordsIn(folder), part);

  async function readNewest(folder: string, part: Part): Promise<Numbered | undefined> {
    for (let tries = 0; tries < ATTEMPTS; tries += 1) {
      const number = newestOf(folder, part);
      if (number === 0) return undefined;
      const text = await textOf(folder, part, number, false);
      if (text !== undefined) return { number, path: pathOf(folder, part, number), text };
    }
    throw storeFault(folder, "changes", "changes at every look", "Look at what else writes there.");
  }

  /** The folder was checked just now. */
  async function put(folder: string, part: Part, todo: Put): Promise<Outcome> {
    for (let tries = 0; tries < ATTEMPTS; tries += 1) {
      if (tries > 0) guard.check(folder);
      const temporary = join(folder, `temporary.${part}.${crypto.randomUUID()}`);
      let swept: Promise<unknown> | undefined;
      const sweep = (): Promise<unknown> =>
        (swept ??= files.unlink(temporary).catch(() => undefined));
      try {
        const outcome = await tryPut(folder, part, todo, temporary, sweep);
        if (outcome !== "again") return outcome;
      } catch (error) {
        // There is no folder, or the temporary file was swept away: what was looked at may be of an
        // earlier life of the folder.
        if (error instanceof StoreError || codeOf(error) !== "ENOENT") throw fault(folder, error);
        await bear(root, folder);
      } finally {
        await sweep();
      }
    }
    throw storeFault(folder, "changes", "changes at every look", "Look at what else writes there.");
  }

  async function tryPut(
    folder: string,
    part: Part,
    { text, flush, may }: Put,
    temporary: string,
    sweep: () => Promise<unknown>,
  ): Promise<Outcome | "again"> {
    const file = await create(temporary);
    let number: number;
    let stats: Stats;
    try {
      // All of it: one write may take less, on a disk that is nearly full.
      fs.writeFileSync(file, text);
      // Only now: life.ts says why.
      const names = recordsIn(folder);
      const record = highest(names, "token");
      number = highest(names, part);
      const newest =
        number === 0
          ? undefined
          : {
              number,
              path: pathOf(folder, part, number),
              text: await textOf(folder, part, number, may === undefined),
            };
      // Nothing is written into a life that is over, a lease neither: it would be removed with it.
      const last =
        record === 0
          ? undefined
          : part === "token"
            ? newest?.text
            : await textOf(folder, "token", record, true);
      if (record === 0 || last === CLOSED) {
        await (record === 0 ? bear(root, folder) : bury(folder));
        return "again";
      }
      // Tidied away since it was listed.
      if (newest !== undefined && newest.text === undefined) return "again";
      if (may && !(await may(newest as Numbered | undefined))) return "refused";
      if (number >= HIGHEST)
        throw storeFault(
          pathOf(folder, part, number),
          "no_number",
          "has the highest number there can be, so that nothing can be written after it",
          "No store wrote it: look at it, then remove it.",
        );
      if (flush !== "nothing") await flushed(file);
      stats = fs.fstatSync(file);
    } finally {
      fs.closeSync(file);
    }
    const outcome = await putInPlace(
      folder,
      part,
      number + 1,
      temporary,
      flush,
      sweep,
      text === CLOSED,
    );
    if (outcome === "written") contents.wrote(pathOf(folder, part, number + 1), text, stats);
    return outcome;
  }

  /**
   * Undefined: it is not there any more. @param unreadable whether it may be unreadable, and counts
   * as empty then
   */
  async function textOf(
    folder: string,
    part: Part,
    number: number,
    unreadable: boolean,
  ): Promise<string | undefined> {
    const path = pathOf(folder, part, number);
    try {
      return await contents.read(path);
    } catch (error) {
      if (isTidiedAway(error)) return undefined;
      if (unreadable) return "";
      throw fault(path, error);
    }
  }

  /**
   * @param closes whether this ends the life of the folder: once it is in place, that has happened
   */
  async function putInPlace(
    folder: string,
    part: Part,
    number: number,
    temporary: string,
    flush: Put["flush"],
    sweep: () => Promise<unknown>,
    closes: boolean,
  ): Promise<Outcome> {
    try {
      await files.link(temporary, pathOf(folder, part, number));
    } catch (error) {
      if (codeOf(error) === "EEXIST") return "overtaken";
      throw error;
    }
    const whole = flush === "all" || (flush === "file" && unflushed.has(folder));
    if (whole) {
      unflushed.add(folder);
      if (await sync(folder)) unflushed.delete(folder);
    }
    const names = namesIn(folder) ?? [];
    // One that was free again since it was tidied away: whoever wrote later is right.
    const isNewest = highest(names, part) === number;
    // Without its temporary file this life of the folder is over: what is there belongs to a later
    // life, and is left alone.
    if (!isNewest && !names.includes(basename(temporary))) return closes ? "written" : "overtaken";
    // Before this one is certain to last, the one before it has to.
    const below = isNewest ? (flush === "file" && !whole ? 0 : number) : number + 1;
    await Promise.all([
      sweep(),
      tidy(
        folder,
        part,
        below,
        names.filter((name) => join(folder, name) !== temporary),
      ),
    ]);
    return isNewest ? "written" : "overtaken";
  }

  async function sweep(): Promise<void> {
    for (const name of (namesIn(root) ?? []).filter((name) => name.startsWith("temporary."))) {
      const path = join(root, name);
      if (Date.now() - (lookAt(path)?.mtimeMs ?? Infinity) > ABANDONED)
        await files.rm(path, { recursive: true }).catch(() => undefined);
    }
  }

  return { ...guard, newestOf, readNewest, put, empty: contents.empty, sweep };
}

/** On Windows a file that is being deleted is there still, and may not be opened. */
const isTidiedAway = (error: unknown): boolean =>
  codeOf(error) === "ENOENT" || (!POSIX && /^E(PERM|BUSY)$/.test(codeOf(error) ?? ""));

/** The highest number of the names of a part, 0 if there is none. */
export const highest = (names: readonly string[], part: Part): number =>
  names.reduce((most, name) => Math.max(most, numberOf(name, part)), 0);

const numberOf = (name: string, part: Part): number =>
  name.startsWith(`${part}.`)
    ? Number(/^([1-9]\d{0,14})\.json$/.exec(name.slice(part.length + 1))?.[1] ?? 0)
    : 0;

export const pathOf = (folder: string, part: Part, number: number): string =>
  join(folder, `${part}.${number}.json`);

/** Best effort: what stays behind is tidied away with the next write. */
async function tidy(
  folder: string,
  part: Part,
  below: number,
  names: readonly string[],
): Promise<void> {
  const isOld = (name: string): boolean => {
    const number = numberOf(name, part);
    return number > 0 && number < below;
  };
  const isAbandoned = (name: string): boolean =>
    name.startsWith("temporary.") &&
    Date.now() - (lookAt(join(folder, name))?.mtimeMs ?? Infinity) > ABANDONED;
  await Promise.all(
    names
      .filter((name) => isOld(name) || isAbandoned(name))
      .map((name) => files.unlink(join(folder, name)).catch(() => undefined)),
  );
}
