/** Timers, random numbers and a clock that cannot be set. Tests replace them. */
export interface Timer {
  clear(): void;
  /** Whether the process stays alive until the timer ends. */
  keepAlive(yes: boolean): void;
}

export interface Scheduler {
  /** A random number from 0 up to, but not including, 1. */
  random(): number;
  /** ms since some moment, by a clock that cannot be set. */
  monotonic(): number;
  /** Calls `run` once, after `ms`. */
  after(ms: number, run: () => void): Timer;
}

/** The timers, random numbers and clock of the platform. */
export const systemScheduler: Scheduler = {
  random: Math.random,
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return {
      clear: () => clearTimeout(timer),
      // On runtimes other than Node a timer is a number, and does not keep the process alive.
      keepAlive: (yes) => {
        if (typeof timer !== "object") return;
        if (yes) timer.ref();
        else timer.unref();
      },
    };
  },
};
