/** What the rest of the package knows of a token source. */
import type { ErrorKind } from "./errors.ts";
import type { Token } from "./token.ts";

/** What a caller of `getToken` needs of the token. */
export interface GetTokenOptions {
  /** The token that the vendor just refused. It is renewed, unless a newer one is there already. */
  readonly rejected?: Token | undefined;
  /** Seconds for which the token is needed; one that is nearer to its end is renewed first. */
  readonly minTtl?: number | undefined;
  /** Detaches this caller, and nobody else. */
  readonly signal?: AbortSignal | null | undefined;
}

/** How long `close` may take. */
export interface CloseOptions {
  /**
   * ms after which `close` gives up waiting. By default it waits for as long as the requests and
   * the store may take: see `timeouts`.
   */
  readonly within?: number | undefined;
}

/** Gives the token of one credential, and renews it. A client has it as `auth`. */
export interface TokenSource {
  /** @throws CorrigendaError; the signal's reason when it aborts */
  getToken(options?: GetTokenOptions): Promise<Token>;
  /** What is known of the token, without any secret. Sends nothing. */
  explain(): Promise<Explanation>;
  /** Forgets every failure and what was learnt, and reads the token from the store again. */
  reset(): void;
  /**
   * Ends the source. Waits for a token request that is under way, since its answer may be the only
   * copy of a token, and for what is being saved; keeps the process alive meanwhile. API calls are
   * not waited for: they end by themselves, and a 401 among their answers is returned. A second
   * call does nothing more, and has the same outcome.
   * @throws StoreError if the newest token could not be saved, or, with the code `gave_up`, if it
   *   is not known by then whether it is: the request goes on until its own deadline, and its
   *   connection may keep the process alive until then
   */
  close(options?: CloseOptions): Promise<void>;
}

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
