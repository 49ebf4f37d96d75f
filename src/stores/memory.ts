import { latchKeyOf, partOf } from "../tokens/latch-key.ts";
import type { BuiltInTokenStore, TokenRecord } from "../tokens/token-store.ts";

/**
 * Tokens for as long as the process lives: one small record a key. The default. Clients may share
 * one.
 */
export function createMemoryStore(): BuiltInTokenStore {
  const records = new Map<string, TokenRecord>();
  const leases = new Map<string, { readonly owner: string; readonly until: number }>();
  return {
    get: async (key) => records.get(key),
    set: async (key, record, expected) => {
      if ((records.get(key)?.generation ?? 0) !== expected) return false;
      records.set(key, record);
      return true;
    },
    delete: async (key) => {
      records.delete(key);
      records.delete(latchKeyOf(key));
    },
    list: async () =>
      [...records.keys()].filter((key) => partOf(key).part === "token").map((key) => ({ key })),
    lease: async (key, owner, ms) => {
      const held = leases.get(key);
      const now = performance.now();
      if (held && held.owner !== owner && now < held.until) return false;
      leases.set(key, { owner, until: now + ms });
      return true;
    },
    release: async (key, owner) => {
      if (leases.get(key)?.owner === owner) leases.delete(key);
    },
  };
}
