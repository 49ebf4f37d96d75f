/** Time limits for promises. */
import { systemScheduler, type Scheduler } from "./scheduler.ts";

/**
 * Settles with the promise, or rejects with the signal's reason as soon as the signal aborts. The
 * listener on the signal is removed afterwards.
 */
export function withSignal<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined | null,
): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/**
 * Settles with the promise, or rejects with `late()` if the promise takes longer than `ms`.
 * @param keepAlive whether the process stays alive until the deadline
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  ms: number,
  late: () => Error,
  scheduler?: Scheduler,
  keepAlive = true,
): Promise<T> {
  const deadline = createDeadline(ms, scheduler);
  deadline.keepAlive(keepAlive);
  try {
    return await withSignal(promise, deadline.signal);
  } catch (error) {
    throw deadline.signal.aborted && error === deadline.signal.reason ? late() : error;
  } finally {
    deadline.clear();
  }
}

export interface Deadline {
  /** Aborts at the deadline. */
  readonly signal: AbortSignal;
  /** ms until the deadline, by a clock that cannot be set. */
  left(): number;
  /** Cancels the timer, so that the signal does not abort any more. */
  clear(): void;
  /** Whether the process stays alive until the deadline. @defaultValue true */
  keepAlive(yes: boolean): void;
}

/** @param ms until the deadline */
export function createDeadline(
  ms: number,
  { monotonic, after }: Scheduler = systemScheduler,
): Deadline {
  const controller = new AbortController();
  const end = monotonic() + ms;
  const timer = after(ms, () => controller.abort());
  return {
    signal: controller.signal,
    left: () => Math.max(0, end - monotonic()),
    clear: () => timer.clear(),
    keepAlive: (yes) => timer.keepAlive(yes),
  };
}

/**
 * Does something, and keeps the process alive meanwhile, for as long as the deadline at most.
 * @param ms the deadline. The work is not ended by it: only `deadline.signal` aborts.
 */
export async function keepAliveDuring(
  ms: number,
  scheduler: Scheduler,
  work: (deadline: Deadline) => Promise<void>,
): Promise<void> {
  const deadline = createDeadline(ms, scheduler);
  try {
    await work(deadline);
  } finally {
    deadline.clear();
  }
}
