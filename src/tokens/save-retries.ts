/** Repeats the save of a token that no store holds yet (rule T-16). */
import type { Scheduler, Timer } from "../platform/scheduler.ts";

/** ms. The time to the first repetition, and the longest time between two. */
const FIRST = 1000,
  LONGEST = 15_000;

export class SaveRetries {
  readonly #scheduler: Scheduler;
  readonly #save: () => void;
  #timer: Timer | undefined;
  #pause = FIRST;

  constructor(scheduler: Scheduler, save: () => void) {
    this.#scheduler = scheduler;
    this.#save = save;
  }

  /** Saves later, even if nobody asks for a token: other processes wait for this one meanwhile. */
  schedule(): void {
    this.#timer?.clear();
    this.#timer = this.#scheduler.after(this.#pause, this.#save);
    this.#timer.keepAlive(false);
    this.#pause = Math.min(2 * this.#pause, LONGEST);
  }

  stop(): void {
    this.#timer?.clear();
    this.#pause = FIRST;
  }
}

/** ms after a failed save, before a call of `getToken` may cause the next one. */
export const SAVE_PAUSE = FIRST;
