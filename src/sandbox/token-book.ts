/** The tokens that a vendor issues. Refresh tokens rotate, and their reuse is detected. */
import { randomBytes } from "node:crypto";
import type { SandboxClock } from "./clock.ts";

/** A pair of tokens as a vendor issues it. */
export interface Issued {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Of the access token; epoch ms. */
  readonly expiresAt: number;
}

/** Whom a token stands for, and what it permits. */
export interface Holder {
  /** Any text that identifies the user or the client. */
  readonly subject: string;
  /** Separated by spaces. */
  readonly scope: string;
}

/** How refresh tokens rotate. Where a vendor's rules are unknown, the strictest are the default. */
export interface Rotation {
  /**
   * How long after its first use a refresh token may be used again, for another pair; seconds.
   * After that its use ends every token of its family, that is, of the pairs that descend from the
   * same login.
   * @defaultValue 0
   */
  grace: number;
  /**
   * Whether a rotation revokes the access token of the pair before.
   * @defaultValue false
   */
  revokesPrevious: boolean;
}

/** One act of a vendor. Tokens are named by their number, in the order of issue. */
export interface LogEntry {
  /** `refused`: the refresh token was unknown, or its family had ended. */
  readonly event: "issued" | "rotated" | "reused" | "refused";
  /** Number of the refresh token that was sent; absent for a login, a code or an unknown token. */
  readonly sent?: number;
  /** Number of the pair that was issued. */
  readonly committed?: number;
  /** Epoch ms. */
  readonly at: number;
  /** Whether the whole answer was sent; undefined while it is under way. */
  delivered: boolean | undefined;
  /** `User-Agent` of the request. Tests with several processes tell them apart by it. */
  userAgent?: string;
}

/**
 * What a vendor has issued. A refresh token can be used once. Its second use, once `rotation.grace`
 * is over, ends every token of its family (RFC 9700 4.14.2).
 */
export interface TokenBook {
  /** How refresh tokens rotate. A test may change it. */
  readonly rotation: Rotation;
  /** What was issued, rotated and refused so far. */
  readonly log: readonly LogEntry[];
  /**
   * Issues a pair, the first of a new family.
   * @param lifetime seconds
   */
  issue(holder: Holder, lifetime: number): Issued;
  /**
   * Issues the next pair of a family. Undefined: the refresh token is unknown, was used before and
   * its `rotation.grace` is over, or its family has ended.
   * @param lifetime seconds
   */
  rotate(
    refreshToken: string,
    lifetime: number,
  ): (Issued & { readonly holder: Holder }) | undefined;
  /** What an access token stands for. `unknown`: it was not issued, or was revoked. */
  check(
    accessToken: string,
  ):
    { readonly state: "live" | "expired"; readonly holder: Holder } | { readonly state: "unknown" };
  /** Revokes one access token. */
  revoke(accessToken: string): void;
  /** Revokes every access token. */
  revokeAccessTokens(): void;
  /** Revokes every refresh token. */
  revokeRefreshTokens(): void;
}

interface Family {
  readonly holder: Holder;
  ended: boolean;
}
interface AccessEntry {
  readonly family: Family;
  readonly expiresAt: number;
}
interface RefreshEntry {
  readonly family: Family;
  readonly number: number;
  /** Of the same pair. */
  readonly accessToken: string;
  usedAt?: number;
}
/** Makes the text of an access token. `expiresAt` is in epoch ms. */
export type MintAccessToken = (holder: Holder, expiresAt: number) => string;

/**
 * Makes an empty token book.
 * @param mint makes the text of an access token; `expiresAt` is in epoch ms
 * @example
 * const tokens = createTokenBook(clock, () => `mine-${crypto.randomUUID()}`);
 * const { accessToken } = tokens.issue({ subject: "client-1", scope: "" }, 3600);
 */
export function createTokenBook(clock: SandboxClock, mint: MintAccessToken): TokenBook {
  const state = new Tokens(clock, mint);
  return {
    rotation: state.rotation,
    log: state.log,
    issue: (holder, lifetime) => state.issue({ holder, ended: false }, lifetime),
    rotate: (refreshToken, lifetime) => state.rotate(refreshToken, lifetime),
    check: (accessToken) => state.check(accessToken),
    revoke: (accessToken) => void state.access.delete(accessToken),
    revokeAccessTokens: () => state.access.clear(),
    revokeRefreshTokens: () => state.refresh.clear(),
  };
}

class Tokens {
  readonly access = new Map<string, AccessEntry>();
  readonly refresh = new Map<string, RefreshEntry>();
  readonly rotation: Rotation = { grace: 0, revokesPrevious: false };
  readonly log: LogEntry[] = [];
  readonly #clock: SandboxClock;
  readonly #mint: MintAccessToken;
  #issued = 0;

  constructor(clock: SandboxClock, mint: MintAccessToken) {
    this.#clock = clock;
    this.#mint = mint;
  }

  /** @param sent number of the refresh token that the pair is issued for */
  issue(family: Family, lifetime: number, sent?: number): Issued {
    const expiresAt = this.#clock.now() + lifetime * 1000;
    const accessToken = this.#mint(family.holder, expiresAt);
    const refreshToken = `sandbox-refresh-${random()}`;
    this.#issued += 1;
    this.access.set(accessToken, { family, expiresAt });
    this.refresh.set(refreshToken, { family, number: this.#issued, accessToken });
    const of = sent === undefined ? {} : { sent };
    this.#note({
      event: sent === undefined ? "issued" : "rotated",
      committed: this.#issued,
      ...of,
    });
    return { accessToken, refreshToken, expiresAt };
  }

  rotate(refreshToken: string, lifetime: number): (Issued & { holder: Holder }) | undefined {
    const entry = this.refresh.get(refreshToken);
    if (!entry) return this.#refuse({ event: "refused" });
    const { family, usedAt, number: sent, accessToken } = entry;
    const now = this.#clock.now();
    if (usedAt !== undefined && now - usedAt >= this.rotation.grace * 1000) {
      family.ended = true;
      return this.#refuse({ event: "reused", sent });
    }
    if (family.ended) return this.#refuse({ event: "refused", sent });
    entry.usedAt ??= now;
    if (this.rotation.revokesPrevious) this.access.delete(accessToken);
    return { ...this.issue(family, lifetime, sent), holder: family.holder };
  }

  check(accessToken: string): ReturnType<TokenBook["check"]> {
    const entry = this.access.get(accessToken);
    if (!entry || entry.family.ended) return { state: "unknown" };
    const live = this.#clock.now() < entry.expiresAt;
    return { state: live ? "live" : "expired", holder: entry.family.holder };
  }

  #refuse(entry: Pick<LogEntry, "event" | "sent">): undefined {
    this.#note(entry);
  }

  #note(entry: Omit<LogEntry, "at" | "delivered">): void {
    this.log.push({ ...entry, at: this.#clock.now(), delivered: undefined });
  }
}

/** Text that cannot be guessed, of characters that need no encoding in a URL. */
export const random = (): string => randomBytes(18).toString("base64url");
