/**
 * The steps of one renewal: look at the store, send the grants, save the token (rules T-07, T-09,
 * T-13 to T-17). A renewer decides when each step may be taken.
 */
import { ReauthorizationRequiredError, StoreError } from "../errors.ts";
import { isRepeatable } from "../http/grants.ts";
import type { Deadline } from "../platform/deadline.ts";
import type { Grant } from "../provider.ts";
import type { Token } from "../token.ts";
import { onThisClock, wasForced } from "./forced-renewals.ts";
import { GrantSender } from "./grant-sender.ts";
import { Forbidden } from "./latch.ts";
import type { PreparedGrants, RevealedCredentials } from "./renewal-credentials.ts";
import type { RenewalSettings, SourceState } from "./renewal-settings.ts";
import type { Gate, Outcome, Plan, Renewed, Steps } from "./renewer.ts";
import type { Noted } from "./shared-latch.ts";
import type { OngoingRenewal } from "./single-flight.ts";
import { StoreShare } from "./store-share.ts";
import type { TokenRecord } from "./token-store.ts";

/** All that one renewal may send next. */
export interface RenewalPlan extends Plan {
  readonly previous: Token | undefined;
  readonly grants: readonly Grant[];
  readonly prepared: PreparedGrants;
  /** Whether the token of the record may be served. */
  readonly servable: boolean;
  /**
   * Set if the store lost its latest writes and holds a refresh token again that this process has
   * already used: `sent`. `token` is the newest token of this process. It has to be stored again.
   */
  readonly restore: { readonly token: Token; readonly sent: string } | undefined;
}

export interface RenewalContext {
  readonly flight: OngoingRenewal;
  readonly deadline: Deadline;
  readonly state: SourceState;
  readonly revealed: RevealedCredentials;
  /**
   * Whether the vendor refused this refresh token, and the renewal went on to a login. Only the
   * latest such refusal is remembered.
   */
  readonly isRefused: (refreshToken: string | undefined) => boolean;
  readonly onRefreshRefused: (refreshToken: string | undefined) => void;
}

const NOTHING_NOTED: Noted = { refusal: undefined, noted: false, renewals: [] };

export class RenewalSteps implements Steps<RenewalPlan> {
  readonly deadline: Deadline;
  readonly hasRepeatableGrant: boolean;
  readonly #settings: RenewalSettings;
  readonly #context: RenewalContext;
  readonly #share: StoreShare;
  /** The grants and their requests, kept until a look finds another refresh token. */
  #ready:
    | (Pick<RenewalPlan, "grants" | "prepared"> & { readonly refreshToken: string | undefined })
    | undefined;
  /** The error to throw if the deadline ends while this renewal waits for another process. */
  #inDoubt: StoreError | undefined;

