/**
 * Decides whether a process may send a refresh token that other processes have as well (rules T-13
 * and T-14). Before it sends the refresh token, a process writes a note into the record: its
 * intent. A process that finds the intent of another one there knows that the other one may have
 * sent this refresh token, and hold the next.
 */
import { StoreError } from "../errors.ts";
import type { ProcessIdentity } from "../platform/process-identity.ts";
import { Intents, intentOf } from "../tokens/intent.ts";
import type {
  Gate,
  GateDecision,
  GateConditions,
  RecordAccess,
  RenewalEnvironment,
} from "../tokens/renewer.ts";
import type { Intent, TokenRecord } from "../tokens/token-store.ts";
import type { Lease } from "./lease.ts";

/**
 * The most by which the clocks of two hosts may differ, in ms. The time in an intent is that of its
 * owner's clock. If the intent is older than `leases.patience` plus this difference by the clock of
 * this host, then it is older than `leases.patience` by its owner's clock too.
 */
const MAX_CLOCK_SKEW = 5 * 60_000;

/** What the intent in a record means, if another process may hold the next refresh token. */
type Verdict =
  /** That process is dead, or was waited for long enough. */
  | { readonly replay: "owner_dead" | "owner_silent" }
  /** That process is waited for, for this many ms at most. */
  | { readonly wait: number }
  /** The answer was lost, and with `replay: false` the refresh token is never sent again. */
  | { readonly lost: true };

export class SharedGate implements Gate {
  readonly #lease: Pick<Lease, "held">;
  readonly #intents: Intents;
  readonly #environment: RenewalEnvironment;
  readonly #isDead: ProcessIdentity["isDead"];
  /** The intent of another process, and when this process saw it first, by the monotonic clock. */
  #seen: { readonly id: string; readonly at: number } | undefined;

  constructor(
    lease: Pick<Lease, "held">,
    owner: string,
    record: RecordAccess,
    environment: RenewalEnvironment,
    isDead: ProcessIdentity["isDead"],
  ) {
    this.#lease = lease;
    this.#environment = environment;
    this.#intents = new Intents(owner, record, environment.now);
    this.#isDead = isDead;
  }

  async before(record: TokenRecord | undefined, conditions: GateConditions): Promise<GateDecision> {
    const { replay, onReplay } = this.#environment;
    // If a login can follow, it does not matter whether the refresh token was used up.
    const verdict = conditions.login && replay ? undefined : await this.#judge(record);
    if (verdict && "lost" in verdict && !conditions.afresh) return verdict;
    if (verdict && "wait" in verdict)
      return { wait: verdict.wait, error: this.#inDoubt(verdict.wait) };
    if (!conditions.inTime()) return { late: true };
    // Without the lease, this process must not replace the intent of another process, which may
    // have the lease again.
    if (!this.#lease.held) return { again: true };
    const decision = await this.#intents.declare(record, conditions, () => this.#lease.held);
    if ("go" in decision && verdict && "replay" in verdict) onReplay(verdict.replay);
    return decision;
  }

  mayResend(): boolean {
    return this.#lease.held;
  }

  failed(lost: boolean): Promise<void> {
    return this.#intents.failed(lost);
  }

  /** @returns undefined if no other process can hold the next refresh token */
  async #judge(record: TokenRecord | undefined): Promise<Verdict | undefined> {
    const intent = await intentOf(record);
    if (!intent) return undefined;
    if (intent.owner === this.#intents.owner)
      return this.#intents.lost ? { lost: true } : undefined;
    if (this.#isDead(intent.owner)) return this.#replayOrLost("owner_dead");
    const left = this.#patienceLeft(intent);
    return left <= 0 ? this.#replayOrLost("owner_silent") : { wait: left };
  }

  #replayOrLost(reason: "owner_dead" | "owner_silent"): Verdict {
    return this.#environment.replay ? { replay: reason } : { lost: true };
  }

  /** ms for which the owner of an intent is still waited for. */
  #patienceLeft(intent: Intent): number {
    const { now, scheduler, leases } = this.#environment;
    if (now() - intent.at > leases.patience + MAX_CLOCK_SKEW) return 0;
    const id = JSON.stringify(intent);
    if (this.#seen?.id !== id) this.#seen = { id, at: scheduler.monotonic() };
    return leases.patience - (scheduler.monotonic() - this.#seen.at);
  }

  #inDoubt(left: number): StoreError {
    const { provider, now } = this.#environment;
    return new StoreError({
      provider,
      retryable: true,
      code: "rotation_in_doubt",
      retryAt: now() + left,
      message: `${provider}: another process sent this refresh token and has stored no result since; it may hold the next refresh token. This client waits for that process until \`leases.patience\` is over, and then sends the refresh token again, unless \`replay\` is false.`,
    });
  }
}
