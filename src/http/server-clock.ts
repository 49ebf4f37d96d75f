/**
 * The vendor's clock, as far as its answers tell (rule T-02), and which tokens have ended by it
 * (rule T-21). One a client: all requests of a client that count go to one origin. In memory only,
 * since a monotonic clock means nothing to another process.
 */
import { parseHttpDate } from "./http-date.ts";
import { WHOLE_SECOND } from "../token.ts";

/** Dates and tokens that are remembered. */
const LONGEST_MEMORY = 1000;
/** By how much the server's clock and this machine's may run at different speeds. */
const DRIFT = 1e-4;

export interface ServerClock {
  /**
   * To be called when a request is sent.
   * @param from what is asked: answers of the API count until the token endpoint has given a Date
   * @returns to be called when its answer has arrived, with its Date header. Gives the server's
   *   time when the request was sent, epoch ms; undefined: no answer had a Date
   */
  sent(from: "token" | "api"): (date: string | null) => number | undefined;
  /**
   * Notes the vendor's own instant (epoch ms on its clock) at which a token ends that it gave just
   * now.
   */
  note(accessToken: string, expires: number): void;
  /**
   * Whether a noted token has ended by the server's clock. @param date header of an answer that has
   * just arrived
   */
  ended(accessToken: string, date: string | null): boolean;
}

/**
 * What an answer said of the server's clock: epoch ms, and when that was on the monotonic clock.
 */
interface Reading {
  readonly date: number;
  readonly sentAt: number;
  readonly arrivedAt: number;
}

/** @param monotonic ms since some moment, by a clock that nobody sets */
export function createServerClock(monotonic: () => number): ServerClock {
  /**
   * Of all Dates that count, the one by which it is latest. Servers exist that repeat the first
   * Date of a connection.
   */
  let earlier: Reading | undefined;
  /** A Date after it that was not seen before. */
  let candidate: Reading | undefined;
  let tokenEndpointAnswered = false;
  const seen = new Set<number>();
  const ends = new Map<string, number>();

  const at = (moment: number): number =>
    earlier ? earlier.date + moment - earlier.arrivedAt : -Infinity;

  function learn(reading: Reading, isNew: boolean): void {
    if (isNew) {
      if (candidate && advanceAlike(candidate, reading)) earlier = candidate;
      candidate = reading;
    }
    if (reading.date <= at(reading.arrivedAt)) return;
    earlier = reading;
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
        return known(Math.max(date ?? -Infinity, at(sentAt)));
      };
    },
    note(accessToken, expires) {
      ends.set(accessToken, expires);
      forgetOldest(ends);
    },
    ended: (accessToken, date) =>
      (ends.get(accessToken) ?? Infinity) - WHOLE_SECOND <=
      Math.max(parseHttpDate(date) ?? -Infinity, at(monotonic())),
  };
}

/** Whether as much time has passed between two answers by their Dates as by the monotonic clock. */
function advanceAlike(first: Reading, second: Reading): boolean {
  const passed = second.date - first.date;
  const longest = second.arrivedAt - first.sentAt;
  const slack = WHOLE_SECOND + longest * DRIFT;
  return passed >= second.sentAt - first.arrivedAt - slack && passed <= longest + slack;
}

/** Whole ms, since the monotonic clock has fractions that no timestamp needs. */
const known = (time: number): number | undefined =>
  time === -Infinity ? undefined : Math.ceil(time);

function forgetOldest(memory: Set<unknown> | Map<unknown, unknown>): void {
  const oldest = memory.keys().next();
  if (memory.size > LONGEST_MEMORY && !oldest.done) memory.delete(oldest.value);
}
