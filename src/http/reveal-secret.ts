/** Gets the values of secrets, which may be given as functions. */
import { ConfigurationError, NetworkError } from "../errors.ts";
import { withDeadline, withSignal } from "../platform/deadline.ts";
import { memberOf } from "../platform/safe-access.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import { LONGEST_SECRET, type Reveal, type Secret } from "../secret.ts";

/** Names of errors that a message may repeat. Any other name may hold a secret. */
const ERROR_NAMES = [
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
 * The present value of a secret. There is no deadline for a secret that is a function.
 * @param option name of the option that holds the secret, for errors
 * @throws ConfigurationError if the function fails, or returns something else than a text of 1 to
 *   65,536 characters
 */
export async function reveal(secret: Secret, option: string): Promise<string> {
  if (typeof secret === "string") return secret;
  const fail = (problem: string): never => {
    throw new ConfigurationError({
      option,
      message: `The function given as \`${option}\` ${problem}: no request was sent. Make it return the secret.`,
    });
  };
  let value: unknown;
  try {
    value = await secret();
  } catch (cause) {
    // The error may quote a secret, so nothing but a known name is passed on (rule S-03).
    const name = ERROR_NAMES.find((known) => known === memberOf(cause, "name"));
    return fail(`failed (${name ?? "an error of another name"})`);
  }
  if (typeof value !== "string") return fail(`returned a value of type ${typeof value}`);
  if (value.trim() === "") return fail("returned an empty text");
  if (!value.isWellFormed()) return fail("returned half of a character (a lone surrogate)");
  if (value.length > LONGEST_SECRET) return fail("returned more than 65,536 characters");
  return value;
}

/**
 * Makes a function that gets the value of each secret once, and then returns that same value. Each
 * renewal has a function of its own: the secret that is sent and the secret that the new token is
 * bound to must be the same, even if a vault changes it in between.
 * @param secrets the secrets, by name
 * @param onReveal is called with each value
 */
export function createReveal(
  secrets: Readonly<Record<string, Secret>> = {},
  onReveal: (secret: string) => void = () => undefined,
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
    onReveal(value);
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
  /** The deadline, in ms. */
  readonly within: number;
  readonly scheduler: Scheduler;
  /** The signal of the caller. */
  readonly signal: AbortSignal | null | undefined;
}

/**
 * The present value of a secret, or an error if a function does not give it before a deadline.
 * @throws NetworkError with the code `timeout` after the deadline; the signal's reason when the
 *   signal aborts
 * @throws ConfigurationError as `reveal` does
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

/** The error for a function that did not return a secret before the deadline. */
export const secretIsLate = (provider: string): NetworkError =>
  new NetworkError({
    provider,
    code: "timeout",
    maybeReceived: false,
    message: `${provider}: a function that gives a secret did not answer in time. Nothing was sent.`,
  });

/**
 * Checks the value of a secret that is sent in a header. It has to be visible ASCII. The platform's
 * own error for a wrong value would quote the value (rule S-04).
 * @returns the value
 * @throws ConfigurationError if the value is empty or holds any other character
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
