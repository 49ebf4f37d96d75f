import { latchKeyOf, partOf } from "../tokens/latch-key.ts";
import type { ListedTokenStore, TokenRecord } from "../tokens/token-store.ts";
import { MemoryRenewer, type Turns } from "./memory-renewer.ts";
import { createOwnStore } from "./own-store.ts";

/**
 * A store that keeps tokens for as long as the process lives. Several clients of one process may
 * share one: they renew a token one after another. A client to which no store is given has such a
 * store of its own.
 *
 * @example
 * ```ts
 * const store = createMemoryStore();
 * const manager = createApinizerClient({ managerUrl, username, password, store });
 * ```
 */
export function createMemoryStore(): ListedTokenStore {
  const records = new Map<string, TokenRecord>();
  const turns: Turns = new Map();
  return {
    ...createOwnStore(records),
    delete: async (key) => {
      records.delete(key);
      records.delete(latchKeyOf(key));
    },
    list: async () =>
      [...records.keys()].filter((key) => partOf(key).part === "token").map((key) => ({ key })),
    renewer: (record, environment) => new MemoryRenewer(turns, record, environment),
  };
}
