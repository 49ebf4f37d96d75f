/** Memory stays bounded with thousands of sessions, and each key has at most one token source. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createPetjeafClient } from "../src/index.ts";
import { createPool } from "../src/client/pool.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
const collect = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

test("one object a key while anybody holds it; only the last used are kept when nobody does", async () => {
  let made = 0;
  const pool = createPool((key) => ({ key, n: (made += 1) }), 10);
  const held = pool.get("held");
  for (let i = 0; i < 1000; i += 1) pool.get(`key-${i}`);
  await collect();
  expect(pool.get("held")).toBe(held);
  expect(pool.values().length).toBeLessThanOrEqual(20);
  expect(made).toBe(1001);
});

test("an object that was dropped is not dropped again in the place of the one that came after it", () => {
  const pool = createPool((key) => ({ key }));
  const first = pool.get("key");
  pool.drop("key", first);
  const second = pool.get("key");
  expect(second).not.toBe(first);
  pool.drop("key", first);
  expect(pool.get("key")).toBe(second);
  expect(pool.values()).toEqual([second]);
});

test("20,000 sessions that are opened and dropped leave next to nothing behind", async () => {
  const app = createPetjeafClient({ clientId: "c", clientSecret: "s" });
  for (let i = 0; i < 2000; i += 1) app.session(`warm-${i}`);
  await collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 20_000; i += 1) app.session(`key-${i}`);
  await collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
});
