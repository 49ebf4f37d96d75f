import { systemScheduler, type Scheduler } from "./scheduler.ts";

/**
 * Settles with the promise, or rejects with the signal's reason as soon as it aborts. Leaves no
 * listener behind.
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

/** Settles with the promise, or rejects with `late()` if it takes longer. */
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
  readonly signal: AbortSignal;
  /** ms until the end, by a clock that nobody sets. */
  left(): number;
  clear(): void;
  /** Whether the process has to stay alive for it; it does unless told otherwise. */
  keepAlive(yes: boolean): void;
}

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
