/** One renewal for all callers who wait for it (rules T-07 to T-09). */
import { CorrigendaError } from "../errors.ts";
import { createDeadline, withSignal, type Deadline } from "../platform/deadline.ts";
import type { Scheduler, Timer } from "../platform/scheduler.ts";
import type { Token } from "../token.ts";

export interface OngoingRenewal {
  readonly result: Promise<Token>;
  /**
   * Waits for the result. The signal detaches this caller alone, and a failure is an error object
   * of this caller's own.
   */
  readonly wait: (signal: AbortSignal | null | undefined) => Promise<Token>;
  /**
   * A pause between two attempts, ms. Like the deadline, it keeps the process alive only while a
   * caller waits (rule T-06).
   */
  readonly rest: (ms: number) => Promise<void>;
}

/**
 * Starts a renewal with a deadline of its own, which belongs to no caller.
 * @param total the deadline, ms
 * @param onEnd is called before any caller gets the result
 */
export function startRenewal(
  total: number,
  scheduler: Scheduler,
  run: (ongoing: OngoingRenewal, deadline: Deadline) => Promise<Token>,
  onEnd: () => void,
): OngoingRenewal {
  const deadline = createDeadline(total, scheduler);
  deadline.keepAlive(false);
  let waiters = 0;
  let pause: Timer | undefined;
  const keepAlive = (): void => {
    for (const timer of [deadline, pause]) timer?.keepAlive(waiters > 0);
  };
  const ongoing: OngoingRenewal = {
    result: Promise.resolve()
      .then(() => run(ongoing, deadline))
      .finally(() => {
        deadline.clear();
        onEnd();
      }),
    async wait(signal) {
      waiters += 1;
      keepAlive();
      try {
        return await withSignal(ongoing.result, signal);
      } catch (error) {
        throw error instanceof CorrigendaError ? error.copy() : error;
      } finally {
        waiters -= 1;
        keepAlive();
      }
    },
    rest: (ms) =>
      new Promise((resolve) => {
        pause = scheduler.after(ms, resolve);
        pause.keepAlive(waiters > 0);
      }),
  };
  ongoing.result.catch(() => undefined); // Its failure must not be an unhandled rejection.
  return ongoing;
}
