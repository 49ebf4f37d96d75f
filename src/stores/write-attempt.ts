/**
 * One attempt to write the next numbered file of a folder. The order of the steps matters;
 * key-folder.ts tells why. Node only; loaded when a file store is first used.
 */
import type { Stats } from "node:fs";
import { namesIn, statsOf } from "./checks.ts";
import { CLOSED } from "./deletion.ts";
import { createFile, flush, flushFolder, writeAll } from "./disk.ts";
import { codeOf } from "./file-errors.ts";
import {
  HIGHEST_NUMBER,
  highestNumber,
  isTemporary,
  numberOf,
  pathOf,
  temporaryPath,
  type Part,
} from "./file-names.ts";
import { createKeyFolder, removeKeyFolder } from "./key-folder.ts";
import type { NumberedFile, NumberedReader } from "./numbered-reader.ts";
import { storeError } from "./store-error.ts";

const fs = process.getBuiltinModule("node:fs");
const files = process.getBuiltinModule("node:fs/promises");
const { basename, join } = process.getBuiltinModule("node:path");

/** ms after which a temporary file counts as left behind by a killed process. */
export const ABANDONED_AFTER = 60_000;

export interface NextFile {
  readonly text: string;
  /**
   * What is flushed to the disk before the write counts. `all`: the file and its name in the
   * folder. `file`: the content only. If a power cut then loses the name, the former file is still
   * there, because the write does not remove the former file.
   */
  readonly flush: "all" | "file" | "nothing";
  /**
   * Whether the file may follow the newest file. If this throws, the write rejects with its error.
   * Absent: the file may follow any file, even one that cannot be read.
   */
  readonly mayFollow?: Predicate | undefined;
}

export type Predicate = (newest: NumberedFile | undefined) => boolean | Promise<boolean>;

/**
 * `written`: the file is in place, and is the newest. `overtaken`: another process wrote first.
 * `refused`: the file may not follow the newest file.
 */
export type Outcome = "written" | "overtaken" | "refused";

export interface AttemptContext {
  readonly root: string;
  readonly reader: NumberedReader;
  /** Folders in which a write could not flush the name of its file. */
  readonly unflushed: Set<string>;
}

/** Whether and under which number the file may be put in place. */
type Decision = { readonly number: number } | { readonly end: "refused" | "again" };

export class WriteAttempt {
  readonly #context: AttemptContext;
  readonly #folder: string;
  readonly #part: Part;
  readonly #next: NextFile;
  readonly #temporary: string;
  #removal: Promise<unknown> | undefined;

  constructor(context: AttemptContext, folder: string, part: Part, next: NextFile) {
    this.#context = context;
    this.#folder = folder;
    this.#part = part;
    this.#next = next;
    this.#temporary = temporaryPath(folder, part);
  }

