/** Tokens in a folder, for any number of processes of one host (rule T-19). */
import { shareable } from "../sharing/shareable.ts";
import { ConfigurationError, StoreError } from "../errors.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import {
  decodeRecord,
  encodeRecord,
  encryptionOf,
  keyIn,
  storeFault,
  type Encryption,
} from "./codec.ts";
import type { Numbered } from "./folder.ts";
import { endOf, keepUnusedForOf, type Keeping } from "./keeping.ts";
import { partOf } from "../tokens/latch-key.ts";
import type { BuiltInTokenStore, ListEntry, TokenRecord } from "../tokens/token-store.ts";

export interface FileStoreOptions extends Partial<Encryption>, Keeping {
  /**
   * The folder, made with mode 0700 if it is not there. By default `corrigenda` in the XDG state
   * folder: `$XDG_STATE_HOME`, else `~/.local/state`; on Windows `%LOCALAPPDATA%`. On a local file
   * system with hard links.
   */
  readonly path?: string;
}

const OPTIONS = namesOf<FileStoreOptions>({
  path: true,
  keepUnusedFor: true,
  seal: true,
  open: true,
});

/**
 * A lease, as it is written. `since` is of the clock that all processes of a host share and nobody
 * sets, in ms.
 */
interface WrittenLease {
  readonly owner: string;
  readonly since: number;
  readonly ms: number;
}

/** ms that a lease for tidying up lasts, which takes a few. */
const TIDYING = 5000;
/**
 * ms for which a latch keeps the folder of a key that holds no token: longer than anything latches.
 */
const LATCH_LIFETIME = 60 * 60_000;
/**
 * Folders that are looked at, at once, by a list; and by chance, with each new key, where records
 * end.
 */
const AT_ONCE = 16,
  BY_CHANCE = 20;
/** Times that others may come first; each of them has written something, so there are few. */
const ATTEMPTS = 100;

/**
 * A folder for each key, in it the newest record as `token.<n>.json`, and `lease.<n>.json` and
 * `latch.<n>.json` where there was one. Every record is flushed to the disk, file and folder,
 * before it counts.
 * @throws ConfigurationError
 */
