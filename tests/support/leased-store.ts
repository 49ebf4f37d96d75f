/** A shareable store in memory, so that many clients of one process stand for many processes. */
import { createMemoryStore, shareable, type BuiltInTokenStore } from "../../src/index.ts";

export function createLeasedStore(): BuiltInTokenStore {
  const { get, set, delete: remove, list } = createMemoryStore();
  const leases = new Map<string, { readonly owner: string; readonly until: number }>();
  return shareable({
    get,
    set,
    delete: remove,
    list,
    lease: async (key: string, owner: string, ms: number) => {
      const held = leases.get(key);
      const now = performance.now();
      if (held && held.owner !== owner && now < held.until) return false;
      leases.set(key, { owner, until: now + ms });
      return true;
    },
    release: async (key: string, owner: string) => {
      if (leases.get(key)?.owner === owner) leases.delete(key);
    },
  });
}
