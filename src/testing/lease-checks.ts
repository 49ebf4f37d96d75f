/** The checks of leases, for stores that several processes share. */
import { same, type Bench, type Check } from "./store-bench.ts";

export const LEASE_CHECKS: readonly Check[] = [
  { name: "a lease has one owner, which may prolong it and give it back", body: hasOneOwner },
  { name: "a lease ends by itself, on time; prolonging it starts its time anew", body: ends },
  { name: "of many owners at once, one gets the lease", body: isTakenOnce },
];

/** ms. Longer than any check takes. */
const LONG = 60_000;

async function hasOneOwner({ here, there, key }: Bench): Promise<void> {
  const [name, other] = [key(), key()];
  same(await here.lease(name, "a", LONG), true, "lease of a");
  same(await there.lease(name, "b", LONG), false, "lease of b while a has it");
  same(await there.lease(other, "b", LONG), true, "lease of b on another key");
  same(await here.lease(name, "a", LONG), true, "lease of a once more");
  await there.release(name, "b");
  same(await there.lease(name, "b", LONG), false, "lease of b after b released the lease of a");
  await here.release(name, "a");
  same(await there.lease(name, "b", LONG), true, "lease of b after a released it");
  await there.release(name, "b");
  await there.release(other, "b");
  same(await here.get(name), undefined, "get of a key that has leases only");
}

async function ends({ here, there, key }: Bench): Promise<void> {
  const [short, long] = [key(), key()];
  same(await here.lease(short, "a", LONG), true, "lease");
  same(await here.lease(short, "a", 50), true, "lease, prolonged by less than is left");
  same(await here.lease(long, "a", 50), true, "lease");
  same(await here.lease(long, "a", LONG), true, "lease, prolonged");
  await new Promise((resolve) => setTimeout(resolve, 150));
  same(await there.lease(short, "b", LONG), true, "lease of b after the lease of a has ended");
  same(await there.lease(long, "b", LONG), false, "lease of b before the lease of a has ended");
  same(await here.lease(short, "a", LONG), false, "lease of a after b has taken it");
  await here.release(short, "a");
  same(await here.lease(short, "c", LONG), false, "lease of c after a released the lease of b");
  await there.release(short, "b");
  await here.release(long, "a");
}

async function isTakenOnce({ here, there, key }: Bench): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const name = key();
    const taken = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        (i % 2 === 0 ? here : there).lease(name, `owner-${i}`, LONG),
      ),
    );
    same(taken.filter(Boolean).length, 1, "owners that got the lease");
    await here.release(name, `owner-${taken.indexOf(true)}`);
  }
}
