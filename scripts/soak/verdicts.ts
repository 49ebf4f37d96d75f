/**
 * Decides which failures the server has caused: each failure has the number of a request, and the
 * server reports the numbers of the requests that it harms.
 */
import type { Harm } from "./protocol.ts";

export interface Verdicts {
  /** Notes that the server has harmed this request. */
  harmed(number: string, harm: Harm): void;
  /**
   * Notes a failure.
   *
   * @param number of the request that caused the failure; undefined: no request is known
   * @param meant whether this harm explains the failure
   */
  failed(number: string | undefined, what: string, meant: (harm: Harm) => boolean): void;
  /**
   * Judges the failures for which the message of the server has arrived or is overdue.
   *
   * @param all judges all failures
   */
  sweep(all?: boolean): void;
  readonly injected: Readonly<Record<string, number>>;
  readonly excused: number;
  /** Failures that the server has not caused, and how often each occurred. */
  readonly unexpected: ReadonlyMap<string, number>;
}

/** ms that a message of the server may take. */
const PATIENCE = 3000;
/**
 * Harmed requests that are remembered: a client may repeat the error of a request until the time
 * that Retry-After has set.
 */
const REMEMBERED = 2000;

export function createVerdicts(now: () => number): Verdicts {
  const harms = new Map<string, Harm>();
  const injected: Record<string, number> = {};
  const unexpected = new Map<string, number>();
  let waiting: {
    readonly at: number;
    readonly number: string | undefined;
    readonly what: string;
    readonly meant: (harm: Harm) => boolean;
  }[] = [];
  let excused = 0;
  return {
    harmed(number, harm) {
      harms.set(number, harm);
      injected[harm] = (injected[harm] ?? 0) + 1;
      const oldest = harms.keys().next();
      if (harms.size > REMEMBERED && !oldest.done) harms.delete(oldest.value);
    },
    failed: (number, what, meant) => void waiting.push({ at: now(), number, what, meant }),
    sweep(all = false) {
      waiting = waiting.filter(({ at, number, what, meant }) => {
        const harm = number === undefined ? undefined : harms.get(number);
        if (harm !== undefined && meant(harm)) excused += 1;
        else if (harm === undefined && !all && now() - at < PATIENCE) return true;
        else unexpected.set(what, (unexpected.get(what) ?? 0) + 1);
        return false;
      });
    },
    injected,
    unexpected,
    get excused() {
      return excused;
    },
  };
}
