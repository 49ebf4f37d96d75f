/** The operations of a file store. Node only; file.ts loads this module at the first operation. */
import { partOf } from "../tokens/latch-key.ts";
import type { ListEntry, TokenRecord } from "../tokens/token-store.ts";
import { namesIn } from "./checks.ts";
import { encodeRecord, type Encryption } from "./codec.ts";
import { DELETED } from "./deletion.ts";
import { FileList } from "./file-list.ts";
import { folderName, type Part } from "./file-names.ts";
import { partsOf, type FileStoreParts, type FileStoreSettings } from "./file-store-parts.ts";
import { isDeleted } from "./folder-removal.ts";
import { MAX_ATTEMPTS } from "./numbered-reader.ts";
import { alwaysOvertaken } from "./store-error.ts";

export class FileStore {
  readonly #encryption: Encryption | undefined;
  readonly #parts: FileStoreParts;
  readonly #list: FileList;
  /**
   * Folders that had no token while an owner held their lease. They are removed when the owner
   * releases the lease.
   */
  readonly #empty = new Set<string>();

  constructor(settings: FileStoreSettings) {
    this.#encryption = settings.encryption;
    this.#parts = partsOf(settings);
    this.#list = new FileList(this.#parts);
  }

  async get(key: string): Promise<TokenRecord | undefined> {
    const folder = this.#checkedFolder(key);
    const { part } = partOf(key);
    const newest = await this.#parts.reader.newest(folder, part);
    if (part === "token" && isDeleted(newest)) this.#empty.add(folder);
    return this.#parts.decode(newest, key);
  }

  async set(key: string, record: TokenRecord, expected: number): Promise<boolean> {
    const { writer, decode, keepUnusedFor } = this.#parts;
    const folder = this.#checkedFolder(key);
    const text = await encodeRecord(record, key, this.#encryption);
    const outcome = await writer.write(folder, partOf(key).part, {
      text,
      // The token in a record with an intent was saved before. A power cut that loses the intent
      // also ends the owner of the intent, so that the intent is not needed afterwards.
      flush: record.intent === undefined ? "all" : "file",
      mayFollow: async (newest) => ((await decode(newest, key))?.generation ?? 0) === expected,
    });
    if (keepUnusedFor !== undefined && expected === 0 && outcome === "written")
      await this.#list.removeSomeUnused().catch(() => undefined);
    return outcome === "written";
  }

  async delete(key: string): Promise<void> {
    const folder = this.#checkedFolder(key);
    if (!namesIn(folder)?.length) return;
    if (partOf(key).part === "latch") return this.#markDeleted(folder, "latch");
    if (await this.#parts.removal.removeUnderLease(folder)) return;
    // Another owner holds the lease. The folder is removed when that owner releases the lease, or
    // by the next call of `list`.
    this.#empty.add(folder);
    await this.#markDeleted(folder, "token");
    await this.#markDeleted(folder, "latch");
  }

  list(): Promise<readonly ListEntry[]> {
    return this.#list.list();
  }

  async lease(key: string, owner: string, ms: number): Promise<boolean> {
    return this.#parts.leases.take(this.#checkedFolder(key), owner, ms);
  }

  async release(key: string, owner: string): Promise<void> {
    const { leases, removal } = this.#parts;
    const folder = this.#checkedFolder(key);
    const lease = await leases.heldBy(folder, owner);
    if (!lease) return;
    const isRemoved =
      this.#empty.delete(folder) &&
      (await removal.isUnused(folder).catch(() => false)) &&
      (await removal.remove(folder, isDeleted));
    if (!isRemoved) await leases.end(lease);
  }

  /**
   * The folder of a credential. It contains the token and the latch.
   *
   * @throws StoreError
   */
  #checkedFolder(key: string): string {
    const folder = `${this.#parts.root}/${folderName(partOf(key).key)}`;
    this.#parts.guard.check(folder);
    return folder;
  }

  async #markDeleted(folder: string, part: Part): Promise<void> {
    const { reader, writer } = this.#parts;
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
      // The number alone shows that a file exists, so that a damaged file can be deleted, too.
      if (reader.newestNumber(folder, part) === 0) return;
      if (isDeleted(await reader.newest(folder, part).catch(() => undefined))) return;
      const outcome = await writer.write(folder, part, { text: DELETED, flush: "all" });
      if (outcome === "written") return;
    }
    throw alwaysOvertaken(folder);
  }
}
