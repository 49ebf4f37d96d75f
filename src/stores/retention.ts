/** For how long a store retains a record that is no longer used. */
import { refuseOption } from "../parts/check-options.ts";
import type { TokenRecord } from "../tokens/token-store.ts";

/** How long a store keeps a record that nothing uses. */
export interface RetentionOptions {
  /**
   * How long an unused record stays in the store, in ms, up to 1e14. The time counts from the last
   * save of the record or from the end of its tokens (`expiresAt`, `refreshExpiresAt`), whichever
   * is later. Choose a time longer than the lifetime of the vendor's refresh tokens: some vendors
   * do not tell that lifetime, and then the time counts from the last save.
   *
   * @defaultValue none: a record stays until it is deleted
   */
  readonly keepUnusedFor?: number;
}

/** ms; about three thousand years. Sums with it stay exact integers. */
const LONGEST = 1e14;

/**
 * @returns whole ms, rounded up; undefined if records stay
 * @throws ConfigurationError if the option is not a positive number up to 1e14
 */
export function keepUnusedForOf({ keepUnusedFor }: RetentionOptions): number | undefined {
  if (keepUnusedFor === undefined) return undefined;
  if (typeof keepUnusedFor === "number" && keepUnusedFor > 0 && keepUnusedFor <= LONGEST)
    return Math.ceil(keepUnusedFor);
  return refuseOption("keepUnusedFor", "must be a positive number of milliseconds, up to 1e14.");
}

/**
 * When a record becomes unused: at its save, or at the end of its tokens if that is later.
 *
 * @param savedAt epoch ms
 * @returns epoch ms
 */
export function unusedSince(record: TokenRecord, savedAt: number): number {
  // The record may also be a `LatchRecord`, the refusals of a credential, which has no token.
  const { expiresAt, refreshExpiresAt } =
    (record.token as Partial<TokenRecord["token"]> | undefined) ?? {};
  return Math.max(
    savedAt,
    ...[expiresAt, refreshExpiresAt].filter((time) => Number.isFinite(time)).map(Number),
  );
}
