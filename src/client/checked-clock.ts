/** The caller's clock, held to what it promises: a finite number, epoch ms. */
import { ConfigurationError } from "../errors.ts";
import type { TokenSource } from "../token-source.ts";

export interface Clock {
  /**
   * Epoch ms, always finite, and never throws. Where the caller's clock gives no time, this is its
   * last good reading: what is under way, and may hold the only copy of a token, is brought to its
   * end, and no timer ends in an exception that nobody awaits.
   */
  readonly now: () => number;
  /**
   * Before each call. @throws ConfigurationError for option `now`, if the caller's clock gives no
   * time now
   */
  readonly check: () => void;
}

export function createClock(given: () => unknown): Clock {
  let last: number | undefined;
  /** @returns what is wrong with this reading, undefined if it is good */
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
    // An async function's: its failure is told here.
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

/**
 * The calls of a source that read the clock, with the check before each: its failure is a rejection
 * of that call.
 */
export function withCheck(
  { getToken, explain }: Pick<TokenSource, "getToken" | "explain">,
  { checkClock }: { readonly checkClock: Clock["check"] },
): Pick<TokenSource, "getToken" | "explain"> {
  return {
    async getToken(options) {
      checkClock();
      return getToken(options);
    },
    async explain() {
      checkClock();
      return explain();
    },
  };
}
