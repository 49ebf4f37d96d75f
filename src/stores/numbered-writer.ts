/**
 * Writes numbered files, which never change: each write creates a new file with the next number.
 * link(2) puts the file in place, and fails if the number is taken. That is a compare-and-set
 * without a lock: a writer that was frozen for an hour neither delays the other writers nor
 * overwrites what they wrote. Node only; loaded when a file store is first used.
 *
 * key-folder.ts describes how the folder of a key is created and removed.
 */
import { StoreError } from "../errors.ts";
import { namesIn, statsOf } from "./checks.ts";
import { codeOf, fileError } from "./file-errors.ts";
import { isTemporary, type Part } from "./file-names.ts";
import type { Guard } from "./guard.ts";
import { createKeyFolder } from "./key-folder.ts";
import { MAX_ATTEMPTS, type NumberedReader } from "./numbered-reader.ts";
import { alwaysOvertaken } from "./store-error.ts";
import { ABANDONED_AFTER, WriteAttempt, type NextFile, type Outcome } from "./write-attempt.ts";

const files = process.getBuiltinModule("node:fs/promises");
const { join } = process.getBuiltinModule("node:path");

export class NumberedWriter {
  readonly #root: string;
  readonly #guard: Guard;
  readonly #reader: NumberedReader;
  /** Folders in which a write could not flush the name of its file: the next write must do it. */
  readonly #unflushed = new Set<string>();

  constructor(root: string, guard: Guard, reader: NumberedReader) {
    this.#root = root;
    this.#guard = guard;
    this.#reader = reader;
  }

  /**
   * Writes the next file of a part, if it may follow the newest file. The caller has just checked
   * the folder with the guard.
   *
   * @throws StoreError
   */
  async write(folder: string, part: Part, next: NextFile): Promise<Outcome> {
    const context = { root: this.#root, reader: this.#reader, unflushed: this.#unflushed };
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
      if (attempts > 0) this.#guard.check(folder);
      const attempt = new WriteAttempt(context, folder, part, next);
      try {
        const outcome = await attempt.run();
        if (outcome !== "again") return outcome;
      } catch (error) {
        // The folder does not exist, or another process has removed the temporary file. In the
        // second case the names that were read may belong to an earlier incarnation of the folder.
        if (error instanceof StoreError || codeOf(error) !== "ENOENT")
          throw fileError(folder, error);
        await createKeyFolder(this.#root, folder);
      } finally {
        await attempt.removeTemporary();
      }
    }
    throw alwaysOvertaken(folder);
  }

  /** Removes what killed processes left beside the folders of keys. Best effort. */
  async removeAbandoned(): Promise<void> {
    for (const name of (namesIn(this.#root) ?? []).filter(isTemporary)) {
      const path = join(this.#root, name);
      if (Date.now() - (statsOf(path)?.mtimeMs ?? Infinity) > ABANDONED_AFTER)
        await files.rm(path, { recursive: true }).catch(() => undefined);
    }
  }
}
