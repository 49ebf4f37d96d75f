/** How long the store may take in one renewal (rules T-16, T-18). */
import { withDeadline, type Deadline } from "../platform/deadline.ts";
import type { Scheduler } from "../platform/scheduler.ts";

/** A slow store may use up this part of the deadline before a login goes on without it. */
const SHARE = 1 / 3;

export interface StoreShare {
  /** As the operation, for no longer than what is left of the share. @throws late() */
  ask<T>(operation: () => Promise<T>): Promise<T>;
  /**
   * Waits for work on the store until the deadline of all; what is not done by then goes on by
   * itself. @returns whether it is done
   */
  settle(work: Promise<unknown>): Promise<boolean>;
}

/**
 * @param total ms of the whole deadline
 * @param spare whether a token can be had without the store: then the store gets a part of the
 *   deadline, else all of it
 * @param grace ms that a save gets in any case
 */
export function createStoreShare(
  deadline: Deadline,
  {
    total,
    spare,
    grace,
    late,
    scheduler,
  }: { total: number; spare: boolean; grace: number; late: () => Error; scheduler: Scheduler },
): StoreShare {
  let left = spare ? total * SHARE : Infinity;
  return {
    async ask(operation) {
      const limit = Math.min(left, deadline.left());
      if (limit <= 0) throw late();
      const began = scheduler.monotonic();
      try {
        return await withDeadline(operation(), limit, late, scheduler, false);
      } finally {
        left -= scheduler.monotonic() - began;
      }
    },
    async settle(work) {
      const slow = new Error("the store is slow");
      try {
        await withDeadline(work, Math.max(deadline.left(), grace), () => slow, scheduler, false);
        return true;
      } catch (error) {
        if (error === slow) return false;
        throw error;
      }
    },
  };
}
