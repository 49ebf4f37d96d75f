import type { CorrigendaError, ErrorKind } from "./errors.ts";
import { freshness, softWindow, type Token } from "./token.ts";

/**
 * What a client knows of its token, without any secret. All times are epoch ms. For people and for
 * monitoring.
 */
export interface Explanation {
  /** `provider:token URL:client:subject`, as the store knows it. */
  readonly key: string;
  /** Absent: there is none in memory. */
  readonly token?: {
    /** `store`, the grant that brought it (`password`, `refresh_token`, ...), or `static`. */
    readonly source: string;
    /**
     * `fresh`; `soft`: served, and renewed in the background; `hard`: about to expire, a new one is
     * waited for; `stale`: not served; `refused`: the vendor said 401.
     */
    readonly state: "fresh" | "soft" | "hard" | "stale" | "refused";
    readonly issuedAt: number;
    /** ms. */
    readonly age: number;
    readonly expiresAt?: number;
    /**
     * From when it is renewed in the background. Absent: its expiry is not known, and it is used
     * until it is refused.
     */
    readonly renewsAt?: number;
    readonly renewable: boolean;
    /** False: no store holds it yet, because the store failed; or it is `static`. */
    readonly saved: boolean;
  };
  /** Whether a token request is under way. */
  readonly inFlight: boolean;
  readonly lastFailure?: {
    readonly at: number;
    readonly kind: ErrorKind;
    readonly message: string;
    readonly code?: string;
    readonly status?: number;
  };
  /** No request is made with these credentials before `until`, unless they change, or `reset()`. */
  readonly latch?: { readonly kind: ErrorKind; readonly reason: string; readonly until: number };
  /** The vendor asked to be left alone until then. */
  readonly retryAt?: number;
  /**
   * A refresh token was sent and its answer was lost: whether the vendor has used it up is not
   * known.
   */
  readonly rotationInDoubt: boolean;
  /**
   * Refresh tokens of other processes that this client sent again, because their owners died or
   * fell silent (event `rotation_replayed`).
   */
  readonly replays: number;
  readonly closed: boolean;
}

interface Standing {
  readonly now: number;
  readonly jitter: number;
  readonly source: string;
  readonly refused: boolean;
  readonly renewable: boolean;
  readonly saved: boolean;
}

export function explainToken(
  token: Token,
  { now, jitter, refused, ...rest }: Standing,
): NonNullable<Explanation["token"]> {
  const { issuedAt, expiresAt } = token;
  return {
    ...rest,
    state: refused ? "refused" : freshness(token, now, jitter),
    issuedAt,
    age: now - issuedAt,
    ...(expiresAt === undefined
      ? {}
      : { expiresAt, renewsAt: expiresAt - softWindow(token, jitter) }),
  };
}

export function explainFailure(
  failure: { readonly at: number; readonly error: CorrigendaError } | undefined,
): Pick<Explanation, "lastFailure"> {
  if (!failure) return {};
  const {
    at,
    error: { kind, message, code, status },
  } = failure;
  return {
    lastFailure: {
      at,
      kind,
      message,
      ...(code === undefined ? {} : { code }),
      ...(status === undefined ? {} : { status }),
    },
  };
}
