import type { TokenStore } from "../../src/index.ts";

/** The keys that a store lists; fails if it lists anything else. */
export async function keysOf(store: TokenStore): Promise<string[]> {
  return ((await store.list?.()) ?? []).map((entry) => {
    if (typeof entry === "string") return entry;
    if ("key" in entry) return entry.key;
    throw entry.problem;
  });
}

/** The first key that a store lists. */
export const onlyKeyOf = async (store: TokenStore): Promise<string> =>
  (await keysOf(store))[0] ?? "";
