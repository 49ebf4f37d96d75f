import { randomBytes } from "node:crypto";
import type { SandboxClock } from "./clock.ts";

export interface Issued {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAt: number;
}
export interface Holder {
  readonly subject: string;
  readonly scope: string;
}

/** How cruel a vendor is. What is not documented is set to the worst. */
export interface Rotation {
  /**
   * s after its first use in which a refresh token may be used again, for another pair; after that
   * it kills every token of its family. 0: at once.
   */
  grace: number;
  /** Whether a rotation kills the access token before it. */
  revokesPrevious: boolean;
}

/**
 * What a vendor did, and whether it was heard of. Tokens are named by their number, in the order of
 * issue.
 */
export interface LogEntry {
  readonly event: "issued" | "rotated" | "reused" | "refused";
  /** Number of the refresh token that was sent; absent for a login or a code. */
  readonly sent?: number;
  /** Number of the pair that was committed. */
  readonly committed?: number;
  /** Epoch ms. */
  readonly at: number;
  /** Whether the answer left as a whole; undefined while it is on its way. */
  delivered: boolean | undefined;
  /** User-Agent of the request: tests with several processes tell them apart by it. */
  userAgent?: string;
}

/**
 * What a vendor has issued. Refresh tokens rotate; one that is used twice kills every token of its
 * family, but for a grace.
 */
export interface TokenBook {
  readonly rotation: Rotation;
  readonly log: readonly LogEntry[];
  /** A new pair, the first of a family. */
  issue(holder: Holder, lifetime: number): Issued;
  /** The next pair of the family; undefined if the refresh token is unknown, used or dead. */
  rotate(
    refreshToken: string,
    lifetime: number,
  ): (Issued & { readonly holder: Holder }) | undefined;
  check(
    accessToken: string,
  ):
    { readonly state: "live" | "expired"; readonly holder: Holder } | { readonly state: "unknown" };
  revoke(accessToken: string): void;
  revokeAccessTokens(): void;
  revokeRefreshTokens(): void;
}

interface Family {
  readonly holder: Holder;
  dead: boolean;
}

/** @param mint makes the text of an access token; epoch ms */
export function createTokenBook(
  clock: SandboxClock,
  mint: (holder: Holder, expiresAt: number) => string,
): TokenBook {
  const access = new Map<string, { family: Family; expiresAt: number }>();
  const refresh = new Map<
    string,
    { family: Family; usedAt?: number; number: number; accessToken: string }
  >();
  const rotation: Rotation = { grace: 0, revokesPrevious: false };
  const log: LogEntry[] = [];
  let issuedSoFar = 0;
  const note = (entry: Omit<LogEntry, "at" | "delivered">): void =>
    void log.push({ ...entry, at: clock.now(), delivered: undefined });

  function pair(family: Family, lifetime: number, sent?: number): Issued {
    const expiresAt = clock.now() + lifetime * 1000;
    const issued = {
      accessToken: mint(family.holder, expiresAt),
      refreshToken: `sandbox-refresh-${random()}`,
      expiresAt,
    };
    access.set(issued.accessToken, { family, expiresAt });
    issuedSoFar += 1;
    refresh.set(issued.refreshToken, {
      family,
      number: issuedSoFar,
      accessToken: issued.accessToken,
    });
    note({
      event: sent === undefined ? "issued" : "rotated",
      committed: issuedSoFar,
      ...(sent === undefined ? {} : { sent }),
    });
    return issued;
  }

  return {
    rotation,
    log,
    issue: (holder, lifetime) => pair({ holder, dead: false }, lifetime),
    rotate(refreshToken, lifetime) {
      const entry = refresh.get(refreshToken);
      if (!entry) {
        note({ event: "refused" });
        return undefined;
      }
      const { family, usedAt, number: sent } = entry;
      if (usedAt !== undefined && clock.now() - usedAt >= rotation.grace * 1000) {
        family.dead = true;
        note({ event: "reused", sent });
        return undefined;
      }
      if (family.dead) {
        note({ event: "refused", sent });
        return undefined;
      }
      entry.usedAt ??= clock.now();
      if (rotation.revokesPrevious) access.delete(entry.accessToken);
      return { ...pair(family, lifetime, sent), holder: family.holder };
    },
    check(accessToken) {
      const entry = access.get(accessToken);
      if (!entry || entry.family.dead) return { state: "unknown" };
      return {
        state: clock.now() < entry.expiresAt ? "live" : "expired",
        holder: entry.family.holder,
      };
    },
    revoke: (accessToken) => void access.delete(accessToken),
    revokeAccessTokens: () => access.clear(),
    revokeRefreshTokens: () => refresh.clear(),
  };
}

export const random = (): string => randomBytes(18).toString("base64url");
