/**
 * Reading files that are never changed, each once. Node only; loaded when a file store is first
 * used.
 */
import type { Stats } from "node:fs";
import { checkFile, lookAt } from "./checks.ts";
import { CAREFULLY, empty } from "./disk.ts";

const { constants } = process.getBuiltinModule("node:fs");
const files = process.getBuiltinModule("node:fs/promises");

/** Files whose content is remembered. */
const REMEMBERED = 1000;

export interface Contents {
  /**
   * Kind, owner and mode of the file are looked at each time. @throws StoreError, or the error of
   * the file system
   */
  read(path: string): Promise<string>;
  /** Remembers what was written there just now. @param stats of the file */
  wrote(path: string, text: string, stats: Stats): void;
  /** Empties a file, best effort. */
  empty(path: string): Promise<void>;
}

interface Known {
  /**
   * Device, inode, size and time of the last change: while they are the same, so is the content.
   */
  readonly id: string;
  readonly text: string;
}

export function createContents(): Contents {
  const known = new Map<string, Known>();

  function remember(path: string, one: Known): void {
    known.delete(path);
    known.set(path, one);
    const oldest = known.keys().next();
    if (known.size > REMEMBERED && !oldest.done) known.delete(oldest.value);
  }

  return {
    async read(path) {
      const stats = lookAt(path);
      if (!stats) throw Object.assign(new Error("It is not there."), { code: "ENOENT" });
      checkFile(path, stats);
      if (stats.size === 0) return "";
      const before = known.get(path);
      const id = idOf(stats);
      const text = before?.id === id ? before.text : await readPrivate(path);
      remember(path, { id, text });
      return text;
    },
    wrote: (path, text, stats) => remember(path, { id: idOf(stats), text }),
    async empty(path) {
      known.delete(path);
      await empty(path);
    },
  };
}

const idOf = ({ dev, ino, size, mtimeMs }: Stats): string => `${dev}:${ino}:${size}:${mtimeMs}`;

async function readPrivate(path: string): Promise<string> {
  const file = await files.open(path, constants.O_RDONLY | CAREFULLY);
  try {
    // Of what was opened, since another file may have come to the path since the look.
    checkFile(path, await file.stat());
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
