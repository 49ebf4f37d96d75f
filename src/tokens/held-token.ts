/** The token in memory: whether it is fresh, and whether the vendor refused it (T-04, T-20). */
import { freshness, type Freshness, type Token } from "../token.ts";
import { FORCED_RENEWAL } from "./forced-renewals.ts";

export class HeldToken {
  readonly #now: () => number;
  current: Token | undefined;
  /** `store`, or the grant type that brought the token. */
  origin = "store";
  /**
   * 0 to 1, drawn for each token, so that processes renew at different times: it shortens the time
   * before the expiry in which the token is renewed in the background (see `softWindow`).
   */
  jitter = 0;
  /** The token that the vendor answered 401 to. It is never served again. */
  refused: Token | undefined;
  /** When a renewal in the background failed last, epoch ms. */
  softFailedAt = -Infinity;
  /** When `reject` last accepted a refusal, which forces a renewal, epoch ms. */
  #forcedAt = -Infinity;

  /** @param now epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  isUsable(token: Token | undefined): token is Token {
    return (
      token !== undefined &&
      token.accessToken !== this.refused?.accessToken &&
      freshness(token, this.#now()) !== "stale"
    );
  }

  /** @param minTtl seconds for which the token is needed */
  freshness(minTtl: number | undefined): Freshness {
    const { current } = this;
    return this.isUsable(current) ? freshness(current, this.#now(), this.jitter, minTtl) : "stale";
  }

  take(token: Token, origin: string, jitter: number): void {
    this.current = token;
    this.origin = origin;
    this.jitter = jitter;
    this.softFailedAt = -Infinity;
  }

  /**
   * A caller hands back a token that the vendor refused.
   * @returns the token to serve although it was refused, because the last forced renewal is too
   *   recent: a vendor that refuses every token must not be asked for a new one with every call.
   *   Undefined: the caller gets its token in the usual way, which never serves the refused one.
   */
  reject(rejected: Token): Token | undefined {
    // With no token in memory, the store may hold the refused one.
    const held = this.current ?? rejected;
    if (!this.isUsable(rejected) || rejected.accessToken !== held.accessToken) return undefined;
    if (isWithin(FORCED_RENEWAL, this.#forcedAt, this.#now())) return this.current;
    this.#forcedAt = this.#now();
    this.refused = rejected;
    return undefined;
  }

  /** @param unsaved the token that could not be saved in the store; it stays in memory */
  reset(unsaved: Token | undefined): void {
    this.current = unsaved;
    this.refused = undefined;
    this.softFailedAt = this.#forcedAt = -Infinity;
  }
}

/** Whether less than `span` ms have passed since `at`. False after a clock was set back. */
export const isWithin = (span: number, at: number, now: number): boolean =>
  now >= at && now - at < span;
