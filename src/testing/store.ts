/** The contract that every token store has to keep. */
import type { TokenStore } from "../tokens/token-store.ts";
import { LEASE_CHECKS } from "./lease-checks.ts";
import { RECORD_CHECKS } from "./record-checks.ts";
import { createBench } from "./store-bench.ts";

/** One check of a store. */
export interface StoreCheck {
  readonly name: string;
  /** Rejects with what is wrong. */
  run(): Promise<void>;
}

/** Options of `storeContract`. */
export interface StoreContractOptions {
  /**
   * Whether several processes may share the store. False: the store has neither leases nor `list`,
   * and these are not checked.
   * @defaultValue true
   */
  readonly shared?: boolean;
}

/**
 * The checks of a token store, for any test runner.
 * @param open opens the store on the same data each time, as another process does. The data need
 *   not be empty: the checks use random keys and delete them.
 * @example
 * for (const { name, run } of storeContract(() => createMyStore(url))) test(name, run);
 */
export function storeContract(
  open: () => TokenStore | Promise<TokenStore>,
  { shared = true }: StoreContractOptions = {},
): readonly StoreCheck[] {
  const checks = shared ? [...RECORD_CHECKS, ...LEASE_CHECKS] : RECORD_CHECKS;
  return checks.map(({ name, body }) => ({
    name,
    async run() {
      const bench = createBench(await open(), await open(), shared);
      try {
        await body(bench);
      } finally {
        await bench.tidy();
      }
    },
  }));
}
