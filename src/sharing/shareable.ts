import { requireFunction, requireObject } from "../parts/check-options.ts";
import { createProcessIdentity, type ProcessIdentity } from "../platform/process-identity.ts";
import type { LeasedTokenStore, SharedTokenStore } from "../tokens/token-store.ts";
import { SharedRenewer } from "./shared-renewer.ts";

/**
 * Turns your own store into one that many processes may use at once: they renew a token one after
 * another, and no refresh token is sent twice (rule T-14). The stores for files and for Redis are
 * shareable already.
 *
 * @param store its `set` must be an atomic compare-and-set, and its `lease` must give a key to one
 *   owner at a time. Prove both with `storeContract` of `corrigenda/testing`.
 * @throws ConfigurationError naming the method that the store lacks
 * @example
 * ```ts
 * const store = shareable({ get, set, delete: remove, list, lease, release });
 * const client = createApinizerClient({ managerUrl, username, password, store });
 * ```
 */
export function shareable<Store extends LeasedTokenStore>(
  store: Store,
): SharedTokenStore & Pick<Store, "list"> {
  requireObject(store, "store");
  for (const method of ["get", "set", "delete", "list", "lease", "release"] as const)
    requireFunction(store[method] ?? null, `store.${method}`);
  let processes: ProcessIdentity | undefined;
  return {
    get: (key) => store.get(key),
    set: (key, record, expected) => store.set(key, record, expected),
    delete: (key) => store.delete(key),
    list: () => store.list(),
    lease: (key, owner, ms) => store.lease(key, owner, ms),
    release: (key, owner) => store.release(key, owner),
    // `this` may be a copy of the returned store, such as `{ ...shared, lease }`: then the methods
    // of the copy are used. If `this` lacks `lease` or `release`, those of `store` are used.
    renewer(this: Partial<LeasedTokenStore>, record, environment) {
      processes ??= createProcessIdentity();
      const own = this.lease && this.release ? (this as LeasedTokenStore) : store;
      return new SharedRenewer(own, record, environment, processes);
    },
  };
}
