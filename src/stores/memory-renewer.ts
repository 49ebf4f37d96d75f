/**
 * Renews a token in a store that the clients of one process share: one client after another. A
 * client keeps its turn until the client ends the turn, or until its heartbeat stops because the
 * platform has cancelled what the client was doing.
 */
import type { Timer } from "../platform/scheduler.ts";
import {
  MAX_CHANGES,
  pauseAfter,
  type Gate,
  type Plan,
  type RecordAccess,
  type RenewalEnvironment,
  type Renewed,
  type Renewer,
  type Steps,
} from "../tokens/renewer.ts";
import { createSoleGate } from "../tokens/sole-renewer.ts";

/** The turn of one client. */
interface Turn {
  readonly owner: object;
  /** The time of the last heartbeat, by the monotonic clock. */
  beat: number;
}

/** The turns of a store, by store key. */
export type Turns = Map<string, Turn>;

export class MemoryRenewer implements Renewer {
  readonly #turns: Turns;
  readonly #key: string;
  readonly #record: RecordAccess;
  readonly #environment: RenewalEnvironment;
  readonly #gate: Gate;
  #timer: Timer | undefined;
  /**
   * The `beat` of another client's turn when a heartbeat was last found overdue. If it is still the
   * same when a heartbeat is found overdue again, the turn is abandoned.
   */
  #overdueBeat: number | undefined;

  constructor(turns: Turns, record: RecordAccess, environment: RenewalEnvironment) {
    this.#turns = turns;
    this.#key = record.key;
    this.#record = record;
    this.#environment = environment;
    const gate = createSoleGate(record, environment);
    this.#gate = {
      before: async (stored, conditions) =>
        this.#held ? gate.before(stored, conditions) : { again: true },
      mayResend: () => this.#held,
      failed: (lost) => gate.failed(lost),
    };
  }

  get #held(): boolean {
    return this.#turns.get(this.#key)?.owner === this;
  }

  async renew<P extends Plan>(steps: Steps<P>): Promise<Renewed> {
    const { leases, scheduler } = this.#environment;
    let [looks, changes] = [0, 0];
    try {
      for (;;) {
        const held = await this.take();
        const look = await steps.look();
        if ("done" in look) return look.done;
        if (held && this.#held) {
          const outcome = await steps.send(look.plan, this.#gate);
          if ("done" in outcome) return outcome.done;
          // The store has changed, or the turn was lost: look again, but not without end.
          if ((changes += 1) > MAX_CHANGES) throw steps.changing();
        } else {
          await steps.rest(pauseAfter(looks, leases.poll, scheduler));
          looks += 1;
        }
      }
    } finally {
      // A client whose new token is not yet in the store still has to save it, and keeps its turn.
      if (!this.#record.hasUnsaved) await this.end();
    }
  }

  async take(): Promise<boolean> {
    const turn = this.#turns.get(this.#key);
    if (turn && turn.owner !== this && !this.#isAbandoned(turn)) return false;
    this.#turns.set(this.#key, { owner: this, beat: this.#environment.scheduler.monotonic() });
    this.#scheduleHeartbeat();
    return true;
  }

  async end(): Promise<void> {
    this.#timer?.clear();
    if (this.#held) this.#turns.delete(this.#key);
  }

  /**
   * Whether the heartbeat of another client has stopped. It has to be late at two looks: if the
   * process was busy, the heartbeat is late as well, but comes before the second look.
   */
  #isAbandoned({ beat }: Turn): boolean {
    const { scheduler, leases } = this.#environment;
    if (scheduler.monotonic() - beat < leases.ttl) return false;
    const again = this.#overdueBeat === beat;
    this.#overdueBeat = beat;
    return again;
  }

  #scheduleHeartbeat(): void {
    const { scheduler, leases } = this.#environment;
    this.#timer?.clear();
    this.#timer = scheduler.after(leases.heartbeat, () => {
      const turn = this.#turns.get(this.#key);
      if (turn?.owner !== this) return;
      turn.beat = scheduler.monotonic();
      this.#scheduleHeartbeat();
    });
    this.#timer.keepAlive(false);
  }
}
