/**
 * Renewals of a token that was not due yet by its expiry. There are two kinds. A forced renewal
 * follows when the vendor refuses the token. The other kind follows when the token seems to come
 * from the future. The store notes both in the record that also holds the refusals of credentials
 * (`LatchRecord`), so that all clients that share a token share one limit (rule T-20).
 */
import type { UnforeseenRenewal } from "./token-store.ts";
import { freshness, isFromFuture, type Token } from "../token.ts";

/** ms. Rule T-20: at most one forced renewal of a credential in this time. */
export const FORCED_RENEWAL = 30_000;

/**
 * The note of a renewal; undefined if the renewal needs none.
 * @param stored the token that the new token replaces
 * @param at when the request was sent, epoch ms
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

/** Whether the last forced renewal is too recent for another one. */
export const wasForced = (renewals: readonly UnforeseenRenewal[], now: number): boolean =>
  renewals.some(({ at, forced }) => forced && at <= now && now - at < FORCED_RENEWAL);

/**
 * The stored token with the times of this host's clock, if the clock of the host that stored it is
 * ahead. The latest noted renewal of this host stored a token too. Now the store holds the token
 * of the other host, so that token came later, and is not older than the renewal. It counts as
 * issued at the time of the renewal. Without this correction, neither of two hosts whose clocks
 * differ by a token's life would use the token of the other, and every new client would renew it.
 * @returns undefined if the clock is not ahead, if no renewal is noted, or if the token is not
 *   usable with the corrected times either
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
