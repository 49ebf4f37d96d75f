/**
 * The lease on one credential: the process that has it renews the token, and all others wait (rule
 * T-14). A heartbeat keeps it while the process lives.
 */
import { StoreError } from "../errors.ts";
import type { Scheduler, Timer } from "../platform/scheduler.ts";
import type { LeaseTimes } from "../tokens/renewer.ts";

interface Settings {
  /** Takes or prolongs the lease in the store, for `ms`. @throws StoreError */
  readonly acquire: (ms: number) => Promise<boolean>;
  /** @throws StoreError */
  readonly release: () => Promise<void>;
  readonly times: LeaseTimes;
  readonly now: () => number;
  readonly scheduler: Scheduler;
}

export class Lease {
  readonly #settings: Settings;
  /**
   * The time of the last request for the lease that the store granted. Undefined once the store has
   * refused a request, and after `end`. A request that fails with an error changes nothing.
   */
  #since: { readonly monotonic: number; readonly wall: number } | undefined;
  /** Whether the lease ended for a while, in which another process may have had it. */
  #lapsed = false;
  #timer: Timer | undefined;
  #beating: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #taking: Promise<unknown> = Promise.resolve();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Whether this process has had the lease, without a gap, since it took it. */
  get held(): boolean {
    const { times, now, scheduler } = this.#settings;
    const since = this.#since;
    return (
      !this.#lapsed &&
      since !== undefined &&
      // Both clocks: the monotonic clock stands still while the machine sleeps, and the wall clock
      // may be set.
      scheduler.monotonic() - since.monotonic < times.ttl &&
      Math.abs(now() - since.wall) < times.ttl
    );
  }

  /** @returns whether this process has the lease now. @throws StoreError */
  take(): Promise<boolean> {
    // One after another: a slow store may still be busy with the request of a renewal that gave up.
    const taken = this.#taking.then(() => this.#take());
    this.#taking = taken.catch(() => undefined);
    return taken;
  }

  async #take(): Promise<boolean> {
    await this.#ending; // An earlier release must not come after this lease.
    const taken = await this.#acquire();
    this.#lapsed = false;
    if (taken && !this.#timer) this.#scheduleHeartbeat();
    return taken;
  }

  async #acquire(): Promise<boolean> {
    const { acquire, times, now, scheduler } = this.#settings;
    const at = { monotonic: scheduler.monotonic(), wall: now() };
    const taken = await acquire(times.ttl);
    this.#since = taken ? at : undefined;
    return taken;
  }

  /** Heartbeats, until the end or until another process has the lease. A failed one is repeated. */
  #scheduleHeartbeat(): void {
    const { times, scheduler } = this.#settings;
    this.#timer = scheduler.after(times.heartbeat, () => {
      // A late heartbeat may get the lease back, which keeps other processes out from then on. But
      // another process may have had the lease in between.
      this.#lapsed ||= !this.held;
      this.#beating = this.#acquire()
        .catch(() => true)
        .then((taken) => {
          if (taken && this.#timer) this.#scheduleHeartbeat();
          else this.#timer = undefined;
        });
    });
    this.#timer.keepAlive(false);
  }

  /** Gives the lease back. Never rejects: a lease that the store keeps runs out by itself. */
  end(): Promise<void> {
    this.#ending ??= this.#end().finally(() => {
      this.#ending = undefined;
    });
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#timer?.clear();
    this.#timer = undefined;
    await this.#beating; // A heartbeat under way would take the lease again after its release.
    if (this.#since === undefined) return;
    this.#since = undefined;
    await this.#settings.release().catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
    });
  }
}
