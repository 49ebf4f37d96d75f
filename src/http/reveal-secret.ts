/** Getting the values of secrets that are given as functions. */
import { ConfigurationError, NetworkError } from "../errors.ts";
import { withDeadline, withSignal } from "../platform/deadline.ts";
import { memberOf } from "../platform/safe-access.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import { LONGEST_SECRET, type Reveal, type Secret } from "../secret.ts";

/** Names of errors that may be repeated. Any other may be made of what a vault holds. */
const NAMES = [
  "Error",
  "TypeError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "AggregateError",
  "AbortError",
  "TimeoutError",
  "NetworkError",
  "NotFoundError",
  "NotAllowedError",
];

/**
 * The value of a secret now. It takes as long as the function that was given takes: see
 * `revealWithin`.
 * @throws ConfigurationError naming the option if its function fails or gives no text
 */
export async function reveal(secret: Secret, option: string): Promise<string> {
  if (typeof secret === "string") return secret;
  const fail = (what: string): never => {
    throw new ConfigurationError({
      option,
      message: `The function given as \`${option}\` ${what}: no request was sent. Make it return the secret.`,
    });
  };
  let value: unknown;
  try {
    value = await secret();
  } catch (cause) {
    // The cause may quote what the vault holds, so only a name that says nothing of it is passed on
    // (rule S-03).
    return fail(
      `failed (${NAMES.find((name) => name === memberOf(cause, "name")) ?? "an error of another name"})`,
    );
  }
  if (typeof value !== "string") return fail(`returned a value of type ${typeof value}`);
  if (value.trim() === "") return fail("returned an empty text");
  if (!value.isWellFormed()) return fail("returned half of a character (a lone surrogate)");
  if (value.length > LONGEST_SECRET) return fail("returned more than 65,536 characters");
  return value;
}

/**
 * Reveals each secret once, and gives the same value from then on. One function for a renewal: what
 * is sent, and what the token that is got for it is bound to, must be the same, also while a vault
 * gives another secret.
 */
export function createReveal(
  secrets: Readonly<Record<string, Secret>> = {},
  tell: (secret: string) => void = () => undefined,
): Reveal {
  const revealed = new Map<string, Promise<string>>();
  const first = async (name: string): Promise<string> => {
    const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    if (secret === undefined)
      throw new ConfigurationError({
        option: name,
        message: `There is no secret \`${name}\` among the \`credentials\` that the provider's \`connect\` gave. Add it there.`,
      });
    const value = await reveal(secret, name);
    tell(value);
    return value;
  };
  return (name) => {
    const known = revealed.get(name) ?? first(name);
    revealed.set(name, known);
    return known;
  };
}

export interface RevealOptions {
  readonly provider: string;
  /** ms. */
  readonly within: number;
  readonly scheduler: Scheduler;
  /** The caller's. */
  readonly signal: AbortSignal | null | undefined;
}

/**
 * As `reveal`, for no longer than the deadline. @throws NetworkError with code `timeout`; the
 * signal's reason when it aborts
 */
export const revealWithin = (
  secret: Secret,
  option: string,
  { provider, within, scheduler, signal }: RevealOptions,
): Promise<string> =>
  withDeadline(
    withSignal(reveal(secret, option), signal),
    within,
    () => secretIsLate(provider),
    scheduler,
  );

export const secretIsLate = (provider: string): NetworkError =>
  new NetworkError({
    provider,
    code: "timeout",
    maybeReceived: false,
    message: `${provider}: a function that gives a secret did not answer in time. Nothing was sent.`,
  });

/**
 * The value of a secret that travels in a header. Refused here unless visible ASCII, since the
 * platform's own complaint about a bad header value quotes the value (rule S-04).
 */
export function assertHeaderValue(value: string, option: string): string {
  if (!/^[\x21-\x7E]+$/.test(value)) {
    throw new ConfigurationError({
      option,
      message: `\`${option}\` holds a space, a line break or another character that no header can carry. Look for a line break at its end.`,
    });
  }
  return value;
}
