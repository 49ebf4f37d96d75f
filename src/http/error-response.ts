/** One typed error out of each vendor's several error shapes. */
import {
  CredentialsError,
  PermissionError,
  RateLimitError,
  ReauthorizationRequiredError,
  RejectedError,
  ServerError,
  type CorrigendaError,
  type ErrorDetails,
} from "../errors.ts";
import { parseHttpDate } from "./http-date.ts";
import type { Grant, Problem, Provider } from "../provider.ts";
import { oneLine } from "../platform/one-line.ts";
import { placed, type Place } from "./place.ts";
import { redact } from "./redact.ts";

/** Rule T-11, in seconds. */
const RETRY_AFTER = { byDefault: 60, longest: 3600 };

export interface Refusal {
  readonly place: Place;
  readonly status: number;
  readonly headers: Headers;
  /** Without secrets: it is shown. */
  readonly problem: Problem;
  /**
   * The vendor's code as it came. It decides, and is not shown: a secret in it would be taken out
   * of what is.
   */
  readonly code?: string | undefined;
  /** Epoch ms. */
  readonly now: number;
  /** Options whose values begin or end in white space, as they were sent. */
  readonly padded?: readonly string[] | undefined;
}

/**
 * The vendor's words, on one line, without secrets. On one line first, or that could make a secret
 * of what was none; cut to what is shown at last, or the beginning of a secret could be left at the
 * end.
 */
export function withoutSecrets(problem: Problem, secrets: Iterable<string>): Problem {
  return {
    ...problem,
    code: quote(problem.code, secrets, 100),
    message: quote(problem.message, secrets, 500),
  };
}

/** @param longest characters that are shown */
export const quote = (
  text: string | undefined,
  secrets: Iterable<string>,
  longest: number,
): string | undefined => text && redact(oneLine(text), secrets).slice(0, longest);

/**
 * What a provider reads of an error body. Nothing, where that body is more than it can bear: an
 * answer is no reason to fail.
 */
export function readProblem(
  provider: Pick<Provider<object, never>, "readProblem">,
  body: unknown,
): Problem {
  try {
    return provider.readProblem(body);
  } catch {
    return {};
  }
}

/** Whether a success says itself that it is none. */
export function isFailure(
  provider: Pick<Provider<object, never>, "isFailure">,
  body: unknown,
): boolean {
  try {
    return provider.isFailure?.(body) === true;
  } catch {
    return false;
  }
}

/** What a refusal of the token endpoint means. */
export function tokenRefusal(refusal: Refusal, grantType: Grant["grantType"]): CorrigendaError {
  const { status, code = "" } = refusal;
  const details = describe(refusal, retryAt(refusal));
  const general = unavailable(refusal, details, "The token endpoint");
  if (general) return general;
  if (code === "invalid_grant" && grantType === "refresh_token") {
    return new ReauthorizationRequiredError(
      details("The refresh token is dead; the person has to give consent again"),
    );
  }
  const refused =
    status === 401 ||
    status === 403 ||
    ["invalid_grant", "invalid_client", "unauthorized_client"].includes(code);
  const hinted = (what: string): ErrorDetails => ({
    ...details(what),
    message: details(what).message + hint(refusal),
  });
  return refused
    ? new CredentialsError(hinted("The credentials were refused"))
    : new RejectedError(hinted("The token request was refused"));
}

/** A secret out of a file or a variable often has a line break at its end, which nobody sees. */
const hint = ({ padded = [] }: Refusal): string =>
  padded
    .map(
      (option) =>
        ` \`${option}\` begins or ends in white space, which was sent along. Look for a line break at its end.`,
    )
    .join("");

/** What a refusal of an API call means. */
export function apiRefusal(refusal: Refusal): CorrigendaError {
  const details = describe(refusal, retryAt(refusal));
  const general = unavailable(refusal, details, "The API");
  if (general) return general;
  if (refusal.status === 401)
    return new CredentialsError(details("The credentials of the call were refused"));
  if (refusal.status === 403)
    return new PermissionError(details("The account lacks a permission for this call"));
  return new RejectedError(details("The call was refused"));
}

type Describe = (what: string) => ErrorDetails;

function describe({ place, status, problem }: Refusal, retryAt: number | undefined): Describe {
  const said = [problem.code, problem.message]
    .filter((text) => text !== undefined && text !== "")
    .join(": ");
  return (what) =>
    placed(
      {
        status,
        retryAt,
        vendorCode: problem.code,
        message: `${what} (${status}${said === "" ? "" : `, ${said}`}).`,
      },
      place,
    );
}

function unavailable(
  refusal: Refusal,
  details: Describe,
  whom: string,
): CorrigendaError | undefined {
  const { status } = refusal;
  if (status === 429 || (status === 503 && retryAt(refusal) !== undefined))
    return new RateLimitError(details(`${whom} asks to come back later`));
  return status >= 500 || status === 408 || status === 425
    ? new ServerError(details(`${whom} failed`))
    : undefined;
}

/**
 * Epoch ms from Retry-After (RFC 9110 10.2.3), else from the body, else by default for a 429 (rule
 * T-11).
 */
function retryAt({ status, headers, problem, now }: Refusal): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const header = headers.get("retry-after")?.trim() ?? "";
  // What is neither a date nor a whole number of seconds says nothing.
  const date = parseHttpDate(header);
  const seconds = /^\d+$/.test(header)
    ? Number(header)
    : date !== undefined
      ? (date - (parseHttpDate(headers.get("date")) ?? now)) / 1000
      : (problem.retryAfter ?? (status === 429 ? RETRY_AFTER.byDefault : undefined));
  return seconds === undefined
    ? undefined
    : now + Math.min(Math.max(seconds, 0), RETRY_AFTER.longest) * 1000;
}
