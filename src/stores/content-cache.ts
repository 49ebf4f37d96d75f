/**
 * Reads the numbered files of a store, each of them once. Such a file is written once and does not
 * change afterwards, except that the file of a lease is emptied when its owner ends the lease. Node
 * only; loaded when a file store is first used.
 */
import type { Stats } from "node:fs";
import { BoundedMap } from "./bounded-map.ts";
import { checkFile, statsOf } from "./checks.ts";
import { emptyFile, NO_FOLLOW_NO_WAIT } from "./disk.ts";

const { constants } = process.getBuiltinModule("node:fs");
const files = process.getBuiltinModule("node:fs/promises");

/** The number of files whose content is remembered. */
const REMEMBERED = 1000;

interface Content {
  /**
   * Device, inode, size and time of the last change: while they stay the same, the content does,
   * too.
   */
  readonly id: string;
  readonly text: string;
}

export class ContentCache {
  readonly #contents = new BoundedMap<Content>(REMEMBERED);

  /**
   * Checks kind, owner and mode of the file, and reads its content unless it is remembered.
   *
   * @throws StoreError, or the error of the file system
   */
  async read(path: string): Promise<string> {
    const stats = statsOf(path);
    if (!stats) throw Object.assign(new Error("The file does not exist."), { code: "ENOENT" });
    checkFile(path, stats);
    if (stats.size === 0) return "";
    const known = this.#contents.get(path);
    const id = idOf(stats);
    const text = known?.id === id ? known.text : await readChecked(path);
    this.#contents.set(path, { id, text });
    return text;
  }

  /** Remembers the text that was just written to a file. */
  remember(path: string, text: string, stats: Stats): void {
    this.#contents.set(path, { id: idOf(stats), text });
  }

  /**
   * Empties a file. Best effort: never rejects. A process that reads the file meanwhile finds the
   * whole text, a part of it, or nothing.
   */
  async empty(path: string): Promise<void> {
    this.#contents.delete(path);
    await emptyFile(path);
  }
}

const idOf = ({ dev, ino, size, mtimeMs }: Stats): string => `${dev}:${ino}:${size}:${mtimeMs}`;

async function readChecked(path: string): Promise<string> {
  const file = await files.open(path, constants.O_RDONLY | NO_FOLLOW_NO_WAIT);
  try {
    // The open file is checked again, because another file may have replaced it since the check of
    // the path.
    checkFile(path, await file.stat());
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
