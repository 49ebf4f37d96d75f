/**
 * The steps of a write. They use file descriptors and callbacks: with a FileHandle for each file
 * and a thread for each step, most of the time of a write would be spent on these. A step that the
 * kernel answers from memory is synchronous: writing some hundred bytes into the cache, closing,
 * opening an existing file. A step that changes the disk's journal or waits for the disk is
 * asynchronous. Node only; loaded when a file store is first used.
 */
import { codeOf, POSIX } from "./file-errors.ts";

const fs = process.getBuiltinModule("node:fs");
const { constants } = fs;

/**
 * Flags that refuse symbolic links and open a named pipe without waiting for its writer. Windows
 * has neither flag.
 */
export const NO_FOLLOW_NO_WAIT = POSIX ? constants.O_NOFOLLOW | constants.O_NONBLOCK : 0;

/**
 * Creates a file with mode 0600. Fails with `EEXIST` if the file exists.
 *
 * @returns its descriptor
 */
export const createFile = (path: string): Promise<number> =>
  new Promise((resolve, reject) =>
    fs.open(path, "wx", 0o600, (error, file) => (error ? reject(error) : resolve(file))),
  );

/**
 * Writes the whole text. A single write(2) may take only a part of it, on a disk that is nearly
 * full.
 */
export const writeAll = (file: number, text: string): void => fs.writeFileSync(file, text);

/** Flushes the content of a file to the disk. */
export const flush = (file: number): Promise<void> =>
  new Promise((resolve, reject) => fs.fsync(file, (error) => (error ? reject(error) : resolve())));

/** Creates a file, writes the text and flushes it. */
export async function writeNewFile(path: string, text: string): Promise<void> {
  const file = await createFile(path);
  try {
    writeAll(file, text);
    await flush(file);
  } finally {
    fs.closeSync(file);
  }
}

/**
 * Flushes the names in a folder to the disk. Windows cannot open a folder; there the journal of the
 * file system must suffice.
 *
 * @returns whether the folder exists
 */
export async function flushFolder(folder: string): Promise<boolean> {
  if (!POSIX) return true;
  let file: number;
  try {
    file = fs.openSync(folder, constants.O_RDONLY);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
  try {
    await flush(file);
    return true;
  } finally {
    fs.closeSync(file);
  }
}

/** Empties a file. Best effort: never rejects. */
export async function emptyFile(path: string): Promise<void> {
  let file: number;
  try {
    file = fs.openSync(path, constants.O_WRONLY | NO_FOLLOW_NO_WAIT);
  } catch {
    return;
  }
  await new Promise<void>((resolve) => fs.ftruncate(file, 0, () => resolve()));
  fs.closeSync(file);
}