export function createFileStore(options: FileStoreOptions = {}): BuiltInTokenStore {
  const encryption = encryptionOf(options);
  requireKnown(options, OPTIONS);
  const keep = keepUnusedForOf(options);
  const { path } = options;
  // A shell makes `~` a home, and nobody else does.
  if (
    path !== undefined &&
    (typeof path !== "string" || path === "" || path.includes("\0") || /^~(\/|$)/.test(path))
  )
    throw new ConfigurationError({
      option: "path",
      message: "Option `path` must be the path of a folder; `~` is no home here.",
    });

  /** Loaded at the first use, so that the package loads where there are no files. */
  let opened: ReturnType<typeof open> | undefined;
  async function open() {
    const { createFolders, defaultFolder, normalized, ...files } = await import("./folder.ts");
    const root = path === undefined ? defaultFolder() : normalized(path);
    return { ...files, ...createFolders(root), root };
  }
  const io = () => (opened ??= open());

  /**
   * Folders that were seen without a record while a lease was held: they are done away with when it
   * is given back.
   */
  const empty = new Set<string>();
  /** Folders whose lease another owner had at the last attempt. */
  const refused = new Set<string>();

  /**
   * The folder of a credential; a record and a latch are told apart by the names of their files.
   */
  async function at(key: string) {
    const files = await io();
    const folder = `${files.root}/${files.folderName(partOf(key).key)}`;
    files.check(folder);
    return { folder, files };
  }

  async function recordIn(
    newest: Numbered | undefined,
    key: string,
  ): Promise<TokenRecord | undefined> {
    return newest && !isDeletion(newest.text)
      ? decodeRecord(newest.text, key, newest.path, encryption)
      : undefined;
  }

  /** One attempt. @returns undefined if another process wrote first */
  async function tryLease(folder: string, owner: string, ms: number): Promise<boolean | undefined> {
    const { put, readNewest, monotonic } = await io();
    const isFree = (newest: Numbered | undefined): boolean => {
      const held = heldIn(newest, monotonic());
      return !held || held.owner === owner;
    };
    // Who was refused comes again and again, and need not write for that.
    if (refused.has(folder) && !isFree(await readNewest(folder, "lease"))) return false;
    const outcome = await put(folder, "lease", {
      text: JSON.stringify({ owner, since: monotonic(), ms }),
      flush: "nothing",
      may: isFree,
    });
    if (outcome === "refused") refused.add(folder);
    else refused.delete(folder);
    return outcome === "overtaken" ? undefined : outcome === "written";
  }

  /**
   * Does away with a folder, under a lease that keeps everybody else from taking one there. @param
   * may whether its newest record may go
   */
  async function remove(
    folder: string,
    may?: (newest: Numbered | undefined) => boolean,
  ): Promise<boolean> {
    const { check, put, bury, CLOSED } = await io();
    check(folder);
    if (
      (await put(folder, "token", { text: CLOSED, flush: "all", ...(may && { may }) })) !==
      "written"
    )
      return false;
    await bury(folder);
    return true;
  }

  /** The same, if the lease can be had. */
  async function removeInTurn(
    folder: string,
    may?: (newest: Numbered | undefined) => boolean,
  ): Promise<boolean> {
    const owner = `tidying/${crypto.randomUUID()}`;
    const { readNewest, empty: giveBack, monotonic } = await io();
    if (!(await tryLease(folder, owner, TIDYING).catch(() => false))) return false;
    let removed = false;
    try {
      return (removed = await remove(folder, may));
    } finally {
      const lease = removed ? undefined : await readNewest(folder, "lease");
      if (lease && heldIn(lease, monotonic())?.owner === owner) await giveBack(lease.path);
    }
  }

  /** Whether a folder holds neither a token nor a latch that may still hold. */
  async function isEmpty(folder: string): Promise<boolean> {
    const { readNewest, lookAt } = await io();
    const record = await readNewest(folder, "token");
    if (record && !isDeletion(record.text)) return false;
    const latch = await readNewest(folder, "latch");
    return (
      !latch ||
      isDeletion(latch.text) ||
      Date.now() - (lookAt(latch.path)?.mtimeMs ?? 0) > LATCH_LIFETIME
    );
  }
  const isDeleted = (newest: Numbered | undefined): boolean =>
    newest !== undefined && isDeletion(newest.text);

  /**
   * What a list tells of a folder, which is tidied up along the way. Undefined: it holds no token.
   */
  async function entryOf(name: string): Promise<ListEntry | undefined> {
    const { root, check, newestOf, pathOf, readNewest, folderName } = await io();
    const folder = `${root}/${name}`;
    let place = folder;
    try {
      check(folder);
      const number = newestOf(folder, "token");
      if (number > 0) place = pathOf(folder, "token", number);
      const newest = await readNewest(folder, "token");
      if (!newest || isDeletion(newest.text)) {
        if (await isEmpty(folder)) await removeInTurn(folder, isDeleted);
        return undefined;
      }
      place = newest.path;
      const key = keyIn(newest.text);
      if (key === undefined || folderName(key) !== name)
        throw storeFault(
          place,
          "damaged",
          "is damaged, and does not tell its key",
          "Look at it, then call the store's `delete` with the key, or remove its folder while no process uses it.",
        );
      return keep !== undefined &&
        (await isOver(newest, key, keep)) &&
        (await removeInTurn(folder, (now) => now?.number === newest.number))
        ? undefined
        : { key };
    } catch (error) {
      if (error instanceof StoreError) return { problem: error, path: place };
      throw error;
    }
  }

  /** Saved, and expired, longer ago than records are kept. One that cannot be read stays. */
  async function isOver(newest: Numbered, key: string, keep: number): Promise<boolean> {
    const saved = (await io()).lookAt(newest.path)?.mtimeMs;
    if (saved === undefined || saved + keep > Date.now()) return false;
    const record = await recordIn(newest, key).catch(() => undefined);
    return record !== undefined && endOf(record, saved) + keep <= Date.now();
  }

  async function foldersIn(): Promise<string[]> {
    const { root, checkRoot, namesIn, isFolderName } = await io();
    checkRoot();
    return (namesIn(root) ?? []).filter(isFolderName);
  }

  /**
   * A few folders, by chance, so that what is over goes though nobody lists, and no call waits long
   * for it.
   */
  async function tidyByChance(): Promise<void> {
    const names = await foldersIn();
    const chosen = Array.from(
      { length: BY_CHANCE },
      () => names[Math.floor(Math.random() * names.length)],
    ).filter((name) => name !== undefined);
    for (const name of new Set(chosen)) await entryOf(name);
  }

  return shareable({
    async get(key) {
      const {
        folder,
        files: { readNewest },
      } = await at(key);
      const newest = await readNewest(folder, partOf(key).part);
      if (partOf(key).part === "token" && isDeleted(newest)) empty.add(folder);
      return recordIn(newest, key);
    },
    async set(key, record: TokenRecord, expected) {
      const {
        folder,
        files: { put },
      } = await at(key);
      const text = await encodeRecord(record, key, encryption);
      // An intent is beside a token that was saved before. Without it, after a power cut, its owner
      // is as dead as with it.
      const flush = record.intent === undefined ? "all" : "file";
      const outcome = await put(folder, partOf(key).part, {
        text,
        flush,
        may: async (newest) => ((await recordIn(newest, key))?.generation ?? 0) === expected,
      });
      if (keep !== undefined && expected === 0 && outcome === "written")
        await tidyByChance().catch(() => undefined);
      return outcome === "written";
    },
    async delete(key) {
      const {
        folder,
        files: { put, newestOf, readNewest, namesIn, DELETED },
      } = await at(key);
      if (!namesIn(folder)?.length) return;
      const { part } = partOf(key);
      if (part === "token" && (await removeInTurn(folder))) return;
      // A process has the lease: the folder is its own to remove, or goes with the next list.
      if (part === "token") empty.add(folder);
      for (const one of part === "latch" ? (["latch"] as const) : (["token", "latch"] as const)) {
        await untilDone(folder, async () => {
          // By its number alone, so that a damaged one can be deleted too.
          if (
            newestOf(folder, one) === 0 ||
            isDeleted(await readNewest(folder, one).catch(() => undefined))
          )
            return true;
          return (await put(folder, one, { text: DELETED, flush: "all" })) === "written";
        });
      }
    },
    async list() {
      const entries = await eachOf(await foldersIn(), AT_ONCE, entryOf);
      await (await io()).sweep();
      return entries.filter((entry) => entry !== undefined);
    },
    async lease(key, owner, ms) {
      const { folder } = await at(key);
      let taken: boolean | undefined;
      await untilDone(
        folder,
        async () => (taken = await tryLease(folder, owner, ms)) !== undefined,
      );
      return taken === true;
    },
    async release(key, owner) {
      const {
        folder,
        files: { readNewest, empty: giveBack, monotonic },
      } = await at(key);
      const newest = await readNewest(folder, "lease");
      if (!newest || heldIn(newest, monotonic())?.owner !== owner) return;
      if (
        empty.delete(folder) &&
        (await isEmpty(folder).catch(() => false)) &&
        (await remove(folder, isDeleted))
      )
        return;
      await giveBack(newest.path);
    },
  });
}

