/** Tokens and the arithmetic of their lifetimes. Pure: the clock comes in as an argument. */

/** All times are epoch ms. */
export type Token = Readonly<{
  accessToken: string;
  tokenType: string;
  issuedAt: number;
  /** Absent: not known; the token is used until the vendor refuses it. */
  expiresAt?: number;
  refreshToken?: string;
  refreshExpiresAt?: number;
  scope?: readonly string[];
}>;

/** Longest lifetime that is believed: 2^31-1 s (rule T-01). */
const LONGEST = (2 ** 31 - 1) * 1000;
/**
 * A token issued further in the future than this was stored before the clock was set back (rule
 * T-04).
 */
const FUTURE = 5 * 60_000;

/**
 * ms by which the server's time may be early, since a Date header has whole seconds (rule T-02).
 */
export const WHOLE_SECOND = 1000;

/** When an answer was asked for. Epoch ms. */
export interface Moment {
  /** By this machine's clock. */
  readonly sentAt: number;
  /** By the server's clock, up to 1 s less (rule T-02). Absent: no answer had a Date header. */
  readonly serverTime?: number | undefined;
}

/** What a parser makes of an answer. */
export type ParsedToken = Token & {
  /**
   * Epoch ms by the server's clock: its own instant of the end, where a refusal other than 401 may
   * mean that the token has ended (rule T-21). Kept in memory, and in no store.
   */
  readonly expires?: number | undefined;
};

/** Expiry from a lifetime in seconds (rule T-01). */
export const expiryAfter = (seconds: number, moment: Moment): number =>
  moment.sentAt + Math.min(seconds * 1000, LONGEST);

/**
 * Expiry from an instant (epoch ms) on the server's clock (rule T-02): its distance from the
 * server's time, less the second by which that may be early, so that a wrong local clock does not
 * matter. The local clock serves where no answer had a Date header, or where that leaves nothing;
 * but a token that has less than a second by the server's clock has no more by the local one.
 * @returns epoch ms by this machine's clock; not after `sentAt` if the instant has passed by every
 *   clock
 */
export function expiryAt(instant: number, { sentAt, serverTime }: Moment): number {
  const byServer = serverTime === undefined ? 0 : instant - serverTime;
  const byLocal = instant - sentAt;
  if (byServer > WHOLE_SECOND) return sentAt + Math.min(byServer - WHOLE_SECOND, LONGEST);
  if (byServer > 0) return sentAt + (byLocal > 0 ? Math.min(byLocal, byServer) : byServer);
  return sentAt + Math.min(byLocal, LONGEST);
}

const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Epoch ms of an ISO 8601 timestamp with `T` or a space; no zone means UTC (rule T-02). Undefined
 * if it is none.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = match;
  const offset = zone === "Z" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const at = Date.parse(`${iso}.${fraction.padEnd(3, "0").slice(0, 3)}${offset}`);
  // Date.parse turns 30 February into 1 March; an instant that does not exist is unreadable.
  if (
    Number.isNaN(at) ||
    new Date(Date.parse(`${iso}Z`)).toISOString().slice(0, 10) !== iso.slice(0, 10)
  )
    return undefined;
  return at;
}

/** An integer, or a string of digits that is one (rule T-01). Undefined for everything else. */
export function parseInteger(value: unknown): number | undefined {
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined;
}

/**
 * Whether a token was issued in the future: by a clock that was set back since, or by one of
 * another host (rule T-04).
 */
export const isFromFuture = ({ issuedAt }: Token, now: number): boolean => issuedAt - now > FUTURE;

/**
 * `fresh`: serve. `soft`: serve and renew in the background. `hard`: wait for the new one. `stale`:
 * do not serve.
 */
export type Freshness = "fresh" | "soft" | "hard" | "stale";

/**
 * Where a token stands in its life (rules T-04, T-05).
 * @param jitter 0..1, drawn once per token, so that many processes do not renew at the same moment
 * @param minTtl s for which the caller needs the token; at most 80 % of its lifetime is asked of it
 */
export function freshness(token: Token, now: number, jitter = 0, minTtl = 0): Freshness {
  if (isFromFuture(token, now)) return "stale";
  if (token.expiresAt === undefined) return "fresh";
  const left = token.expiresAt - now;
  if (left <= 0) return "stale";
  const lifetime = token.expiresAt - token.issuedAt;
  const soft = softWindow(token, jitter);
  const hard = Math.min(15_000, lifetime * 0.05);
  if (left <= hard || left < Math.min(minTtl * 1000, lifetime * 0.8)) return "hard";
  return left <= soft ? "soft" : "fresh";
}

/** ms before its end in which a token is renewed in the background (rule T-05). */
export const softWindow = ({ issuedAt, expiresAt = Infinity }: Token, jitter: number): number =>
  Math.min(300_000, (expiresAt - issuedAt) * 0.2) * (1 - 0.2 * jitter);

/**
 * The new token, with the old refresh token where the answer brought none (rule T-15; RFC 6749 6).
 */
export function succeed(next: Token, previous: Token | undefined): Token {
  if (next.refreshToken !== undefined || previous?.refreshToken === undefined) return next;
  const { refreshToken, refreshExpiresAt } = previous;
  return { ...next, refreshToken, ...(refreshExpiresAt === undefined ? {} : { refreshExpiresAt }) };
}
