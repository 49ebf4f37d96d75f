/**
 * The types that hide whether one process uses a store or many processes share it.
 *
 * A renewal is the same steps in both cases: look at the store, send a token request, save the
 * token. A renewer decides when each step may be taken. The renewer of a single client
 * (`sole-renewer.ts`) takes them one after another. The renewer of a memory store lets the clients
 * of a process take turns. The renewer in `sharing/` takes a lease first, and writes an intent into
 * the store.
 */
import type { StoreError } from "../errors.ts";
import type { Deadline } from "../platform/deadline.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import type { Grant } from "../provider.ts";
import type { Token } from "../token.ts";
import type { Intent, TokenRecord } from "./token-store.ts";

/** The result of a renewal. Without `grant`, another client had renewed the token already. */
export interface Renewed {
  readonly token: Token;
  readonly grant?: Grant;
  readonly previous?: Token | undefined;
  /**
   * Set if the token is served although the vendor refused it, because the last forced renewal is
   * too recent (rule T-20).
   */
  readonly heldBack?: true;
}

/** What a renewal may send next, after a look at the store. */
export interface Plan {
  /** The stored record, if these credentials may use it. */
  readonly record: TokenRecord | undefined;
  /** The store failed: only a grant that needs no stored refresh token may be sent. */
  readonly storeFailed: boolean;
}

/** The result of sending what a plan holds. */
export type Outcome =
  | { readonly done: Renewed }
  /** The store has changed meanwhile: look at it again. */
  | { readonly again: true }
  | Wait;

/** Another process may hold the next refresh token: wait for it, for `wait` ms at most. */
export interface Wait {
  readonly wait: number;
  /** The error of the renewal, if its deadline ends first. */
  readonly error: StoreError;
}

/** The steps of one renewal. */
export interface Steps<P extends Plan = Plan> {
  readonly deadline: Deadline;
  /** Whether one of the grants needs no stored refresh token. */
  readonly hasRepeatableGrant: boolean;
  /**
   * Reads the store and decides what may be sent.
   * @throws CorrigendaError if no request may be sent now, for example because of a latch
   */
  look(): Promise<{ readonly done: Renewed } | { readonly plan: P }>;
  /** Sends the grants of the plan, best first, and saves the token. */
  send(plan: P, gate: Gate): Promise<Outcome>;
  /** Runs an operation of the store within the store's share of the deadline. @throws StoreError */
  ask<T>(operation: () => Promise<T>): Promise<T>;
  /** Waits, ms. @throws StoreError if the deadline ends before */
  rest(ms: number): Promise<void>;
  /** The error of a renewal that found the store changed at every look. */
  changing(): StoreError;
  /** The error of a renewal whose deadline is over. */
  late(): StoreError;
}

/**
 * How often a renewal looks again at a store that has changed. After that, the store counts as
 * broken.
 */
export const MAX_CHANGES = 10;

/** The longest pause between two looks at the store, in ms, while another client renews. */
const MAX_PAUSE = 1000;

/**
 * The pause in ms before the next look. It is longer after every look, and partly random, so that
 * waiting clients do not all look at the same moment.
 */
export const pauseAfter = (
  looks: number,
  poll: number,
  { random }: Pick<Scheduler, "random">,
): number => Math.min(poll * 2 ** looks, Math.max(poll, MAX_PAUSE)) * (0.5 + random() / 2);

/** Decides whether a refresh token may be sent. */
export interface Gate {
  before(record: TokenRecord | undefined, conditions: GateConditions): Promise<GateDecision>;
  /** Whether a refresh token whose answer was lost may be sent again at once. */
  mayResend(): boolean;
  /**
   * The request failed.
   * @param lost true if the answer was lost, and `replay: false` forbids sending the token again
   */
  failed(lost: boolean): Promise<void>;
}

/** What a gate takes into account. */
export interface GateConditions {
  /** Whether a login can follow, which brings a token even if the refresh token is lost. */
  readonly login: boolean;
  /** Whether `reset()` permits one try although a refresh token may be lost. */
  readonly afresh: boolean;
  /** Whether the deadline leaves enough time for the answer, which may be the only copy. */
  readonly inTime: () => boolean;
}

/** What a gate decides. */
export type GateDecision =
  | { readonly go: true }
  | { readonly again: true }
  /** The deadline is too near. */
  | { readonly late: true }
  /** The answer to this refresh token was lost, and `replay: false` forbids sending it again. */
  | { readonly lost: true }
  | Wait;

/** Renews the token of one credential. */
export interface Renewer {
  renew<P extends Plan>(steps: Steps<P>): Promise<Renewed>;
  /**
   * Takes the right to renew the token, if no other client has it. Never rejects.
   * @returns whether this client has it now; true as well if the store fails
   */
  take(): Promise<boolean>;
  /** Lets others renew the token. Never rejects. */
  end(): Promise<void>;
}

/** What a renewer may do with the record of its credential. */
export interface RecordAccess {
  readonly key: string;
  /** Whether a token is in memory only, because the store failed. */
  readonly hasUnsaved: boolean;
  /**
   * Writes an intent into the record.
   * @returns false if the record has changed since it was read. @throws StoreError
   */
  writeIntent(record: TokenRecord, intent: Intent): Promise<boolean>;
  /** Removes the intent of this owner. Best effort: others wait for an intent that stays. */
  removeIntent(owner: string): Promise<void>;
  /** Runs another operation of the store, in time. @throws StoreError of this provider */
  guard<T>(operation: () => Promise<T>): Promise<T>;
}

/** Times of a store that processes share, in ms. */
export interface LeaseTimes {
  /** The time without a heartbeat after which a process loses its lease. */
  readonly ttl: number;
  /** The time between two heartbeats. */
  readonly heartbeat: number;
  /** The time between two looks at the store while another process renews the token. */
  readonly poll: number;
  /**
   * How long to wait for a process that may be alive and hold the next refresh token. After that,
   * the refresh token that it sent is sent again.
   */
  readonly patience: number;
}

/** What a renewer knows of its client. */
export interface RenewalEnvironment {
  readonly provider: string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly scheduler: Scheduler;
  /** `total`: ms. */
  readonly timeouts: { readonly total: number };
  /** Whether a refresh token whose answer was lost may be sent again (rule T-13). */
  readonly replay: boolean;
  readonly leases: LeaseTimes;
  /** Is told that the refresh token of another process is sent again. */
  readonly onReplay: (reason: "owner_dead" | "owner_silent") => void;
}

/**
 * Makes the renewer of one credential. `shareable` and the stores of this package bring it; users
 * only hand it on.
 * @internal
 */
export type CreateRenewer = (record: RecordAccess, environment: RenewalEnvironment) => Renewer;