/** Does something with each of many, so many at once. @returns what came of it, in order */
async function eachOf<T, R>(
  all: readonly T[],
  atOnce: number,
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const rest = all.entries();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [i, one] of rest) results[i] = await work(one);
    }),
  );
  return results;
}

/**
 * @param step whether it is done; else somebody else wrote first, and it is tried again. @throws
 *   StoreError
 */
async function untilDone(place: string, step: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < ATTEMPTS; tries += 1) if (await step()) return;
  throw storeFault(place, "changes", "changes at every look", "Look at what else writes there.");
}

const isDeletion = (text: string): boolean => /^\{"version":1,"deleted":true[,}]/.test(text);

/**
 * The lease that holds now. One from the future was written before the machine was started again.
 */
function heldIn(newest: Numbered | undefined, now: number): WrittenLease | undefined {
  const held = newest && parseLease(newest.text);
  return held && now - held.since >= 0 && now - held.since < held.ms ? held : undefined;
}

/** What cannot be read is no lease: it was cut off by a crash of the machine. */
function parseLease(text: string): WrittenLease | undefined {
  try {
    const { owner, since, ms } = JSON.parse(text) as Partial<Record<keyof WrittenLease, unknown>>;
    return typeof owner === "string" && typeof since === "number" && typeof ms === "number"
      ? { owner, since, ms }
      : undefined;
  } catch {
    return undefined;
  }
}
