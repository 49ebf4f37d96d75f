/** Which token follows which (rules T-14 to T-16). */
import type { Token } from "../token.ts";
import type { TokenRecord } from "./token-store.ts";

/** The most refresh tokens that are remembered. */
const REMEMBERED = 100;

/**
 * Where a token comes from. It decides which token stays in the store if another client wrote
 * meanwhile.
 */
export type SaveRule =
  /**
   * A refresh, which sent this refresh token. The new token is stored if the store still has the
   * refresh token that was sent. A record that is gone from a shared store was revoked.
   */
  | { readonly sent: string }
  /** A login: the token of the later login is stored. */
  | "login"
  /** A consent replaces whatever is stored. */
  | "consent";

/** Whether the token that another client stored stays there, and this token is not stored. */
export function isOvertaken(token: Token, rule: SaveRule, { token: stored }: TokenRecord): boolean {
  if (rule === "consent") return false;
  // The times of logins are compared, although the clocks of hosts may differ. A refresh needs no
  // times: the refresh token that was sent is the stored one or not.
  return rule === "login" ? stored.issuedAt >= token.issuedAt : stored.refreshToken !== rule.sent;
}

/**
 * The refresh tokens that this process has used up, and the token that it got for the last one. A
 * store that lost its latest writes, such as a Redis after a failover, may hold one of them again.
 */
export class TokenSuccession {
  #used: readonly string[] = [];
  #latest: Token | undefined;

  /**
   * The store holds this token. If this process did not get it, another process has renewed since,
   * and the succession ends.
   */
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
