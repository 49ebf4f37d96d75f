/** The clock that a caller gives as the option `now`. It must give epoch ms, a finite number. */
import { ConfigurationError } from "../errors.ts";

/** A clock that never fails while work is under way. */
export interface Clock {
  /**
   * Epoch ms, always finite. It never throws. If the caller's clock gives no time, this is its last
   * good reading: a request that may hold the only copy of a token is brought to its end, and no
   * timer throws an error that nobody awaits.
   */
  readonly now: () => number;
  /**
   * Checks the caller's clock. To be called before each call of a client.
   * @throws ConfigurationError for option `now`, if the caller's clock gives no time
   */
  readonly check: () => void;
}

/**
 * Makes a clock of the caller's `now`.
 * @param given may give anything, and may throw
 */
export function createClock(given: () => unknown): Clock {
  let last: number | undefined;
  /** What is wrong with a new reading. Undefined: it is good. */
  function read(): string | undefined {
    let reading: unknown;
    try {
      reading = given();
    } catch {
      return "threw an error";
    }
    if (typeof reading === "number" && Number.isFinite(reading)) {
      last = reading;
      return undefined;
    }
    // An async function's promise. Its rejection needs a handler.
    if (reading instanceof Promise) reading.catch(() => undefined);
    return typeof reading === "number"
      ? `gave ${reading}`
      : `gave a value of type ${reading === null ? "null" : typeof reading}`;
  }
  return {
    now() {
      read();
      return (last ??= Date.now());
    },
    check() {
      const what = read();
      if (what === undefined) return;
      throw new ConfigurationError({
        option: "now",
        message: `The function given as \`now\` ${what}. Make it give ms since 1970 as a finite number, as \`Date.now\` does. Nothing was sent.`,
      });
    },
  };
}
