/**
 * Writing, by descriptors and callbacks: a FileHandle for each file, and a thread for each step,
 * would take most of the time of a write. What the kernel answers from memory is synchronous (a
 * write of some hundred bytes into its cache, closing, opening what is there); what takes part in
 * the disk's journal, or waits for the disk, is not. Node only; loaded when a file store is first
 * used.
 */
import { codeOf, POSIX } from "./checks.ts";

const fs = process.getBuiltinModule("node:fs");
const { constants } = fs;

/** Windows has neither flag. A named pipe would be waited for: not blocking. */
export const CAREFULLY = POSIX ? constants.O_NOFOLLOW | constants.O_NONBLOCK : 0;

/** @returns the descriptor of a new file, which must not be there */
export const create = (path: string): Promise<number> =>
  new Promise((resolve, reject) =>
    fs.open(path, "wx", 0o600, (error, file) => (error ? reject(error) : resolve(file))),
  );

export const flushed = (file: number): Promise<void> =>
  new Promise((resolve, reject) => fs.fsync(file, (error) => (error ? reject(error) : resolve())));

/**
 * On Windows a folder cannot be opened: there the file system's own journal has to do. @returns
 * whether it is there
 */
export async function sync(folder: string): Promise<boolean> {
  if (!POSIX) return true;
  let file: number;
  try {
    file = fs.openSync(folder, constants.O_RDONLY);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
  try {
    await flushed(file);
    return true;
  } finally {
    fs.closeSync(file);
  }
}

/** Empties a file, best effort. */
export async function empty(path: string): Promise<void> {
  let file: number;
  try {
    file = fs.openSync(path, constants.O_WRONLY | CAREFULLY);
  } catch {
    return;
  }
  await new Promise<void>((resolve) => fs.ftruncate(file, 0, () => resolve()));
  fs.closeSync(file);
}
