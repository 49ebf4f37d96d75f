/** Tokens in a folder, for any number of processes of one host (rule T-19). */
import { ConfigurationError } from "../errors.ts";
import { decodeRecord, encodeRecord, encryptionOf, keyIn, storeFault, type Encryption } from "./codec.ts";
import { partOf } from "./latch-key.ts";
import type { SharedTokenStore, TokenRecord } from "./store.ts";

export interface FileStoreOptions extends Partial<Encryption> {
  /**
   * The folder, made with mode 0700 if it is not there. By default `corrigenda` in the XDG state folder: `$XDG_STATE_HOME`, else
   * `~/.local/state`; on Windows `%LOCALAPPDATA%`. On a local file system with hard links.
   */
  readonly path?: string;
}

/** What a deletion leaves, so that its number stays taken. */
const DELETED = JSON.stringify({ version: 1, deleted: true });

/** A lease, as it is written. `since` is of the clock that all processes of a host share and nobody sets, in ms. */
interface WrittenLease { readonly owner: string; readonly since: number; readonly ms: number }

/**
 * A folder for each key, in it the newest record as `token.<n>.json`, the one before, `lease.<n>.json` and `latch.<n>.json`. Every write is flushed
 * to the disk, file and folder, before it counts.
 * @throws ConfigurationError
 */
export function createFileStore(options: FileStoreOptions = {}): SharedTokenStore {
  const encryption = encryptionOf(options);
  const { path } = options;
  // A shell makes `~` a home, and nobody else does.
  if (path !== undefined && (typeof path !== "string" || path === "" || path.includes("\0") || /^~(\/|$)/.test(path))) throw new ConfigurationError({ option: "path", message: "Option `path` must be the path of a folder; `~` is no home here." });

  /** Loaded at the first use, so that the package loads where there are no files. */
  async function io() {
    const files = await import("./folder.ts");
    const root = path === undefined ? files.defaultFolder() : files.normalized(path);
    await files.checkRoot(root);
    return { ...files, root };
  }

  /** The folder of a credential; a record and a latch are told apart by the names of their files. */
  async function folderOf(key: string) {
    const files = await io();
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(partOf(key).key));
    const name = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 40);
    const folder = `${files.root}/${name}`;
    await files.checkFolder(folder);
    return { ...files, folder };
  }

  async function read(key: string): Promise<{ number: number; record: TokenRecord | undefined }> {
    const { folder, readNewest } = await folderOf(key);
    const newest = await readNewest(folder, partOf(key).part);
    return { number: newest?.number ?? 0, record: newest && newest.text !== DELETED ? await decodeRecord(newest.text, key, newest.path, encryption) : undefined };
  }

  async function readLease(key: string): Promise<{ number: number; held: WrittenLease | undefined }> {
    const { folder, readNewest, monotonic } = await folderOf(key);
    const newest = await readNewest(folder, "lease");
    const held = newest && parseLease(newest.text);
    const age = monotonic() - (held?.since ?? 0);
    // One from the future was written before the machine was started again.
    return { number: newest?.number ?? 0, held: held && age >= 0 && age < held.ms ? held : undefined };
  }

  return {
    get: async (key) => (await read(key)).record,
    async set(key, record: TokenRecord, expected) {
      const { number, record: stored } = await read(key);
      if ((stored?.generation ?? 0) !== expected) return false;
      const { folder, append } = await folderOf(key);
      return append(folder, partOf(key).part, number + 1, await encodeRecord(record, key, encryption), { durable: true });
    },
    async delete(key) {
      const { folder, append, newestOf } = await folderOf(key);
      for (const part of partOf(key).part === "latch" ? ["latch"] : ["token", "latch"]) {
        await untilDone(folder, async () => {
          // By its number alone, so that a damaged one can be deleted too.
          const newest = await newestOf(folder, part);
          return newest === 0 || append(folder, part, newest + 1, DELETED, { durable: true, keep: false });
        });
      }
    },
    async list() {
      const { root, list, readNewest } = await io();
      const keys = await Promise.all((await list(root)).filter((name) => /^[0-9a-f]{40}$/.test(name)).map(async (name) => {
        const newest = await readNewest(`${root}/${name}`, "token");
        return newest && keyIn(newest.text);
      }));
      return keys.filter((key) => key !== undefined);
    },
    async lease(key, owner, ms) {
      const { folder, append, monotonic } = await folderOf(key);
      let taken = false;
      await untilDone(folder, async () => {
        const { number, held } = await readLease(key);
        if (held && held.owner !== owner) return true;
        return (taken = await append(folder, "lease", number + 1, JSON.stringify({ owner, since: monotonic(), ms }), { durable: false }));
      });
      return taken;
    },
    async release(key, owner) {
      const { number, held } = await readLease(key);
      if (held?.owner !== owner) return;
      const { folder, append } = await folderOf(key);
      await append(folder, "lease", number + 1, "", { durable: false });
    },
  };
}

/** Times that others may come first; each of them has written something, so there are few. */
const ATTEMPTS = 100;

/** @param step whether it is done; else somebody else wrote first, and it is tried again. @throws StoreError */
async function untilDone(place: string, step: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < ATTEMPTS; tries += 1) if (await step()) return;
  throw storeFault(place, "changes", "changes at every look", "Look at what else writes there.");
}

/** What cannot be read is no lease: it was cut off by a crash of the machine. */
function parseLease(text: string): WrittenLease | undefined {
  try {
    const { owner, since, ms } = JSON.parse(text) as Partial<Record<keyof WrittenLease, unknown>>;
    return typeof owner === "string" && typeof since === "number" && typeof ms === "number" ? { owner, since, ms } : undefined;
  } catch {
    return undefined;
  }
}