  constructor(settings: RenewalSettings, context: RenewalContext) {
    const { timeouts, leases, scheduler, grantsFor } = settings;
    const { deadline } = context;
    this.#settings = settings;
    this.#context = context;
    this.deadline = deadline;
    // If the store fails, a login still brings a token. A refresh is then not sent, because the new
    // refresh token could be lost.
    this.hasRepeatableGrant = grantsFor(context.state.current).some(isRepeatable);
    this.#share = new StoreShare({
      deadline,
      total: timeouts.total,
      hasRepeatableGrant: this.hasRepeatableGrant,
      grace: leases.poll,
      late: () => this.late(),
      scheduler,
    });
  }

  async look(): Promise<{ readonly done: Renewed } | { readonly plan: RenewalPlan }> {
    const { record } = this.#settings;
    const { state, revealed } = this.#context;
    if (this.deadline.left() === 0) throw this.late();
    const { read, storeFailed } = await this.#read();
    const use = read && record.useOf(read, revealed.binding);
    const stored = use === "nothing" ? undefined : read;
    const successor = stored && record.successorOf(stored.token);
    const adopted = stored && !successor && use === "token" && state.adopt(stored.token);
    if (adopted) return { done: { token: adopted } };
    // What a shared store no longer holds was revoked, also if this process still has it in memory.
    // A store that fails says nothing about that.
    const kept = record.shared && !storeFailed ? undefined : state.current;
    const previous = record.unsaved ?? successor ?? stored?.token ?? kept;
    const { grants, prepared } = await this.#prepare(previous);
    this.#forbid(prepared, stored);
    const sent = successor && !record.unsaved ? stored?.token.refreshToken : undefined;
    const restore = successor && sent !== undefined ? { token: successor, sent } : undefined;
    const servable = use === "token";
    return { plan: { record: stored, storeFailed, previous, grants, prepared, servable, restore } };
  }

  async send(plan: RenewalPlan, gate: Gate): Promise<Outcome> {
    const outcome = await this.#send(plan, gate);
    this.#inDoubt = "wait" in outcome ? outcome.error : undefined;
    return outcome;
  }

  ask<T>(operation: () => Promise<T>): Promise<T> {
    return this.#share.ask(operation);
  }

  async rest(ms: number): Promise<void> {
    if (this.deadline.left() <= ms) throw this.late();
    await this.#context.flight.rest(ms);
  }

  late(): StoreError {
    return this.#inDoubt ?? this.tooLate();
  }

  /** The error of a renewal whose deadline is too near for a request. */
  tooLate(): StoreError {
    return this.#storeError(
      "turn_taken",
      "another process has been renewing this token for too long, or the token store is slow. Nothing was sent. Try again.",
    );
  }

  changing(): StoreError {
    return this.#storeError(
      "changes",
      "the token store has changed at every read, or refuses every compare-and-set. Check it.",
    );
  }

  /** @throws StoreError, unless a login can do without the store */
  async #read(): Promise<{ read: TokenRecord | undefined; storeFailed: boolean }> {
    try {
      return { read: await this.ask(() => this.#settings.record.load()), storeFailed: false };
    } catch (error) {
      if (!this.hasRepeatableGrant) throw error;
      return { read: undefined, storeFailed: true };
    }
  }

  async #prepare(previous: Token | undefined): Promise<Pick<RenewalPlan, "grants" | "prepared">> {
    const refreshToken = previous?.refreshToken;
    if (this.#ready && this.#ready.refreshToken === refreshToken) return this.#ready;
    const grants = this.#settings.grantsFor(previous);
    if (grants.length === 0) throw this.reauthorization("No refresh token is stored for this key");
    const prepared = await this.#context.revealed.prepare(grants, refreshToken);
    this.#ready = { refreshToken, grants, prepared };
    return this.#ready;
  }

  /** Throws if a latch or the record forbids a request, so that no lease is taken for it. */
  #forbid({ fingerprint }: PreparedGrants, stored: TokenRecord | undefined): void {
    const { latch, onRefusal } = this.#settings;
    const forbidden = latch.forbids(fingerprint);
    if (forbidden) throw new Forbidden(forbidden);
    if (!stored?.reauthorizationRequired || this.#context.state.afresh) return;
    if (latch.remembers(fingerprint)) return;
    const error = this.reauthorization("The refresh token was refused before");
    onRefusal(error, fingerprint);
    throw error;
  }

  async #send(plan: RenewalPlan, gate: Gate): Promise<Outcome> {
    const { record } = this.#settings;
    if (plan.restore) {
      const { token, sent } = plan.restore;
      await record.save(token, { sent }, this.#context.revealed.binding);
      return { again: true };
    }
    let { storeFailed } = plan;
    if (record.hasUnsaved && !isRepeatable(plan.grants[0])) {
      // Save first: another refresh would use up a token that was never stored (rule T-16).
      const failure = await record.flush();
      if (!failure) return { again: true };
      if (!plan.grants.some(isRepeatable)) throw failure;
      storeFailed = true;
    }
    const noted = storeFailed ? NOTHING_NOTED : await this.#noted(plan.prepared);
    const served = this.#serveStored(plan, noted);
    if (served) return { done: served };
    const attempt = { ...plan, storeFailed, noted, forced: this.#isForced(plan) };
    return new GrantSender(this.#settings, this.#context, this, this.#share, attempt, gate).send();
  }

  /**
   * Reads the latch that the clients on this store share. This is done while the lease is held,
   * because the process that had the lease before may have been refused.
   */
  async #noted({ tag, fingerprint }: PreparedGrants): Promise<Noted> {
    const { sharedLatch, onRefusal } = this.#settings;
    if (!sharedLatch || tag === undefined) return NOTHING_NOTED;
    const noted = await this.ask(() => sharedLatch.read(tag)).catch(() => NOTHING_NOTED);
    const { refusal } = noted;
    if (refusal && !this.#context.state.afresh) {
      onRefusal(refusal.error, fingerprint, refusal.until);
      throw new Forbidden(refusal.error);
    }
    return noted;
  }

  /** Whether the vendor refused the very token that is stored. */
  #isForced({ record }: RenewalPlan): boolean {
    const { refused } = this.#context.state;
    return (
      refused !== undefined &&
      (record === undefined || record.token.accessToken === refused.accessToken)
    );
  }

  /**
   * The stored token, if it is served without a request. There are two cases. The vendor refused
   * it, but the last renewal after a 401 is too recent for another one (rule T-20). Or the token
   * still works once its times are corrected to this host's clock.
   */
  #serveStored(plan: RenewalPlan, { renewals }: Noted): Renewed | undefined {
    const { state } = this.#context;
    const { record, servable } = plan;
    if (!record || !servable || state.afresh) return undefined;
    const now = this.#settings.now();
    if (this.#isForced(plan))
      return wasForced(renewals, now) ? { token: record.token, heldBack: true } : undefined;
    const moved = onThisClock(record.token, renewals, now);
    const adopted = moved && state.adopt(moved);
    return adopted && { token: adopted };
  }

  reauthorization(why: string, code?: string): ReauthorizationRequiredError {
    const { provider } = this.#settings;
    const message = `${provider}: ${why}; the person has to give consent again.`;
    return new ReauthorizationRequiredError({ provider, code, message });
  }

  #storeError(code: string, what: string): StoreError {
    const { provider } = this.#settings;
    return new StoreError({ provider, retryable: true, code, message: `${provider}: ${what}` });
  }
}
