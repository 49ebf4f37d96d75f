import type { TokenRecord, TokenStore } from "../tokens/token-store.ts";

/**
 * The store of a client to which no store was given. Only that client uses it, so it needs no
 * renewer and never holds a latch.
 * @param records the records, by key. They live as long as the map does.
 */
export function createOwnStore(records = new Map<string, TokenRecord>()): TokenStore {
  return {
    get: async (key) => records.get(key),
    set: async (key, record, expected) => {
      if ((records.get(key)?.generation ?? 0) !== expected) return false;
      records.set(key, record);
      return true;
    },
    delete: async (key) => {
      records.delete(key);
    },
  };
}
