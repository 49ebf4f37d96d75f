/** Removes folders of a file store that hold nothing any more. Node only. */
import { statsOf } from "./checks.ts";
import { CLOSED, isDeletion } from "./deletion.ts";
import type { FileLeases } from "./file-leases.ts";
import type { Guard } from "./guard.ts";
import { removeKeyFolder } from "./key-folder.ts";
import type { NumberedFile, NumberedReader } from "./numbered-reader.ts";
import type { NumberedWriter } from "./numbered-writer.ts";
import type { Predicate } from "./write-attempt.ts";

/** Duration of the lease under which a folder is removed, in ms. The removal takes a few ms. */
const LEASE_DURATION = 5000;
/**
 * How long a latch prevents the removal of a folder without a token, in ms. No latch is in force
 * for so long.
 */
const LATCH_LIFETIME = 60 * 60_000;

/** Whether the newest record of a folder says that the key was deleted. */
export const isDeleted = (newest: NumberedFile | undefined): boolean =>
  newest !== undefined && isDeletion(newest.text);

export class FolderRemoval {
  readonly #guard: Guard;
  readonly #reader: NumberedReader;
  readonly #writer: NumberedWriter;
  readonly #leases: FileLeases;

  constructor(guard: Guard, reader: NumberedReader, writer: NumberedWriter, leases: FileLeases) {
    this.#guard = guard;
    this.#reader = reader;
    this.#writer = writer;
    this.#leases = leases;
  }

  /**
   * Closes a folder, by writing the record `CLOSED`, and removes the folder. The caller holds the
   * lease of the folder, so that no other owner takes a lease there.
   *
   * @param mayRemove whether the newest record may be removed; absent: any record may be removed
   * @returns whether the folder was closed
   * @throws StoreError
   */
  async remove(folder: string, mayRemove?: Predicate): Promise<boolean> {
    this.#guard.check(folder);
    const closed = { text: CLOSED, flush: "all", mayFollow: mayRemove } as const;
    if ((await this.#writer.write(folder, "token", closed)) !== "written") return false;
    await removeKeyFolder(folder);
    return true;
  }

  /**
   * Like `remove`, with a lease of its own.
   *
   * @returns false also if another owner holds the lease
   */
  async removeUnderLease(folder: string, mayRemove?: Predicate): Promise<boolean> {
    const owner = `tidying/${crypto.randomUUID()}`;
    const taken = await this.#leases.tryTake(folder, owner, LEASE_DURATION).catch(() => "held");
    if (taken !== "taken") return false;
    let isRemoved = false;
    try {
      return (isRemoved = await this.remove(folder, mayRemove));
    } finally {
      const lease = isRemoved ? undefined : await this.#leases.heldBy(folder, owner);
      if (lease) await this.#leases.end(lease);
    }
  }

  /** Whether a folder holds neither a token nor a latch that may still be in force. */
  async isUnused(folder: string): Promise<boolean> {
    const record = await this.#reader.newest(folder, "token");
    if (record && !isDeletion(record.text)) return false;
    const latch = await this.#reader.newest(folder, "latch");
    return (
      !latch ||
      isDeletion(latch.text) ||
      Date.now() - (statsOf(latch.path)?.mtimeMs ?? 0) > LATCH_LIFETIME
    );
  }
}
