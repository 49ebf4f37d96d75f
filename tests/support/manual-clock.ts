/**
 * Time that passes only when a test says so: both clocks, the timers and the randomness of
 * src/platform/scheduler.ts.
 */
import type { Scheduler } from "../../src/platform/scheduler.ts";

export interface ManualClock {
  readonly scheduler: Scheduler;
  /** Epoch ms. */
  now(): number;
  /** Timers that were neither run nor cleared. */
  readonly pending: number;
  /** Whether one of them keeps the process alive. */
  readonly keepsAlive: boolean;
  /** Both clocks go on by so many ms, and each timer runs at its time. */
  advance(ms: number): Promise<void>;
  /**
   * Both clocks go on, timer by timer, until the promise settles. Fails if it waits for no timer,
   * or for more than an hour.
   */
  advanceUntil<T>(promise: Promise<T>): Promise<T>;
  /**
   * Both clocks go on by so many ms while the process stands still: a timer that was due runs
   * afterwards.
   */
  stall(ms: number): Promise<void>;
  /** The wall clock alone goes on by so many ms, or back: it was set, or the machine slept. */
  jump(ms: number): void;
}

/** ms that `advanceUntil` waits at most: a heartbeat may go on for ever. */
const LONGEST_WAIT = 3_600_000;

/** Lets everything run that can run without time passing. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise(setImmediate);
}

/** @param random as `Math.random` */
export function createManualClock(random: () => number = () => 0): ManualClock {
  let monotonic = 0;
  let wall = Date.UTC(2026, 0, 1);
  /** Stalls under way: meanwhile time does not go on by itself. */
  let stalls = 0;
  let timers: { readonly at: number; readonly run: () => void; alive: boolean }[] = [];

  async function runUntil(end: number): Promise<void> {
    for (;;) {
      const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      monotonic = Math.max(monotonic, next.at);
      timers = timers.filter((one) => one !== next);
      next.run();
      await settle();
    }
    monotonic = Math.max(monotonic, end);
    await settle();
  }

  return {
    scheduler: {
      random,
      monotonic: () => monotonic,
      after(ms, run) {
        const timer = { at: monotonic + ms, run, alive: true };
        timers.push(timer);
        return {
          clear: () => {
            timers = timers.filter((one) => one !== timer);
          },
          keepAlive: (alive) => {
            timer.alive = alive;
          },
        };
      },
    },
    now: () => wall + monotonic,
    get pending() {
      return timers.length;
    },
    get keepsAlive() {
      return timers.some(({ alive }) => alive);
    },
    advance: (ms) => runUntil(monotonic + ms),
    async advanceUntil(promise) {
      let settled = false;
      const done = (): void => {
        settled = true;
      };
      promise.then(done, done);
      const end = monotonic + LONGEST_WAIT;
      for (await settle(); !settled;) {
        if (stalls > 0) {
          await settle();
          continue;
        }
        if (monotonic > end) throw new Error("It has not settled within an hour of this clock.");
        if (timers.length === 0) throw new Error("It waits for nothing that this clock knows of.");
        await runUntil(Math.max(monotonic, Math.min(...timers.map(({ at }) => at))));
      }
      return promise;
    },
    async stall(ms) {
      stalls += 1;
      monotonic += ms;
      await runUntil(monotonic);
      stalls -= 1;
    },
    jump: (ms) => {
      wall += ms;
    },
  };
}
