/**
 * How the folder of a key is created, and removed after the key was deleted, while other processes
 * work in it. Node only; loaded when a file store is first used.
 *
 * rename(2) creates the folder complete: it contains one record, `DELETED`, with a random number.
 * The record `CLOSED` ends the folder: no process writes a record after `CLOSED`. The deleting
 * process then removes every file that it listed, `CLOSED` as the last of them, and then the folder
 * with rmdir(2), which succeeds only if the folder is empty.
 *
 * A key that is used again after its deletion gets a new folder of the same name: the next
 * incarnation of the folder. These rules keep the incarnations apart:
 * - A deleting process that was frozen harms no record of a later incarnation. Record numbers begin
 *   at random, so that no file name is used twice, and rmdir(2) refuses a folder that is not empty.
 *   Leases and latches begin at 1, so that the deleting process may remove one of a later
 *   incarnation: two processes may then hold the lease until the next heartbeat. That costs a login
 *   at most, because an intent is written by compare-and-set.
 * - A writer that was frozen does not write into a later incarnation. The writer creates its
 *   temporary file before it reads the folder, and the deleting process removes that file before it
 *   removes `CLOSED`. link(2) then finds no file to put in place.
 * - Such a writer does not remove files of a later incarnation, because a writer removes old files
 *   only while its temporary file is still in the folder.
 * - Two processes that write the first record of a key agree on the number of the next record,
 *   because every incarnation has a record before theirs.
 *
 * A folder without any record begins at number 1. An older version of this package created such a
 * folder, or a process was killed just before it removed the folder.
 */
import { CLOSED, DELETED } from "./deletion.ts";
import { namesIn } from "./checks.ts";
import { flushFolder, writeNewFile } from "./disk.ts";
import { codeOf, fileError, POSIX } from "./file-errors.ts";
import { fileName, highestNumber, isOwnFile, pathOf, temporaryPath } from "./file-names.ts";
import { Guard } from "./guard.ts";

const files = process.getBuiltinModule("node:fs/promises");
const { randomInt } = process.getBuiltinModule("node:crypto");
const { dirname, join } = process.getBuiltinModule("node:path");

/** The number of a first record is below this limit, which leaves enough higher numbers. */
const FIRST_NUMBER_LIMIT = 2 ** 48 - 1;

/**
 * Creates the folder of a key, with one record in it. Does nothing if another process has created
 * the folder.
 *
 * @throws StoreError
 */
export async function createKeyFolder(root: string, folder: string): Promise<void> {
  try {
    await makeFolder(root);
    // Another process may have created the folders in the meantime.
    new Guard(root).check(folder);
    const names = namesIn(folder);
    if (names !== undefined && highestNumber(names, "token") > 0) return;
    await (names === undefined || names.length === 0
      ? createComplete(root, folder)
      : addFirstRecord(folder));
    await flushFolder(root);
  } catch (error) {
    throw fileError(folder, error);
  }
}

async function createComplete(root: string, folder: string): Promise<void> {
  const temporary = temporaryPath(root);
  const record = pathOf(temporary, "token", randomInt(2, FIRST_NUMBER_LIMIT));
  await files.mkdir(temporary, { mode: 0o700 });
  try {
    await writeNewFile(record, DELETED);
    // On Windows, rename does not replace a folder, even an empty one.
    if (!POSIX) await files.rmdir(folder).catch(() => undefined);
    await files.rename(temporary, folder);
  } catch (error) {
    await files.unlink(record).catch(() => undefined);
    await files.rmdir(temporary).catch(() => undefined);
    const isCreatedByOther =
      /^E(EXIST|NOTEMPTY)$/.test(codeOf(error) ?? "") || (!POSIX && namesIn(folder) !== undefined);
    if (!isCreatedByOther) throw error;
  }
}

async function addFirstRecord(folder: string): Promise<void> {
  const temporary = temporaryPath(folder, "token");
  try {
    await writeNewFile(temporary, DELETED);
    await files.link(temporary, pathOf(folder, "token", 1));
  } catch (error) {
    if (!/^E(EXIST|NOENT)$/.test(codeOf(error) ?? "")) throw error;
  } finally {
    await files.unlink(temporary).catch(() => undefined);
  }
}

/**
 * Removes a folder whose newest record is `CLOSED`, with every file of the store in it. Best
 * effort: if this process stops before the end, the next process that comes across the folder
 * continues.
 */
export async function removeKeyFolder(folder: string): Promise<void> {
  for (;;) {
    // The listed names belong to one incarnation of the folder. `CLOSED` among them shows that this
    // incarnation has ended.
    const names = namesIn(folder) ?? [];
    const number = highestNumber(names, "token");
    const last = fileName("token", number);
    if (number === 0 || (await readText(join(folder, last))) !== CLOSED) return;
    // `CLOSED` is removed only when it is the last file: since the names were listed, a writer may
    // have put a file in place under a number that was free again.
    const others = names.filter((name) => isOwnFile(name) && name !== last);
    for (const name of others.length > 0 ? others : [last])
      if (!(await remove(join(folder, name)))) return;
    if (others.length === 0) break;
  }
  await files.rmdir(folder).catch(() => undefined);
}

/** The content of a file; the empty string if it cannot be read. */
const readText = (path: string): Promise<string> => files.readFile(path, "utf8").catch(() => "");

/** @returns whether the file is gone */
const remove = (path: string): Promise<boolean> =>
  files.unlink(path).then(
    () => true,
    (error: unknown) => codeOf(error) === "ENOENT",
  );

/**
 * Creates a folder and the folders above it, one after the other. `mkdir` with `recursive` never
 * ends where a folder cannot be created although its parent exists, as in /proc.
 */
async function makeFolder(folder: string): Promise<void> {
  const make = (): Promise<unknown> =>
    files
      .mkdir(folder, { mode: 0o700 })
      .catch((error: unknown) =>
        codeOf(error) === "EEXIST" ? "exists" : Promise.reject(error as Error),
      );
  const parent = dirname(folder);
  const made = await make().catch(async (error: unknown) => {
    if (codeOf(error) !== "ENOENT" || parent === folder) throw error;
    await makeFolder(parent);
    return make();
  });
  // The entry of the new folder in its parent must outlast a power cut, too.
  if (made !== "exists") await flushFolder(parent);
}
