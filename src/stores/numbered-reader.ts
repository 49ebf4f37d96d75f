/** Reads the numbered files of a folder. Node only; loaded when a file store is first used. */
import type { Stats } from "node:fs";
import { namesIn } from "./checks.ts";
import { ContentCache } from "./content-cache.ts";
import { codeOf, fileError, POSIX } from "./file-errors.ts";
import { highestNumber, pathOf, type Part } from "./file-names.ts";
import { alwaysOvertaken } from "./store-error.ts";

export interface NumberedFile {
  readonly number: number;
  readonly text: string;
  readonly path: string;
}

/**
 * The number of attempts before an error is thrown. Each failed attempt means that another process
 * has written something, so that few are needed.
 */
export const MAX_ATTEMPTS = 100;
/**
 * The number of listings after which a folder counts as one without a record. Every folder in use
 * has a record, but on some systems a listing misses a file that is replaced at that moment.
 */
const MAX_LISTINGS = 3;

export class NumberedReader {
  readonly #contents = new ContentCache();

  /** The names in a folder; a record is among them if the folder is in use. @throws StoreError */
  list(folder: string): readonly string[] {
    for (let listings = 1; ; listings += 1) {
      const names = namesIn(folder) ?? [];
      const isComplete = names.length === 0 || highestNumber(names, "token") > 0;
      if (isComplete || listings === MAX_LISTINGS) return names;
    }
  }

  /** The highest number of a file of the part; 0 if there is none. @throws StoreError */
  newestNumber(folder: string, part: Part): number {
    return highestNumber(this.list(folder), part);
  }

  /** The file with the highest number; undefined if there is none. @throws StoreError */
  async newest(folder: string, part: Part): Promise<NumberedFile | undefined> {
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
      const number = this.newestNumber(folder, part);
      if (number === 0) return undefined;
      const text = await this.textOf(folder, part, number);
      if (text !== undefined) return { number, path: pathOf(folder, part, number), text };
    }
    throw alwaysOvertaken(folder);
  }

  /** The content of a file; undefined if the file was removed. @throws StoreError */
  async textOf(folder: string, part: Part, number: number): Promise<string | undefined> {
    const path = pathOf(folder, part, number);
    try {
      return await this.#contents.read(path);
    } catch (error) {
      if (isRemoved(error)) return undefined;
      throw fileError(path, error);
    }
  }

  /** Like `textOf`, but a file that cannot be read counts as empty. */
  async textIfReadable(folder: string, part: Part, number: number): Promise<string | undefined> {
    return this.textOf(folder, part, number).catch(() => "");
  }

  /** Remembers the text that was just written to a file. */
  remember(path: string, text: string, stats: Stats): void {
    this.#contents.remember(path, text, stats);
  }

  /** Empties a file. Best effort: never rejects. */
  empty(path: string): Promise<void> {
    return this.#contents.empty(path);
  }
}

/** On Windows, a file that is being removed still exists and cannot be opened. */
const isRemoved = (error: unknown): boolean =>
  codeOf(error) === "ENOENT" || (!POSIX && /^E(PERM|BUSY)$/.test(codeOf(error) ?? ""));
