/**
 * A token store as a client uses it: each operation in time, and each failure a StoreError that
 * quotes nothing of what was stored.
 */
import { StoreError } from "../errors.ts";
import { withDeadline } from "../platform/deadline.ts";
import { isInstance } from "../platform/safe-access.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import { isTokenRecord } from "./record-shape.ts";
import type { LatchRecord, TokenRecord, TokenStore } from "./token-store.ts";

type Content<R> = R extends unknown ? Omit<R, "generation"> : never;

export interface StoreAccess {
  /**
   * Whether other clients may use the store at the same time. Then a record that is gone means that
   * the session was revoked.
   */
  readonly shared: boolean;
  /** Whatever is stored: a record or not. @throws StoreError */
  get(key: string): Promise<unknown>;
  /** The token record. @throws StoreError, also if anything else is stored */
  getRecord(key: string): Promise<TokenRecord | undefined>;
  /**
   * Compare-and-set: writes the content with a new generation. Keeps the process alive meanwhile.
   * @returns the new generation; undefined if the stored generation is not `expected`
   * @throws StoreError
   */
  set(
    key: string,
    content: Content<TokenRecord | LatchRecord>,
    expected: number,
  ): Promise<number | undefined>;
  /** @throws StoreError */
  delete(key: string): Promise<void>;
  /** Runs another operation of the store. @throws StoreError */
  guard<T>(key: string, operation: () => Promise<T>): Promise<T>;
  /**
   * Makes the error for a store that fails or misbehaves. @param what completes the sentence "the
   * token store ..."
   */
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
    const late = (): StoreError => failure(key, "did not answer in time");
    try {
      return await withDeadline((async () => operation())(), limit, late, scheduler, keepAlive);
    } catch (cause) {
      // The message of an error that a store throws may quote what the store was given, so only a
      // StoreError is handed on (rule S-03).
      if (!isInstance(cause, StoreError)) throw failure(key, "failed");
      if (cause.provider !== undefined) throw cause;
      throw cause.copy((details) => ({
        ...details,
        provider,
        message: `${provider}: ${details.message}`,
      }));
    }
  }

  return {
    shared: store.renewer !== undefined,
    get: (key) => guard(key, async () => store.get(key)),
    async getRecord(key) {
      const record: unknown = await guard(key, async () => store.get(key));
      if (record === undefined || isTokenRecord(record)) return record;
      throw failure(key, "holds something that is no token record; nothing was overwritten");
    },
    async set(key, content, expected) {
      // The first generation is random: a client that did not notice a deletion must not take the
      // new record for the one that it had read.
      const first = (): number => 1 + Math.floor(scheduler.random() * 2 ** 40);
      const generation = expected === 0 ? first() : expected + 1;
      // A latch record is written as well. The type of `TokenStore` names token records only, so
      // that a store of your own need not know the other type (see token-store.ts).
      const record = { ...content, generation } as TokenRecord;
      const written = await guard(key, async () => store.set(key, record, expected), true);
      return written ? generation : undefined;
    },
    delete: (key) => guard(key, async () => store.delete(key), true),
    guard: (key, operation) => guard(key, operation),
    failure,
  };
}
