/** Tokens and the arithmetic of their lifetimes. No function reads a clock. */

/** A token. All times are in epoch ms on this machine's clock. */
export type Token = Readonly<{
  /** The value that is sent with each call. */
  accessToken: string;
  /** How the access token is sent (RFC 6749 7.1), for example `Bearer`. */
  tokenType: string;
  /** When the token was requested. */
  issuedAt: number;
  /** When the access token expires. Absent: not known; it is used until the vendor refuses it. */
  expiresAt?: number;
  /** Absent: the vendor issued none. */
  refreshToken?: string;
  /** When the refresh token expires. Absent: not known. */
  refreshExpiresAt?: number;
  /** Absent: the vendor named no scope. */
  scope?: readonly string[];
}>;

/** The longest lifetime, in ms. A longer one is shortened to 2^31-1 s (rule T-01). */
const LONGEST = (2 ** 31 - 1) * 1000;

/** ms. A token issued further in the future was stored before the clock was set back (T-04). */
const FUTURE = 5 * 60_000;

/**
 * ms by which the server's time may be later than its Date header says, since a Date header has
 * whole seconds (rule T-02).
 */
export const WHOLE_SECOND = 1000;

/** When the request for a token was sent, in epoch ms. */
export interface Moment {
  /** On this machine's clock. */
  readonly sentAt: number;
  /** On the server's clock, up to 1 s early (rule T-02). Absent: no response had a Date header. */
  readonly serverTime?: number | undefined;
}

/** The result of a provider's `parseToken`. */
export type ParsedToken = Token & {
  /**
   * When the token expires, in epoch ms on the server's clock. Needed if a status other than 401
   * may mean that the token has expired (rule T-21). It is kept in memory and not stored.
   */
  readonly expires?: number | undefined;
};

/**
 * The expiry of a token whose lifetime is known (rule T-01).
 * @param seconds the lifetime, as `expires_in` of RFC 6749 5.1 has it
 * @returns epoch ms on this machine's clock
 * @example
 * ```ts
 * expiryAfter(3600, answer) // an hour after the request was sent
 * ```
 */
export const expiryAfter = (seconds: number, moment: Moment): number =>
  moment.sentAt + Math.min(seconds * 1000, LONGEST);

/**
 * The expiry of a token whose vendor tells the instant of its expiry (rule T-02). The lifetime is
 * measured on the server's clock, so that a wrong local clock does not matter; it is shortened by
 * the second by which the server's time may be early. If no response had a Date header, or if no
 * lifetime is left by the server's clock, the local clock is used. A token with less than a second
 * left by the server's clock gets no longer lifetime by the local clock.
 * @param instant epoch ms on the server's clock, for example from `parseTimestamp`
 * @returns epoch ms on this machine's clock; not after `sentAt` if the instant has passed by both
 *   clocks
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
 * A timestamp in epoch ms. It is written as in ISO 8601, with `T` or a space before the time, and
 * without a zone it is in UTC (rule T-02). Undefined if the text is no such timestamp.
 * @example
 * ```ts
 * parseTimestamp("2026-01-31 12:00:00.5") // 1769860800500
 * ```
 */
export function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = match;
  const offset = zone === "Z" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const at = Date.parse(`${iso}.${fraction.padEnd(3, "0").slice(0, 3)}${offset}`);
  // Date.parse makes 1 March of 30 February. A day that does not exist is not accepted.
  if (
    Number.isNaN(at) ||
    new Date(Date.parse(`${iso}Z`)).toISOString().slice(0, 10) !== iso.slice(0, 10)
  )
    return undefined;
  return at;
}

/**
 * A safe integer, given as a number or as a string of digits (rule T-01). Undefined for any other
 * value.
 */
export function parseInteger(value: unknown): number | undefined {
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined;
}

/**
 * Whether a token was issued more than five minutes in the future: its time is from a clock that
 * was set back since, or from the clock of another host (rule T-04).
 */
export const isFromFuture = ({ issuedAt }: Token, now: number): boolean => issuedAt - now > FUTURE;

/**
 * `fresh`: the token is served. `soft`: it is served, and renewed in the background. `hard`: it is
 * about to expire, and callers wait for a new one. `stale`: it is not served.
 */
export type Freshness = "fresh" | "soft" | "hard" | "stale";

/**
 * How close a token is to its expiry (rules T-04, T-05).
 * @param now epoch ms
 * @param jitter 0 to 1, drawn once for each token, so that processes do not renew at the same time
 * @param minTtl seconds for which the caller needs the token; more than 80 % of the lifetime counts
 *   as 80 %
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

/** How long before its expiry a token is renewed in the background, in ms (rule T-05). */
export const softWindow = ({ issuedAt, expiresAt = Infinity }: Token, jitter: number): number =>
  Math.min(300_000, (expiresAt - issuedAt) * 0.2) * (1 - 0.2 * jitter);

/**
 * The new token after a refresh. It keeps the old refresh token if the response has none (rule
 * T-15; RFC 6749 6).
 */
export function succeed(next: Token, previous: Token | undefined): Token {
  if (next.refreshToken !== undefined || previous?.refreshToken === undefined) return next;
  const { refreshToken, refreshExpiresAt } = previous;
  return { ...next, refreshToken, ...(refreshExpiresAt === undefined ? {} : { refreshExpiresAt }) };
}
