/** For how long a store keeps what nobody uses. */
import { ConfigurationError } from "../errors.ts";
import type { TokenRecord } from "../tokens/token-store.ts";

export interface Keeping {
  /**
   * ms after which a record ends, counted from its last save or from the end of its tokens
   * (`expiresAt`, `refreshExpiresAt`), whichever is later; so from the last save where the vendor
   * tells no end. Give more than the refresh tokens of the vendor live. Absent: records stay until
   * they are deleted.
   */
  readonly keepUnusedFor?: number;
}

/** ms; three thousand years. What is added to it stays exact. */
const LONGEST = 1e14;

/** @throws ConfigurationError */
export function keepUnusedForOf({ keepUnusedFor }: Keeping): number | undefined {
  if (keepUnusedFor === undefined) return undefined;
  if (typeof keepUnusedFor === "number" && keepUnusedFor > 0 && keepUnusedFor <= LONGEST)
    return Math.ceil(keepUnusedFor);
  throw new ConfigurationError({
    option: "keepUnusedFor",
    message: "Option `keepUnusedFor` must be a positive number of milliseconds, up to 1e14.",
  });
}

/**
 * Epoch ms from which a record counts as unused: its save, or the end of its tokens. @param saved
 * epoch ms
 */
export function endOf(record: TokenRecord, saved: number): number {
  // What a store is given, or finds, may be no record of a token.
  const { expiresAt, refreshExpiresAt } =
    (record.token as Partial<TokenRecord["token"]> | undefined) ?? {};
  return Math.max(
    saved,
    ...[expiresAt, refreshExpiresAt].filter((time) => Number.isFinite(time)).map(Number),
  );
}
