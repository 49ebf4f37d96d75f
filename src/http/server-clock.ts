/**
 * The time on the vendor's server, as its Date headers tell it (rule T-02), and which tokens have
 * expired by that time (rule T-21). Each client has one such clock, and it counts only responses of
 * the token endpoint and of an API on the same origin. It is kept in memory, since a monotonic
 * clock means nothing to another process.
 */
import { WHOLE_SECOND } from "../token.ts";
import { parseHttpDate } from "./http-date.ts";

/** The most dates, and the most tokens, that are remembered. */
const MAX_REMEMBERED = 1000;

/** How much faster or slower the server's clock may run than this machine's: 0.01 %. */
const DRIFT = 1e-4;

export interface ServerClock {
  /**
   * Is called when a request is sent.
   * @param from the receiver of the request. Dates of the API count only until the token endpoint
   *   has sent a Date.
   * @returns a function to call with the Date header when the response has arrived. It returns the
   *   server's time at which the request was sent, in epoch ms, or undefined if no response had a
   *   Date.
   */
  sent(from: "token" | "api"): (date: string | null) => number | undefined;
  /** Notes when a new token expires, in epoch ms on the server's clock. */
  note(accessToken: string, expires: number): void;
  /**
   * Whether a noted token has expired by the server's clock.
   * @param date the Date header of a response that has just arrived
   */
  ended(accessToken: string, date: string | null): boolean;
}

/** The Date of a response, and the monotonic times at which it was asked for and arrived. */
interface Reading {
  /** Epoch ms. */
  readonly date: number;
  readonly sentAt: number;
  readonly arrivedAt: number;
}

/** @param monotonic ms since some moment, by a clock that cannot be set */
export function createServerClock(monotonic: () => number): ServerClock {
  /**
   * The reading by which the server's time is latest. The newest reading is not always right: some
   * servers repeat the first Date of a connection.
   */
  let latest: Reading | undefined;
  /** The newest reading after `latest` whose Date was not seen before. */
  let candidate: Reading | undefined;
  let tokenEndpointAnswered = false;
  const seen = new Set<number>();
  const ends = new Map<string, number>();

  /** The server's time at a moment of the monotonic clock. */
  const timeAt = (moment: number): number =>
    latest ? latest.date + moment - latest.arrivedAt : -Infinity;

  /** @param isNew whether the Date was not seen before */
  function learn(reading: Reading, isNew: boolean): void {
    if (isNew) {
      // Two new Dates that agree with the monotonic clock show that `latest` was too late.
      if (candidate && advanceAlike(candidate, reading)) latest = candidate;
      candidate = reading;
    }
    if (reading.date <= timeAt(reading.arrivedAt)) return;
    latest = reading;
    candidate = undefined;
  }

  return {
    sent(from) {
      const sentAt = monotonic();
      return (header) => {
        const date = parseHttpDate(header);
        if (date !== undefined) {
          const isNew = !seen.delete(date);
          seen.add(date);
          forgetOldest(seen);
          if (from === "token" || !tokenEndpointAnswered)
            learn({ date, sentAt, arrivedAt: monotonic() }, isNew);
          tokenEndpointAnswered ||= from === "token";
        }
        return wholeMs(Math.max(date ?? -Infinity, timeAt(sentAt)));
      };
    },
    note(accessToken, expires) {
      ends.set(accessToken, expires);
      forgetOldest(ends);
    },
    ended: (accessToken, date) =>
      (ends.get(accessToken) ?? Infinity) - WHOLE_SECOND <=
      Math.max(parseHttpDate(date) ?? -Infinity, timeAt(monotonic())),
  };
}

/** Whether the same time passed between two responses by their Dates and by the monotonic clock. */
function advanceAlike(first: Reading, second: Reading): boolean {
  const passed = second.date - first.date;
  const longest = second.arrivedAt - first.sentAt;
  const slack = WHOLE_SECOND + longest * DRIFT;
  return passed >= second.sentAt - first.arrivedAt - slack && passed <= longest + slack;
}

/** In whole ms, since the monotonic clock has fractions. Undefined for a time that is not known. */
const wholeMs = (time: number): number | undefined =>
  time === -Infinity ? undefined : Math.ceil(time);

function forgetOldest(memory: Set<unknown> | Map<unknown, unknown>): void {
  const oldest = memory.keys().next();
  if (memory.size > MAX_REMEMBERED && !oldest.done) memory.delete(oldest.value);
}
