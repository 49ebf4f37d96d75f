/**
 * Checks of options. Each check returns the option's value, or throws a ConfigurationError that
 * names the option and says what to do. No error quotes a value, since the value may be a secret.
 */
import { ConfigurationError } from "../errors.ts";
import { namesOf, requireKnown } from "./option-names.ts";
import { parseUrl } from "../platform/parse-url.ts";
import { LONGEST_SECRET, type Secret } from "../secret.ts";
import type { GetTokenOptions } from "../token-source.ts";

/**
 * @param problem what is wrong with the option, and what to do: completes a sentence
 * @throws ConfigurationError always
 */
export function refuseOption(option: string, problem: string): never {
  throw new ConfigurationError({ option, message: `Option \`${option}\` ${problem}` });
}

/**
 * A text that is not blank.
 * @param option name of the option, for the error
 * @returns the value as it is, with any white space at its ends
 * @throws ConfigurationError if the value is missing, blank, or no text
 * @example
 * ```ts
 * const clientId = requireText(options.clientId, "clientId");
 * ```
 */
export function requireText(value: unknown, option: string): string {
  if (value === undefined || value === null)
    return refuseOption(option, "is missing. Give it a text.");
  if (typeof value !== "string") return refuseOption(option, "must be a text.");
  if (value.trim() === "")
    return refuseOption(
      option,
      "is empty. If it comes from an environment variable, check that the variable is set.",
    );
  if (!value.isWellFormed())
    return refuseOption(
      option,
      "holds half of a character (a lone surrogate). Check how it was read.",
    );
  return value;
}

/**
 * A secret: a text that `requireText` accepts, of at most 65,536 characters, or a function that
 * returns one. The function is not called.
 * @throws ConfigurationError if the value is neither
 */
export function requireSecret(value: unknown, option: string): Secret {
  if (typeof value === "function") return value as Secret;
  const text = requireText(value, option);
  return text.length <= LONGEST_SECRET
    ? text
    : refuseOption(option, "is longer than 65,536 characters. Check how it was read.");
}

/**
 * An option whose value has to be one of some words.
 * @param byDefault the result if the option is undefined
 * @throws ConfigurationError if the value is none of the words
 */
export function requireOneOf<const T extends string>(
  value: unknown,
  option: string,
  words: readonly T[],
  byDefault: T,
): T {
  if (value === undefined) return byDefault;
  return (
    words.find((word) => word === value) ??
    refuseOption(option, `must be one of ${words.map((w) => `"${w}"`).join(", ")}.`)
  );
}

const TOKEN_OPTIONS = namesOf<GetTokenOptions>({ rejected: true, minTtl: true, signal: true });

/** The options of `getToken`. @throws ConfigurationError naming the option that is wrong */
export function requireTokenOptions(options: GetTokenOptions = {}): GetTokenOptions {
  requireObject(options, "options");
  requireKnown(options, TOKEN_OPTIONS);
  const { minTtl, signal } = options as { readonly minTtl?: unknown; readonly signal?: unknown };
  if (minTtl !== undefined && !(typeof minTtl === "number" && minTtl >= 0))
    refuseOption("minTtl", "must be a number of seconds.");
  if (
    signal !== undefined &&
    signal !== null &&
    typeof (signal as Partial<AbortSignal>).throwIfAborted !== "function"
  )
    refuseOption("signal", "must be an AbortSignal.");
  return options;
}

/** @throws ConfigurationError if the value is no object */
export function requireObject(value: unknown, option: string): void {
  if (typeof value !== "object" || value === null) refuseOption(option, "must be an object.");
}

/** A function, or undefined. @throws ConfigurationError for any other value */
export function requireFunction<T>(value: T | undefined, option: string): T | undefined {
  return value === undefined || typeof value === "function"
    ? value
    : refuseOption(option, "must be a function.");
}

/**
 * A positive number of milliseconds, at most 2^31-1, the longest time of a timer.
 * @param byDefault the result if the option is undefined
 * @throws ConfigurationError for any other value
 */
export function requireDuration(value: unknown, option: string, byDefault: number): number {
  if (value === undefined) return byDefault;
  return typeof value === "number" && value > 0 && value <= 2 ** 31 - 1
    ? value
    : refuseOption(option, "must be a positive number of milliseconds.");
}

/**
 * A whole number of bytes, at least 1, or Infinity.
 * @param byDefault the result if the option is undefined
 * @throws ConfigurationError for any other value
 */
export function requireBytes(value: unknown, option: string, byDefault: number): number {
  if (value === undefined) return byDefault;
  return value === Infinity || (Number.isSafeInteger(value) && Number(value) > 0)
    ? Number(value)
    : refuseOption(option, "must be a number of bytes, from 1, or Infinity.");
}

/**
 * An absolute URL without query, fragment, user name or password. It has to be https, except for
 * loopback hosts and the host that the caller allows (rule S-01).
 * @param allowHttpHost name of the host for which http:// is allowed, with or without a port
 * @returns the URL without a slash at its end
 * @throws ConfigurationError for any other value
 * @example
 * ```ts
 * const baseUrl = requireUrl(options.baseUrl, "baseUrl", options.allowHttpHost);
 * ```
 */
export function requireUrl(value: unknown, option: string, allowHttpHost?: string): string {
  const text = requireText(value, option);
  const url = parseUrl(text);
  // The parser reads `localhost:3000` as a URL with the scheme `localhost`.
  if (!url || !["http:", "https:"].includes(url.protocol))
    return refuseOption(option, "is not a full URL: give it with http:// or https://.");
  if (url.username !== "" || url.password !== "")
    return refuseOption(
      option,
      "holds a user name or password. Credentials have options of their own.",
    );
  if (url.search !== "" || url.hash !== "")
    return refuseOption(option, "holds a query or a fragment. Give it without.");
  if (allowHttpHost !== undefined) requireText(allowHttpHost, "allowHttpHost");
  assertSecure(url, option, allowHttpHost?.toLowerCase());
  return withoutTrailingSlashes(url.href);
}

/**
 * A text without the slashes at its end. A regular expression would take quadratic time for a text
 * with many slashes that are not at its end.
 */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end -= 1;
  return text.slice(0, end);
}

function assertSecure(url: URL, option: string, allowed: string | undefined): void {
  if (url.protocol === "https:") return;
  if (isLoopback(url.hostname) || url.hostname === allowed || url.host === allowed) return;
  return refuseOption(
    option,
    "begins with http://, which sends credentials in the clear. Use https://, or set `allowHttpHost` to its host if you mean it.",
  );
}

/**
 * Whether a host is this machine. Names such as `a.localhost` do not count: some systems ask DNS
 * for them, and DNS may give the address of another machine.
 */
const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
