/**
 * Renewals that a token's own times do not call for: after the vendor refused the token, or because
 * it seems to come from the future. They are noted beside the latch, so that the limits on them
 * hold for all the clients of a record together (rule T-20).
 */
import type { UnforeseenRenewal } from "./token-store.ts";
import { freshness, isFromFuture, type Token } from "../token.ts";

/** ms. Rule T-20: at most one forced renewal of a credential in this time. */
export const FORCED_RENEWAL = 30_000;

/**
 * What a renewal is to be noted as, if it is to be noted at all. @param stored the token that it
 * takes the place of
 */
export function unforeseen(
  stored: Token | undefined,
  at: number,
  forced: boolean,
  now: number,
): UnforeseenRenewal | undefined {
  if (forced) return { at, forced: true };
  return stored && isFromFuture(stored, now) ? { at } : undefined;
}

/** Whether a renewal was forced so short a time ago that no other one may be. */
export const wasForced = (renewals: readonly UnforeseenRenewal[], now: number): boolean =>
  renewals.some(({ at, forced }) => forced && at <= now && now - at < FORCED_RENEWAL);

/**
 * The stored token with times of this host's clock, where its own are of a clock that is ahead. The
 * other host stored it after the latest renewal that a client with this clock made, so it is no
 * older than that renewal. Without this, two hosts whose clocks differ by a token's life would each
 * take the other's token for expired, and renew it with every new client.
 */
export function onThisClock(
  stored: Token,
  renewals: readonly UnforeseenRenewal[],
  now: number,
): Token | undefined {
  const issuedAt = Math.max(...renewals.map(({ at }) => at).filter((at) => at <= now));
  if (!isFromFuture(stored, now) || issuedAt === -Infinity) return undefined;
  const moved: Token = {
    ...stored,
    issuedAt,
    ...(stored.expiresAt === undefined
      ? {}
      : { expiresAt: issuedAt + stored.expiresAt - stored.issuedAt }),
  };
  return freshness(moved, now) === "stale" ? undefined : moved;
}
