/**
 * Which failures were meant: each has the number of a request, and the server tells which numbers
 * it did harm to.
 */
import type { Harm } from "./protocol.ts";

export interface Verdicts {
  /** The server did harm to this request. */
  harmed(number: string, harm: Harm): void;
  /**
   * Something failed. @param number of the request that it is blamed on; undefined: it can be
   * blamed on none
   */
  failed(number: string | undefined, what: string, meant: (harm: Harm) => boolean): void;
  /**
   * Looks at what has waited for the server's word for long enough. @param all nothing is waited
   * for any more
   */
  sweep(all?: boolean): void;
  readonly injected: Readonly<Record<string, number>>;
  readonly excused: number;
  /** Failures that nobody meant, and how often each was seen. */
  readonly unexpected: ReadonlyMap<string, number>;
}

/** ms for which the word of the server may be on its way. */
const PATIENCE = 3000;
/**
 * Numbers that are remembered: an error may be served again for as long as the vendor asked to be
 * left alone.
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
