/** Sends the grants of one renewal, best first, and saves the token (rules T-09, T-13 to T-17). */
import { ReauthorizationRequiredError, StoreError } from "../errors.ts";
import { isRepeatable } from "../http/grants.ts";
import type { Grant } from "../provider.ts";
import { succeed, type Token } from "../token.ts";
import { unforeseen } from "./forced-renewals.ts";
import type { RenewalContext, RenewalPlan, RenewalSteps } from "./renewal-steps.ts";
import type { FailedTokenRequest, RenewalSettings } from "./renewal-settings.ts";
import type { Gate, Outcome, Wait } from "./renewer.ts";
import type { Noted } from "./shared-latch.ts";
import type { StoreShare } from "./store-share.ts";

interface Attempt extends RenewalPlan {
  readonly noted: Noted;
  /** The vendor refused the stored token before it expired. */
  readonly forced: boolean;
}

/** This grant brought no token, or was not sent: the next grant is tried. */
type Next = { readonly next: true };

export class GrantSender {
  readonly #settings: RenewalSettings;
  readonly #context: RenewalContext;
  readonly #steps: RenewalSteps;
  readonly #share: StoreShare;
  readonly #attempt: Attempt;
  readonly #gate: Gate;

  constructor(
    settings: RenewalSettings,
    context: RenewalContext,
    steps: RenewalSteps,
    share: StoreShare,
    attempt: Attempt,
    gate: Gate,
  ) {
    this.#settings = settings;
    this.#context = context;
    this.#steps = steps;
    this.#share = share;
    this.#attempt = attempt;
    this.#gate = gate;
  }

  async send(): Promise<Outcome> {
    for (const [index, grant] of this.#attempt.grants.entries()) {
      const outcome = await this.#sendGrant(grant, index);
      if (!("next" in outcome)) return outcome;
    }
    throw this.#steps.reauthorization("No grant brought a token");
  }

  async #sendGrant(grant: Grant, index: number): Promise<Outcome | Next> {
    const { requests } = this.#settings;
    const { flight, deadline } = this.#context;
    const { grants, prepared } = this.#attempt;
    /** Whether a login can follow, which brings a token even if the refresh token is lost. */
    const login = grants.slice(index + 1).some(isRepeatable);
    if (rotates(grant) && this.#isWithheld(login)) return { next: true };
    const request = prepared.take(index);
    if (rotates(grant)) {
      const decision = await this.#pass(login);
      if (!("go" in decision)) return decision;
    }
    const outcome = await requests.send(request, grant, {
      deadline,
      rest: flight.rest,
      mayResend: () => this.#gate.mayResend(),
    });
    return "token" in outcome
      ? this.#save(grant, outcome.token)
      : this.#fail(grant, index, outcome);
  }

  /**
   * A refresh token is not sent if the store fails, since the next one could be lost. If a login
   * can follow, a refresh token that was refused is not sent again, unless `reset()` permits one
   * try.
   */
  #isWithheld(login: boolean): boolean {
    const { storeFailed, previous } = this.#attempt;
    const { state, isRefused } = this.#context;
    return storeFailed || (login && !state.afresh && isRefused(previous?.refreshToken));
  }

  async #pass(login: boolean): Promise<{ go: true } | { again: true } | Wait | Next> {
    const { afresh } = this.#context.state;
    const inTime = (): boolean => this.#context.deadline.left() >= this.#settings.requests.room;
    const conditions = { login, afresh, inTime };
    const decision = await this.#gate
      .before(this.#attempt.record, conditions)
      .catch((error: unknown) => {
        if (login && error instanceof StoreError) return { lost: true } as const;
        throw error;
      });
    if ("late" in decision) throw this.#steps.tooLate();
    if (!("lost" in decision)) return decision;
    if (login) return { next: true };
    throw this.#steps.reauthorization(
      "The answer to this refresh token was lost, and `replay: false` forbids sending it again, unless `auth.reset()` permits one try",
      "rotation_in_doubt",
    );
  }

  async #save(grant: Grant, fresh: Token): Promise<Outcome> {
    const { sharedLatch, now } = this.#settings;
    const { previous, record, servable, storeFailed, forced, noted, prepared } = this.#attempt;
    const replaced = servable ? record?.token : undefined;
    const renewal = unforeseen(replaced, fresh.issuedAt, forced, now());
    const token = await this.#keep(
      rotates(grant) ? succeed(fresh, previous) : fresh,
      rotates(grant) ? previous?.refreshToken : undefined,
    );
    if (sharedLatch && noted.noted && prepared.tag !== undefined)
      await this.#share.settle(sharedLatch.remove(prepared.tag));
    if (sharedLatch && renewal && !storeFailed)
      await this.#share.settle(sharedLatch.addRenewal(renewal));
    // If the session was revoked meanwhile, nothing is stored, and a login may follow.
    return token ? { done: { token, grant, previous } } : { again: true };
  }

  /**
   * Saves the token. Callers get it only after the attempt to save it has ended, or after the
   * deadline (rule T-09).
   * @param sent the refresh token that brought the token; undefined if a login brought it
   * @returns the token to use from now on; undefined if the session was revoked
   */
  async #keep(token: Token, sent: string | undefined): Promise<Token | undefined> {
    const { record, onLateSave } = this.#settings;
    let kept: Token | undefined = token;
    const rule = sent === undefined ? "login" : { sent };
    const saving = record.save(token, rule, this.#context.revealed.binding).then((holds) => {
      kept = holds;
    });
    if (!(await this.#share.settle(saving))) void saving.finally(onLateSave);
    return kept;
  }

  async #fail(grant: Grant, index: number, failure: FailedTokenRequest): Promise<Outcome | Next> {
    const { replay, onDoubt } = this.#settings;
    const { grants, previous } = this.#attempt;
    const { error, problem, status } = failure;
    const lost = rotates(grant) && failure.lost;
    if (lost) onDoubt();
    const proceeds = problem && status !== undefined && grant.proceeds?.(status, problem);
    if (proceeds && index + 1 < grants.length) {
      if (rotates(grant)) this.#context.onRefreshRefused(previous?.refreshToken);
      return { next: true };
    }
    if (error instanceof ReauthorizationRequiredError) {
      if (await this.#markDead()) return { again: true };
    } else if (rotates(grant)) {
      // Removes the intent, so that the next process need not wait for this one, unless the answer
      // was lost and the refresh token must not be sent again.
      await this.#share.settle(this.#gate.failed(lost && !replay));
    }
    // Without the lease, another process may have renewed the token by now.
    if (rotates(grant) && error.retryable && !this.#gate.mayResend()) return { again: true };
    await this.#remember(failure);
    throw error;
  }

  /** @returns whether the store holds another refresh token by now */
  async #markDead(): Promise<boolean> {
    const { record } = this.#settings;
    let replaced = false;
    const marking = record
      .markDead(this.#attempt.previous, this.#context.revealed.binding)
      .then((yes) => {
        replaced = yes;
      });
    await this.#share.settle(marking);
    return replaced;
  }

  async #remember({ error }: FailedTokenRequest): Promise<void> {
    const { onRefusal, sharedLatch } = this.#settings;
    const { prepared, storeFailed } = this.#attempt;
    const until = onRefusal(error, prepared.fingerprint);
    if (until === undefined || prepared.tag === undefined || storeFailed) return;
    if (sharedLatch) await this.#share.settle(sharedLatch.add(prepared.tag, error, until));
  }
}

const rotates = ({ grantType }: Grant): boolean => grantType === "refresh_token";
