/** Which token follows which (rules T-14 to T-16). */
import type { Token } from "../token.ts";
import type { TokenRecord } from "./token-store.ts";

/** The most refresh tokens that are remembered. */
const REMEMBERED = 100;

/** Where a token comes from. It decides which token holds if another client wrote meanwhile. */
export type SaveRule =
  /**
   * A refresh with this refresh token. Its token holds as long as the store still has that refresh
   * token. A record that is gone from a shared store was revoked.
   */
  | { readonly sent: string }
  /** A login: the later login holds. */
  | "login"
  /** A consent replaces whatever is stored. */
  | "consent";

/** Whether what another client stored holds, and not this token. */
export function isOvertaken(token: Token, rule: SaveRule, { token: stored }: TokenRecord): boolean {
  if (rule === "consent") return false;
  // The clocks of hosts differ, but a refresh needs none: its token follows the stored one or not.
  return rule === "login" ? stored.issuedAt >= token.issuedAt : stored.refreshToken !== rule.sent;
}

/**
 * The refresh tokens that this process has used up, and the token that it got for the last one. A
 * store that lost its latest writes, such as a Redis after a failover, may hold one of them again.
 */
export class TokenSuccession {
  #used: readonly string[] = [];
  #latest: Token | undefined;

  /** The store holds this token. If it is none of ours, another process has renewed since. */
  saw({ refreshToken }: Token): void {
    const known = [this.#latest?.refreshToken, ...this.#used];
    if (!known.includes(refreshToken)) this.end();
  }

  /** @param sent the refresh token that brought the token; undefined ends the succession */
  saved(token: Token, sent: string | undefined): void {
    if (sent === undefined || sent === token.refreshToken) return this.end();
    const used = [...this.#used, sent].filter((one) => one !== token.refreshToken);
    this.#used = used.slice(-REMEMBERED);
    this.#latest = token;
  }

  successorOf({ refreshToken }: Token): Token | undefined {
    return refreshToken !== undefined && this.#used.includes(refreshToken)
      ? this.#latest
      : undefined;
  }

  end(): void {
    this.#used = [];
    this.#latest = undefined;
  }
}
