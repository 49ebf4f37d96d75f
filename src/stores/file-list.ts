/**
 * Looks through the folders of a file store: lists the keys, and removes the folders and records
 * that are no longer used. Node only.
 */
import { StoreError } from "../errors.ts";
import type { ListEntry } from "../tokens/token-store.ts";
import { namesIn, statsOf } from "./checks.ts";
import { keyIn } from "./codec.ts";
import { isDeletion } from "./deletion.ts";
import { folderName, isFolderName, pathOf } from "./file-names.ts";
import { isDeleted } from "./folder-removal.ts";
import type { FileStoreParts } from "./file-store-parts.ts";
import type { NumberedFile } from "./numbered-reader.ts";
import { unusedSince } from "./retention.ts";
import { storeError } from "./store-error.ts";

/** The number of folders that `list` examines at the same time. */
const CONCURRENCY = 16;
/** The number of folders that are examined after the first save of a key. */
const SAMPLE_SIZE = 20;

export class FileList {
  readonly #parts: FileStoreParts;

  constructor(parts: FileStoreParts) {
    this.#parts = parts;
  }

  /** @throws StoreError */
  async list(): Promise<ListEntry[]> {
    const entries = await mapConcurrently(this.#folders(), CONCURRENCY, (name) =>
      this.#examine(name),
    );
    await this.#parts.writer.removeAbandoned();
    return entries.filter((entry) => entry !== undefined);
  }

  /**
   * Removes unused records from a few random folders. In this way unused records are removed even
   * if no process calls `list`, and no save takes long.
   */
  async removeSomeUnused(): Promise<void> {
    const names = this.#folders();
    const sample = Array.from(
      { length: SAMPLE_SIZE },
      () => names[Math.floor(Math.random() * names.length)],
    ).filter((name) => name !== undefined);
    for (const name of new Set(sample)) await this.#examine(name);
  }

  #folders(): string[] {
    const { root, guard } = this.#parts;
    guard.checkRoot();
    return (namesIn(root) ?? []).filter(isFolderName);
  }

  /**
   * The entry of a folder; undefined if the folder holds no token. Removes the folder if it is no
   * longer used.
   */
  async #examine(name: string): Promise<ListEntry | undefined> {
    const { root, guard, reader, removal } = this.#parts;
    const folder = `${root}/${name}`;
    let place = folder;
    try {
      guard.check(folder);
      const number = reader.newestNumber(folder, "token");
      if (number > 0) place = pathOf(folder, "token", number);
      const newest = await reader.newest(folder, "token");
      if (!newest || isDeletion(newest.text)) {
        if (await removal.isUnused(folder)) await removal.removeUnderLease(folder, isDeleted);
        return undefined;
      }
      place = newest.path;
      const key = keyOf(newest, name);
      return (await this.#removeIfUnused(folder, newest, key)) ? undefined : { key };
    } catch (error) {
      if (error instanceof StoreError) return { problem: error, path: place };
      throw error;
    }
  }

  async #removeIfUnused(folder: string, newest: NumberedFile, key: string): Promise<boolean> {
    const isSame = (current: NumberedFile | undefined): boolean =>
      current?.number === newest.number;
    return (
      (await this.#isUnused(newest, key)) &&
      (await this.#parts.removal.removeUnderLease(folder, isSame))
    );
  }

  /** Whether `keepUnusedFor` has passed. A record that cannot be read stays. */
  async #isUnused(newest: NumberedFile, key: string): Promise<boolean> {
    const { keepUnusedFor } = this.#parts;
    if (keepUnusedFor === undefined) return false;
    const savedAt = statsOf(newest.path)?.mtimeMs;
    if (savedAt === undefined || savedAt + keepUnusedFor > Date.now()) return false;
    const record = await this.#parts.decode(newest, key).catch(() => undefined);
    return record !== undefined && unusedSince(record, savedAt) + keepUnusedFor <= Date.now();
  }
}

/** @throws StoreError if the record does not tell the key of its folder */
function keyOf({ text, path }: NumberedFile, name: string): string {
  const key = keyIn(text);
  if (key !== undefined && folderName(key) === name) return key;
  throw storeError(
    path,
    "damaged",
    "is damaged, and does not tell its key",
    "Inspect it. Then call the store's `delete` with the key, or remove the folder while no process uses it.",
  );
}

/** Like `Promise.all` over a map, with a limited number of calls at the same time. */
async function mapConcurrently<T, R>(
  all: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const rest = all.entries();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const [i, item] of rest) results[i] = await work(item);
    }),
  );
  return results;
}
