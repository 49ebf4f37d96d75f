/** What a renewal is given: types only. */
import type { CorrigendaError } from "../errors.ts";
import type { ClientEvent } from "../events.ts";
import type { PreparedRequest } from "../http/token-request.ts";
import type { Deadline } from "../platform/deadline.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import type { Grant, Problem } from "../provider.ts";
import type { Token } from "../token.ts";
import type { Latch } from "./latch.ts";
import type { RenewalCredentials } from "./renewal-credentials.ts";
import type { CreateRenewer, LeaseTimes, RenewalEnvironment, Renewer } from "./renewer.ts";
import type { StoreAccess } from "./store-access.ts";
import type { SharedLatch } from "./shared-latch.ts";
import type { CredentialRecord } from "./token-record.ts";

/** A token request that failed. */
export interface FailedTokenRequest {
  readonly error: CorrigendaError;
  /** The refusal as the endpoint sent it, with its HTTP status. For decisions, never shown. */
  readonly problem?: Problem;
  readonly status?: number;
  /** Whether the vendor may have used up the refresh token, although no next one came. */
  readonly lost: boolean;
}

/** Sends token requests, and repeats them where that is safe (rules T-08 and T-11 to T-13). */
export interface TokenRequester {
  /**
   * ms that must be left before a refresh token is sent, since its answer may be the only copy of
   * the next token.
   */
  readonly room: number;
  send(
    request: PreparedRequest,
    grant: Grant,
    options: {
      readonly deadline: Deadline;
      /** A pause between two attempts, ms. */
      readonly rest: (ms: number) => Promise<void>;
      /** Whether a refresh token may be sent again. */
      readonly mayResend: () => boolean;
    },
  ): Promise<{ readonly token: Token } | FailedTokenRequest>;
}

export interface RenewalSettings {
  /** The provider's name. */
  readonly provider: string;
  readonly record: CredentialRecord;
  readonly renewer: Renewer;
  readonly credentials: RenewalCredentials;
  /** Sends the token requests. */
  readonly requests: TokenRequester;
  readonly latch: Latch;
  /** The refusals that clients on one store share; undefined in a store of the client's own. */
  readonly sharedLatch: SharedLatch | undefined;
  /** ms. */
  readonly timeouts: { readonly total: number };
  readonly leases: Pick<LeaseTimes, "poll">;
  readonly scheduler: Scheduler;
  /** Epoch ms. */
  readonly now: () => number;
  readonly replay: boolean;
  /** The grants that may bring the next token, best first. */
  readonly grantsFor: (token: Token | undefined) => readonly Grant[];
  /**
   * Remembers a refusal.
   * @param until the end of the latch, epoch ms; by default it depends on the kind of refusal
   * @returns the end of the latch, if the refusal is one that latches
   */
  readonly onRefusal: (
    error: CorrigendaError,
    fingerprint: string,
    until?: number,
  ) => number | undefined;
  /** A refresh token was sent, and its answer was lost. */
  readonly onDoubt: () => void;
  /** A save that took longer than the deadline of its renewal has ended. */
  readonly onLateSave: () => void;
}

/** The state of the token source when a renewal begins. */
export interface SourceState {
  readonly current: Token | undefined;
  /** The token that the vendor answered 401 to, although it has not expired. */
  readonly refused: Token | undefined;
  /** Serves the stored token. @returns undefined if it cannot be used, or expires too soon */
  readonly adopt: (token: Token) => Token | undefined;
  /**
   * Whether `reset()` permits one try although the store holds a refusal, or a mark that an answer
   * was lost.
   */
  readonly afresh: boolean;
}

/** What a token source is made of. */
export interface TokenSourceSettings
  extends
    Omit<RenewalEnvironment, "onReplay">,
    Pick<RenewalSettings, "credentials" | "requests" | "sharedLatch"> {
  /** The store key of the credential. */
  readonly key: string;
  readonly store: StoreAccess;
  readonly createRenewer: CreateRenewer;
  /** Whether the credential can log in, so that nothing stored is needed. */
  readonly login: boolean;
  /** The grants that may bring the next token, best first. */
  readonly grantsFor: (state: {
    readonly refreshToken: string | undefined;
    readonly worked: (grant: string) => boolean;
  }) => readonly Grant[];
  /** Is called with work that no caller waits for. Undefined: the platform allows no such work. */
  readonly background: ((work: Promise<unknown>) => void) | undefined;
  readonly emit: (event: ClientEvent) => void;
  /** Is called with each token that the source takes into memory. */
  readonly onToken: (token: Token) => void;
}
