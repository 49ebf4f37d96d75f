/**
 * Renewing a token that many processes share (rule T-14): look at the store, take the lease, look
 * again, leave an intent, send, save, give the lease back.
 */
import { withDeadline } from "../platform/deadline.ts";
import type { ProcessIdentity } from "../platform/process-identity.ts";
import {
  MAX_CHANGES,
  pauseAfter,
  type Plan,
  type RecordAccess,
  type Renewed,
  type Renewer,
  type RenewalEnvironment,
  type Steps,
} from "../tokens/renewer.ts";
import type { LeasedTokenStore } from "../tokens/token-store.ts";
import { Lease } from "./lease.ts";
import { SharedGate } from "./shared-gate.ts";

/** The lease, as one renewal finds it. */
type LeaseState = "held" | "taken" | "refused" | "store_failed";

export class SharedRenewer implements Renewer {
  readonly #record: RecordAccess;
  readonly #environment: RenewalEnvironment;
  readonly #lease: Lease;
  readonly #gate: SharedGate;

  constructor(
    store: Pick<LeasedTokenStore, "lease" | "release">,
    record: RecordAccess,
    environment: RenewalEnvironment,
    processes: ProcessIdentity,
  ) {
    const owner = processes.create();
    const { key } = record;
    const { now, scheduler, leases: times } = environment;
    this.#record = record;
    this.#environment = environment;
    this.#lease = new Lease({
      acquire: (ms) => record.guard(() => store.lease(key, owner, ms)),
      release: () => record.guard(() => store.release(key, owner)),
      times,
      now,
      scheduler,
    });
    const { isDead } = processes;
    this.#gate = new SharedGate(this.#lease, owner, record, environment, isDead);
  }

  async renew<P extends Plan>(steps: Steps<P>): Promise<Renewed> {
    const { leases, scheduler } = this.#environment;
    let [looks, changes] = [0, 0];
    let mine = false;
    try {
      for (;;) {
        const look = await steps.look();
        if ("done" in look) return look.done;
        let { plan } = look;
        const lease = plan.storeFailed ? "store_failed" : await this.#leaseFor(steps, mine);
        if (lease === "taken") {
          mine = true;
          continue; // Look again, now that no other process writes.
        }
        if (lease === "store_failed") {
          mine = false;
          plan = { ...plan, storeFailed: true };
        }
        if (lease !== "refused") {
          const outcome = await steps.send(plan, this.#gate);
          if ("done" in outcome) return outcome.done;
          if ("again" in outcome && (changes += 1) > MAX_CHANGES) throw steps.changing();
          if ("again" in outcome) continue;
        }
        await steps.rest(pauseAfter(looks, leases.poll, scheduler));
        looks += 1;
      }
    } finally {
      if (mine) await this.#endSoon();
    }
  }

  async #leaseFor(steps: Steps, mine: boolean): Promise<LeaseState> {
    if (mine && this.#lease.held) return "held";
    const taken = this.#lease.take();
    try {
      return (await steps.ask(() => taken)) ? "taken" : "refused";
    } catch (error) {
      // A lease that comes after the renewal gave up waiting for it is given back.
      taken.then(
        () => this.end(),
        () => undefined,
      );
      if (!steps.hasRepeatableGrant) throw error;
      return "store_failed";
    }
  }

  /**
   * Releases the lease for the next process before callers get the token, but does not wait long
   * for a slow store. The lease is kept while a token is in memory only, since this process has to
   * save it.
   */
  async #endSoon(): Promise<void> {
    if (this.#record.hasUnsaved) return;
    const { leases, scheduler } = this.#environment;
    const slow = (): Error => new Error("slow");
    await withDeadline(this.end(), leases.poll, slow, scheduler, false).catch(() => undefined);
  }

  /** If the store fails, the caller works without the lease, and meets the failure itself. */
  take(): Promise<boolean> {
    return this.#lease.take().catch(() => true);
  }

  end(): Promise<void> {
    return this.#lease.end();
  }
}
