/**
 * Checks of options at construction. Each names the option and says what to do, and never quotes a
 * secret.
 */
import { ConfigurationError } from "../errors.ts";
import { namesOf, requireKnown } from "./option-names.ts";
import { parseUrl } from "../platform/parse-url.ts";
import { LONGEST_SECRET, type Secret } from "../secret.ts";
import type { GetTokenOptions } from "../token-source.ts";

const fail = (option: string, what: string): never => {
  throw new ConfigurationError({ option, message: `Option \`${option}\` ${what}` });
};

export function requireText(value: unknown, option: string): string {
  if (value === undefined || value === null) return fail(option, "is missing. Give it a text.");
  if (typeof value !== "string") return fail(option, "must be a text.");
  if (value.trim() === "")
    return fail(
      option,
      "is empty. If it comes from an environment variable, look whether that one is set.",
    );
  if (!value.isWellFormed())
    return fail(option, "holds half of a character (a lone surrogate). Look at how it was read.");
  return value;
}

export function requireSecret(value: unknown, option: string): Secret {
  if (typeof value === "function") return value as Secret;
  const text = requireText(value, option);
  return text.length <= LONGEST_SECRET
    ? text
    : fail(option, "is longer than 65,536 characters. Look at how it was read.");
}

export function requireOneOf<const T extends string>(
  value: unknown,
  option: string,
  words: readonly T[],
  otherwise: T,
): T {
  if (value === undefined) return otherwise;
  return (
    words.find((word) => word === value) ??
    fail(option, `must be one of ${words.map((w) => `"${w}"`).join(", ")}.`)
  );
}

const TOKEN_OPTIONS = namesOf<GetTokenOptions>({ rejected: true, minTtl: true, signal: true });

export function requireTokenOptions(options: GetTokenOptions = {}): GetTokenOptions {
  requireObject(options, "options");
  requireKnown(options, TOKEN_OPTIONS);
  const { minTtl, signal } = options as { readonly minTtl?: unknown; readonly signal?: unknown };
  if (minTtl !== undefined && !(typeof minTtl === "number" && minTtl >= 0))
    fail("minTtl", "must be a number of seconds.");
  if (
    signal !== undefined &&
    signal !== null &&
    typeof (signal as Partial<AbortSignal>).throwIfAborted !== "function"
  )
    fail("signal", "must be an AbortSignal.");
  return options;
}

export function requireObject(value: unknown, option: string): void {
  if (typeof value !== "object" || value === null) fail(option, "must be an object.");
}

export function requireFunction<T>(value: T | undefined, option: string): T | undefined {
  return value === undefined || typeof value === "function"
    ? value
    : fail(option, "must be a function.");
}

/** Milliseconds, positive. */
export function requireDuration(value: unknown, option: string, otherwise: number): number {
  if (value === undefined) return otherwise;
  return typeof value === "number" && value > 0 && value <= 2 ** 31 - 1
    ? value
    : fail(option, "must be a positive number of milliseconds.");
}

/** A whole number of bytes, from 1, or Infinity. */
export function requireBytes(value: unknown, option: string, otherwise: number): number {
  if (value === undefined) return otherwise;
  return value === Infinity || (Number.isSafeInteger(value) && Number(value) > 0)
    ? Number(value)
    : fail(option, "must be a number of bytes, from 1, or Infinity.");
}

/**
 * An absolute URL without query, fragment, user name or password, and https unless the host is this
 * machine or the one that the caller allows (rule S-01). A slash at the end is dropped.
 */
export function requireUrl(value: unknown, option: string, allowHttpHost?: string): string {
  const text = requireText(value, option);
  const url = parseUrl(text);
  // `localhost:3000` is a URL to the parser, with the scheme `localhost`.
  if (!url || !["http:", "https:"].includes(url.protocol))
    return fail(option, "is not a full URL: give it with http:// or https://.");
  if (url.username !== "" || url.password !== "")
    return fail(option, "holds a user name or password. Credentials have options of their own.");
  if (url.search !== "" || url.hash !== "")
    return fail(option, "holds a query or a fragment. Give it without.");
  if (allowHttpHost !== undefined) requireText(allowHttpHost, "allowHttpHost");
  assertSecure(url, option, allowHttpHost?.toLowerCase());
  return withoutTrailingSlashes(url.href);
}

/** Not by a pattern, which would look for the end from each slash of a long row anew. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end -= 1;
  return text.slice(0, end);
}

function assertSecure(url: URL, option: string, allowed: string | undefined): void {
  if (url.protocol === "https:") return;
  if (isLoopback(url.hostname) || url.hostname === allowed || url.host === allowed) return;
  return fail(
    option,
    "begins with http://, which sends credentials in the clear. Use https://, or set `allowHttpHost` to its host if you mean it.",
  );
}

/**
 * Not the names below `localhost`: some systems ask DNS for them, and so anybody may be told to be
 * one.
 */
const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
