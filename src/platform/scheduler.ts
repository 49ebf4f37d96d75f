/**
 * Timers, chance and a clock that nobody sets: the internal seam by which tests take hold of them.
 */
export interface Timer {
  clear(): void;
  /** Whether the process has to stay alive for it. */
  keepAlive(yes: boolean): void;
}

export interface Scheduler {
  /** 0 to 1, without 1. */
  random(): number;
  /** ms since some moment. */
  monotonic(): number;
  after(ms: number, run: () => void): Timer;
}

export const systemScheduler: Scheduler = {
  random: Math.random,
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return {
      clear: () => clearTimeout(timer),
      // Timers of other runtimes than Node are numbers, and keep nothing alive.
      keepAlive: (yes) => {
        if (typeof timer !== "object") return;
        if (yes) timer.ref();
        else timer.unref();
      },
    };
  },
};
