/** How long the store may take in one renewal (rules T-16 and T-18). */
import { withDeadline, type Deadline } from "../platform/deadline.ts";
import type { Scheduler } from "../platform/scheduler.ts";

/** The part of the deadline that a slow store may use up before a login goes on without it. */
const SHARE = 1 / 3;

interface Settings {
  readonly deadline: Deadline;
  /** The whole deadline, ms. */
  readonly total: number;
  /**
   * Whether a token can be had without the store: then the store gets a part of the deadline,
   * otherwise all of it.
   */
  readonly hasRepeatableGrant: boolean;
  /** The least time that `settle` waits, ms. */
  readonly grace: number;
  /** The error of an operation that takes longer. */
  readonly late: () => Error;
  readonly scheduler: Scheduler;
}

export class StoreShare {
  readonly #settings: Settings;
  /** ms. */
  #left: number;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#left = settings.hasRepeatableGrant ? settings.total * SHARE : Infinity;
  }

  /**
   * Runs the operation for no longer than what is left of the share.
   * @throws StoreError, made by `late`, if the operation takes longer
   */
  async ask<T>(operation: () => Promise<T>): Promise<T> {
    const { deadline, late, scheduler } = this.#settings;
    const limit = Math.min(this.#left, deadline.left());
    if (limit <= 0) throw late();
    const began = scheduler.monotonic();
    try {
      return await withDeadline(operation(), limit, late, scheduler, false);
    } finally {
      this.#left -= scheduler.monotonic() - began;
    }
  }

  /**
   * Waits for work on the store until the whole deadline is over, but for at least `grace`. Work
   * that takes longer goes on by itself.
   * @returns whether it is done
   */
  async settle(work: Promise<unknown>): Promise<boolean> {
    const { deadline, grace, scheduler } = this.#settings;
    const slow = new Error("the store is slow");
    try {
      const left = Math.max(deadline.left(), grace);
      await withDeadline(work, left, () => slow, scheduler, false);
      return true;
    } catch (error) {
      if (error === slow) return false;
      throw error;
    }
  }
}