  /**
   * @returns `again` if the folder has changed in the meantime
   * @throws StoreError, or the error of the file system
   */
  async run(): Promise<Outcome | "again"> {
    const { text } = this.#next;
    const file = await createFile(this.#temporary);
    let decision: Decision;
    let stats: Stats;
    try {
      writeAll(file, text);
      // The folder is read only now that the temporary file exists: key-folder.ts tells why.
      decision = await this.#decide();
      if ("end" in decision) return decision.end;
      if (this.#next.flush !== "nothing") await flush(file);
      stats = fs.fstatSync(file);
    } finally {
      fs.closeSync(file);
    }
    const outcome = await this.#putInPlace(decision.number);
    if (outcome === "written")
      this.#context.reader.remember(this.#pathOf(decision.number), text, stats);
    return outcome;
  }

  /** Removes the temporary file, once. Never rejects. */
  removeTemporary(): Promise<unknown> {
    return (this.#removal ??= files.unlink(this.#temporary).catch(() => undefined));
  }

  async #decide(): Promise<Decision> {
    const { mayFollow } = this.#next;
    const names = this.#context.reader.list(this.#folder);
    const number = highestNumber(names, this.#part);
    const text = number === 0 ? undefined : await this.#textOfNewest(number);
    const isReady = await this.#prepareFolder(highestNumber(names, "token"), text);
    // The newest file may have been removed since the names were read.
    if (!isReady || (number > 0 && text === undefined)) return { end: "again" };
    const newest = text === undefined ? undefined : { number, path: this.#pathOf(number), text };
    if (mayFollow && !(await mayFollow(newest))) return { end: "refused" };
    if (number >= HIGHEST_NUMBER)
      throw storeError(
        this.#pathOf(number),
        "no_number",
        "has the highest possible number, so that no file can follow it",
        "No store wrote it: inspect it, then remove it.",
      );
    return { number: number + 1 };
  }

  #textOfNewest(number: number): Promise<string | undefined> {
    const { reader } = this.#context;
    return this.#next.mayFollow
      ? reader.textOf(this.#folder, this.#part, number)
      : reader.textIfReadable(this.#folder, this.#part, number);
  }

  /**
   * Nothing is written, not even a lease, into a folder that has no record or whose last record is
   * `CLOSED`: the file would be removed with the folder.
   *
   * @param number of the newest record; 0 if there is none
   * @param text of the newest file of this part
   * @returns whether a file may be written into the folder; if not, this call has created the
   *   folder or tried to remove it
   */
  async #prepareFolder(number: number, text: string | undefined): Promise<boolean> {
    if (number === 0) {
      await createKeyFolder(this.#context.root, this.#folder);
      return false;
    }
    const record =
      this.#part === "token"
        ? text
        : await this.#context.reader.textIfReadable(this.#folder, "token", number);
    if (record !== CLOSED) return true;
    await removeKeyFolder(this.#folder);
    return false;
  }

  async #putInPlace(number: number): Promise<Outcome> {
    try {
      await files.link(this.#temporary, this.#pathOf(number));
    } catch (error) {
      if (codeOf(error) === "EEXIST") return "overtaken";
      throw error;
    }
    const isNameFlushed = await this.#flushName();
    const names = namesIn(this.#folder) ?? [];
    const own = basename(this.#temporary);
    // The number may have been free only because an older file with this number was removed. Then a
    // file with a higher number exists, and that later file is the newest.
    const isNewest = highestNumber(names, this.#part) === number;
    // If the temporary file is gone, this incarnation of the folder has ended. The names belong to
    // a later incarnation, whose files must stay. If this attempt wrote `CLOSED`, its own file has
    // ended the folder, so that the write has succeeded.
    if (!isNewest && !names.includes(own))
      return this.#next.text === CLOSED ? "written" : "overtaken";
    // The former file stays until the name of the new file is certain to last.
    const keepsFormer = this.#next.flush === "file" && !isNameFlushed;
    const below = isNewest ? (keepsFormer ? 0 : number) : number + 1;
    const others = names.filter((name) => name !== own);
    await Promise.all([this.removeTemporary(), this.#removeOld(others, below)]);
    return isNewest ? "written" : "overtaken";
  }

  /** @returns whether this write had to flush the name of its file */
  async #flushName(): Promise<boolean> {
    const { unflushed } = this.#context;
    const mustFlush =
      this.#next.flush === "all" || (this.#next.flush === "file" && unflushed.has(this.#folder));
    if (!mustFlush) return false;
    unflushed.add(this.#folder);
    if (await flushFolder(this.#folder)) unflushed.delete(this.#folder);
    return true;
  }

  /** Removes old files of the part. Best effort: the next write removes what stays behind. */
  async #removeOld(names: readonly string[], below: number): Promise<void> {
    const isOld = (name: string): boolean => {
      const number = numberOf(name, this.#part);
      return number > 0 && number < below;
    };
    const isAbandoned = (name: string): boolean =>
      isTemporary(name) &&
      Date.now() - (statsOf(join(this.#folder, name))?.mtimeMs ?? Infinity) > ABANDONED_AFTER;
    await Promise.all(
      names
        .filter((name) => isOld(name) || isAbandoned(name))
        .map((name) => files.unlink(join(this.#folder, name)).catch(() => undefined)),
    );
  }

  #pathOf(number: number): string {
    return pathOf(this.#folder, this.#part, number);
  }
}
