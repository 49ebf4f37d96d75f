/** One token request on its way, shared by everybody who waits for it (rules T-07 to T-09). */
import { createDeadline, withSignal, type Deadline } from "../platform/deadline.ts";
import { CorrigendaError } from "../errors.ts";
import type { Scheduler, Timer } from "../platform/scheduler.ts";
import type { Token } from "../token.ts";

export interface Flight {
  readonly result: Promise<Token>;
  /**
   * Waits for the result. The signal detaches this waiter, and nobody else; a failure is an error
   * of this waiter's own.
   */
  attach(signal: AbortSignal | null | undefined): Promise<Token>;
  /**
   * A pause between attempts. Like the deadline, it keeps the process alive only while somebody
   * waits (rule T-06).
   */
  rest(ms: number): Promise<void>;
}

/** It has a deadline of its own and belongs to no caller. @param total ms */
export function startFlight(
  total: number,
  scheduler: Scheduler,
  run: (flight: Flight, deadline: Deadline) => Promise<Token>,
  landed: () => void,
): Flight {
  const deadline = createDeadline(total, scheduler);
  deadline.keepAlive(false);
  let waiters = 0;
  let pause: Timer | undefined;
  const flight: Flight = {
    result: Promise.resolve()
      .then(() => run(flight, deadline))
      .finally(() => {
        deadline.clear();
        landed();
      }),
    async attach(signal) {
      waiters += 1;
      for (const timer of [deadline, pause]) timer?.keepAlive(true);
      try {
        return await withSignal(flight.result, signal);
      } catch (error) {
        throw error instanceof CorrigendaError ? error.copy() : error;
      } finally {
        waiters -= 1;
        for (const timer of [deadline, pause]) timer?.keepAlive(waiters > 0);
      }
    },
    rest: (ms) =>
      new Promise((resolve) => {
        pause = scheduler.after(ms, resolve);
        pause.keepAlive(waiters > 0);
      }),
  };
  // Those who wait get the failure; a flight that nobody waits for is no fault.
  flight.result.catch(() => undefined);
  return flight;
}
