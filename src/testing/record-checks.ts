/** The checks of records, for every store. */
import { latchKeyOf } from "../tokens/latch-key.ts";
import type { TokenRecord } from "../tokens/token-store.ts";
import { full, listOf, plain, same, type Bench, type Check } from "./store-bench.ts";

export const RECORD_CHECKS: readonly Check[] = [
  { name: "a key that was never written holds nothing", body: isEmpty },
  { name: "a record is read as a whole by every handle", body: isRead },
  { name: "compare-and-set: a write needs the current generation", body: comparesAndSets },
  { name: "of many writers at once, one writes", body: isWrittenOnce },
  { name: "a deleted record is gone for every handle, and may be written anew", body: isDeleted },
  { name: "keys are kept apart, whatever characters they have", body: keepsApart },
  { name: "a latch is kept beside its key, and deleted with it", body: keepsLatch },
];

async function isEmpty({ here, key }: Bench): Promise<void> {
  same(await here.get(key()), undefined, "get");
}

async function isRead({ here, there, key }: Bench): Promise<void> {
  for (const record of [plain(), full(), plain(1, "x".repeat(100_000))]) {
    const name = key();
    same(await here.set(name, record, 0), true, "set of a new key");
    same(await here.get(name), record, "get");
    same(await there.get(name), record, "get by another handle");
  }
}

async function comparesAndSets({ here, there, key }: Bench): Promise<void> {
  const name = key();
  same(await here.set(name, plain(7), 3), false, "set with a generation that was never written");
  same(await here.get(name), undefined, "get after a refused set");
  same(await here.set(name, plain(7), 0), true, "set of a new key");
  same(await there.set(name, plain(8), 0), false, "set as if the key were new");
  same(await there.set(name, plain(8), 6), false, "set with an old generation");
  same(await here.get(name), plain(7), "get after refused sets");
  same(await there.set(name, plain(8), 7), true, "set with the generation");
  same(await here.set(name, plain(9), 7), false, "set with the previous generation");
  same(await here.get(name), plain(8), "get");
  // A write may skip numbers: its generation may be any number above the stored one.
  same(await here.set(name, full(2 ** 40), 8), true, "set to a far generation");
  same(await there.get(name), full(2 ** 40), "get of a far generation");
}

async function isWrittenOnce({ here, there, key }: Bench): Promise<void> {
  const name = key();
  for (let generation = 0; generation < 5; generation += 1) {
    const written = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        (i % 2 === 0 ? here : there).set(name, plain(generation + 1, `writer-${i}`), generation),
      ),
    );
    const what = `number of writers of generation ${generation + 1} whose \`set\` returned true`;
    same(written.filter(Boolean).length, 1, what);
    const { token } = (await here.get(name)) ?? {};
    same(token?.accessToken, `writer-${written.indexOf(true)}`, "the token of that writer");
  }
}

async function isDeleted({ here, there, key }: Bench): Promise<void> {
  const name = key();
  await here.delete(name);
  await here.set(name, plain(5), 0);
  await there.delete(name);
  same(await here.get(name), undefined, "get after delete");
  same(await here.set(name, plain(6), 5), false, "set with the generation of the deleted record");
  same(await here.set(name, plain(1), 0), true, "set as a new key");
  same(await there.get(name), plain(1), "get");
}

/** Ends of keys, with characters that have a meaning to file systems, Redis, URLs and objects. */
const ENDINGS = [
  "",
  ":a",
  "a",
  "{a}",
  "{",
  "}",
  "{}",
  "a}b{c",
  "%7B",
  "*",
  "[a]",
  "\\",
  "/../a",
  " ",
  "ä😀",
  "\u0000",
  "__proto__",
  "x".repeat(1000),
];

async function keepsApart({ here, shared, key }: Bench): Promise<void> {
  const base = key();
  const names = ENDINGS.map((ending) => key(base + ending));
  for (const [i, name] of names.entries())
    same(await here.set(name, plain(i + 1), 0), true, `set of ${JSON.stringify(name)}`);
  for (const [i, name] of names.entries())
    same(await here.get(name), plain(i + 1), `get of ${JSON.stringify(name)}`);
  if (shared) same((await listOf(here, names)).sort(), [...names].sort(), "list");
  for (const name of names) await here.delete(name);
  if (shared) same(await listOf(here, names), [], "list after delete");
}

/** The record of a latch. A store keeps it unchanged, like a record with a token. */
const latch = (generation: number): TokenRecord =>
  ({
    generation,
    latch: [{ tag: "fake-tag", status: 401, code: "invalid_client", until: 1_700_000_000_000 }],
  }) as unknown as TokenRecord;

async function keepsLatch({ here, there, shared, key }: Bench): Promise<void> {
  const name = key();
  const place = latchKeyOf(name);
  const written = await here.set(place, latch(3), 0).catch(() => "rejected");
  // A store may reject latches. Each client then keeps its own in memory.
  if (written === "rejected") return;
  same(written, true, "set of a latch");
  same(await there.get(place), latch(3), "get of a latch");
  same(await here.get(name), undefined, "get of a key that has a latch only");
  same(await here.set(name, plain(1), 0), true, "set of a key that has a latch");
  same(await there.set(place, latch(4), 3), true, "set of a latch, with its generation");
  same(await here.set(place, latch(5), 3), false, "set of a latch, with the previous generation");
  if (shared) same(await listOf(here, [name, place]), [name], "list");
  await here.delete(place);
  same(await there.get(place), undefined, "get of a deleted latch");
  same(await there.get(name), plain(1), "get of a key whose latch was deleted");
  same(await there.set(place, latch(4), 0), true, "set of a latch that was deleted");
  await here.delete(name);
  same(await there.get(place), undefined, "get of a latch after its key was deleted");
  same(await there.set(place, latch(1), 0), true, "set of a latch as a new one");
  if (shared) same(await listOf(here, [name, place]), [], "list of a key that has a latch only");
}
