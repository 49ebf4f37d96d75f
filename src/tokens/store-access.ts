/**
 * A token store as the coordinator sees it: each operation in time, or a StoreError that quotes
 * nothing of what was stored.
 */
import { withDeadline } from "../platform/deadline.ts";
import { StoreError } from "../errors.ts";
import { isInstance } from "../platform/foreign.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import type { LatchRecord, TokenRecord, TokenStore } from "./token-store.ts";

type Content<R> = R extends unknown ? Omit<R, "generation"> : never;

export interface StoreAccess {
  /** Whether the store can tell several processes apart. */
  readonly shared: boolean;
  /** Whatever is stored: a record or not. @throws StoreError */
  get(key: string): Promise<unknown>;
  /**
   * Compare-and-set, with the generation that comes next. Keeps the process alive meanwhile.
   * @returns that generation; undefined if the stored one is not `expected`. @throws StoreError
   */
  set(
    key: string,
    content: Content<TokenRecord | LatchRecord>,
    expected: number,
  ): Promise<number | undefined>;
  /** @throws StoreError */
  delete(key: string): Promise<void>;
  /** Always true where the store is not shared. @throws StoreError */
  lease(key: string, owner: string, ms: number): Promise<boolean>;
  /** @throws StoreError */
  release(key: string, owner: string): Promise<void>;
  failure(key: string, what: string): StoreError;
}

/** @param limit ms that one operation may take */
export function createStoreAccess(
  store: TokenStore,
  provider: string,
  limit: number,
  scheduler: Scheduler,
): StoreAccess {
  const failure = (key: string, what: string): StoreError =>
    new StoreError({
      provider,
      retryable: true,
      message: `${provider}: the token store ${what} (key ${key}). Look at the store.`,
    });

  async function guard<T>(key: string, operation: () => Promise<T>, keepAlive = false): Promise<T> {
    try {
      return await withDeadline(
        (async () => operation())(),
        limit,
        () => failure(key, "did not answer in time"),
        scheduler,
        keepAlive,
      );
    } catch (cause) {
      // What a store throws may quote what it was given, so its message is left behind (rule S-03),
      // unless it is our own.
      if (!isInstance(cause, StoreError)) throw failure(key, "failed");
      throw cause.provider === undefined
        ? cause.copy((details) => ({
            ...details,
            provider,
            message: `${provider}: ${details.message}`,
          }))
        : cause;
    }
  }

  return {
    shared: typeof store.lease === "function" && typeof store.release === "function",
    get: (key) => guard(key, async () => store.get(key)),
    async set(key, content, expected) {
      // One that slept through a deletion must not take what came after it for what it had read.
      const generation =
        expected === 0 ? 1 + Math.floor(scheduler.random() * 2 ** 40) : expected + 1;
      // `TokenStore` speaks of token records, so that a store of somebody's own need not name
      // another type: it keeps what it is given (see store.ts).
      const record = { ...content, generation } as TokenRecord;
      return (await guard(key, async () => store.set(key, record, expected), true))
        ? generation
        : undefined;
    },
    delete: (key) => guard(key, async () => store.delete(key), true),
    lease: async (key, owner, ms) =>
      store.lease === undefined || guard(key, async () => store.lease!(key, owner, ms)),
    release: (key, owner) => guard(key, async () => store.release?.(key, owner)),
    failure,
  };
}
