/**
 * How the folder of a key comes to be, and goes once its key is deleted, while other processes are
 * at work in it. Node only; loaded when a file store is first used.
 *
 * It is born whole, by rename(2), with one record in it that says `DELETED` and has a random
 * number. It dies after a last record that says `CLOSED`, which no process writes after: all that
 * was listed then is removed, `CLOSED` at the end, and then the folder, which rmdir(2) does only if
 * it is empty. A later folder of the key is another life. Three things keep lives apart:
 * - A process that removes, and was frozen meanwhile, harms no record of a later life: their
 *   numbers begin at random, so that no name comes again, and rmdir
 *   refuses. Leases and latches begin at 1, so that one of those may go: two processes may then
 * have the lease until the next sign of life, which costs a
 *   login at most, since an intent is a compare-and-set.
 * - Whoever writes, and was frozen meanwhile, does not write into a later life: it made its
 *   temporary file before it looked at what is there, and this
 *   file was removed before `CLOSED` was. link(2) finds nothing to put in place.
 * - Nor does it tidy up there: it does so only while that temporary file is still in the folder.
 * - Two that write first agree on the number, since there is a record before theirs in every life.
 * A folder without any record (an earlier version of this package made it, or a process was killed
 * at the end of a life) begins at 1.
 */
import { codeOf, createGuard, fault, namesIn, POSIX } from "./checks.ts";
import { create, flushed, sync } from "./disk.ts";

const fs = process.getBuiltinModule("node:fs");
const files = process.getBuiltinModule("node:fs/promises");
const { randomInt } = process.getBuiltinModule("node:crypto");
const { dirname, join } = process.getBuiltinModule("node:path");

/** What a deletion leaves, so that its number stays taken; and what a new folder holds. */
export const DELETED = JSON.stringify({ version: 1, deleted: true });
/**
 * Nothing is written after it. A version before this one takes it for damaged, and leaves it alone.
 */
export const CLOSED = JSON.stringify({ version: 1, deleted: true, closed: true });

/** Numbers of first records; far below the highest that there can be. */
const FIRST = 2 ** 48 - 1;
const RECORD = /^token\.([1-9]\d{0,14})\.json$/;
const OWN = /^(token|latch|lease)\.\d{1,15}\.json$|^temporary\./;

/**
 * Makes the folder of a key, with one record in it. Does nothing if another process did. @throws
 * StoreError
 */
export async function bear(root: string, folder: string): Promise<void> {
  try {
    await makeFolder(root);
    createGuard(root).check(folder); // Another process may have made them in the meantime.
    const names = namesIn(folder);
    if (names?.some((name) => RECORD.test(name))) return;
    await (names === undefined || names.length === 0
      ? bearWhole(root, folder)
      : bearInPlace(folder));
    await sync(root);
  } catch (error) {
    throw fault(folder, error);
  }
}

async function bearWhole(root: string, folder: string): Promise<void> {
  const aside = join(root, `temporary.${crypto.randomUUID()}`);
  const record = join(aside, `token.${randomInt(2, FIRST)}.json`);
  await files.mkdir(aside, { mode: 0o700 });
  try {
    await write(record, DELETED);
    // There no folder takes the place of another one, though it be empty.
    if (!POSIX) await files.rmdir(folder).catch(() => undefined);
    await files.rename(aside, folder);
  } catch (error) {
    await files.unlink(record).catch(() => undefined);
    await files.rmdir(aside).catch(() => undefined);
    if (
      !/^E(EXIST|NOTEMPTY)$/.test(codeOf(error) ?? "") &&
      (POSIX || namesIn(folder) === undefined)
    )
      throw error;
  }
}

async function bearInPlace(folder: string): Promise<void> {
  const temporary = join(folder, `temporary.token.${crypto.randomUUID()}`);
  try {
    await write(temporary, DELETED);
    await files.link(temporary, join(folder, "token.1.json"));
  } catch (error) {
    if (!/^E(EXIST|NOENT)$/.test(codeOf(error) ?? "")) throw error;
  } finally {
    await files.unlink(temporary).catch(() => undefined);
  }
}

/**
 * Removes a folder whose newest record says `CLOSED`, and everything of the store's in it. Best
 * effort: if it was not done, or not to the end, it is gone on with by the next process that comes
 * by.
 */
export async function bury(folder: string): Promise<void> {
  // What is listed is of one life, and the record tells that it is over.
  for (;;) {
    const names = namesIn(folder) ?? [];
    const last = names
      .filter((name) => RECORD.test(name))
      .toSorted((a, b) => Number(RECORD.exec(a)?.[1]) - Number(RECORD.exec(b)?.[1]))
      .at(-1);
    if (
      last === undefined ||
      (await files.readFile(join(folder, last), "utf8").catch(() => "")) !== CLOSED
    )
      return;
    // The last record goes once nothing else is there: a writer may have put a file in place since
    // the look, by a number that was free again.
    const others = names.filter((name) => OWN.test(name) && name !== last);
    for (const name of others.length > 0 ? others : [last]) {
      const gone = await files.unlink(join(folder, name)).then(
        () => true,
        (error: unknown) => codeOf(error) === "ENOENT",
      );
      if (!gone) return;
    }
    if (others.length === 0) break;
  }
  await files.rmdir(folder).catch(() => undefined);
}

/**
 * Level by level: Node's own `recursive` never ends where a folder cannot be made and its parent is
 * there, as in /proc.
 */
async function makeFolder(folder: string): Promise<void> {
  const make = (): Promise<unknown> =>
    files
      .mkdir(folder, { mode: 0o700 })
      .catch((error: unknown) =>
        codeOf(error) === "EEXIST" ? "there" : Promise.reject(error as Error),
      );
  const parent = dirname(folder);
  const made = await make().catch(async (error: unknown) => {
    if (codeOf(error) !== "ENOENT" || parent === folder) throw error;
    await makeFolder(parent);
    return make();
  });
  if (made !== "there") await sync(parent); // A new folder's own entry has to last, too.
}

async function write(path: string, text: string): Promise<void> {
  const file = await create(path);
  try {
    // All of it: one write may take less, on a disk that is nearly full.
    fs.writeFileSync(file, text);
    await flushed(file);
  } finally {
    fs.closeSync(file);
  }
}
