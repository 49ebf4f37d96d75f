/** Makes typed errors of error responses, whatever shape a vendor gives them. */
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
import { withContext, type RequestContext } from "./request-context.ts";
import { redact } from "./redact.ts";

/** Seconds (rule T-11). */
const RETRY_AFTER = { byDefault: 60, longest: 3600 };

/** An error response: what is needed to make an error of it. */
export interface Refusal {
  readonly context: RequestContext;
  readonly status: number;
  readonly headers: Headers;
  /** What the provider read from the response, without secrets, since the message quotes it. */
  readonly problem: Problem;
  /**
   * The vendor's code, unredacted. It decides which class the error has. The message does not quote
   * it.
   */
  readonly code?: string | undefined;
  /** Epoch ms. */
  readonly now: number;
  /** Names of the options whose values were sent with white space at their beginning or end. */
  readonly padded?: readonly string[] | undefined;
}

/**
 * The vendor's message and code on one line each, without secrets. Line breaks are replaced by
 * spaces before secrets are looked for: a secret may have a space where the text has a line break.
 * The text is cut last, since a cut through a secret would leave its beginning, which would not be
 * found.
 */
export function withoutSecrets(problem: Problem, secrets: Iterable<string>): Problem {
  return {
    ...problem,
    code: quote(problem.code, secrets, 100),
    message: quote(problem.message, secrets, 500),
  };
}

/**
 * A text for a message: on one line, without secrets.
 * @param longest characters of the result
 */
export const quote = (
  text: string | undefined,
  secrets: Iterable<string>,
  longest: number,
): string | undefined => text && redact(oneLine(text), secrets).slice(0, longest);

/** What a provider reads from an error response: `{}` if its `readProblem` throws. */
export function readProblem(
  provider: Pick<Provider<object, never>, "readProblem">,
  body: unknown,
  headers: Headers,
): Problem {
  try {
    return provider.readProblem(body, headers);
  } catch {
    return {};
  }
}

/** Whether the body of a success response says that the call failed. */
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

/** The error for a token request that the token endpoint refused. */
export function tokenRefusal(refusal: Refusal, grantType: Grant["grantType"]): CorrigendaError {
  const { status, code = "" } = refusal;
  const details = describe(refusal);
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
  return refused
    ? new CredentialsError(details("The credentials were refused", hint(refusal)))
    : new RejectedError(details("The token request was refused", hint(refusal)));
}

/**
 * A sentence for each option that has white space at its ends: a secret from a file or a variable
 * often ends in a line break, which nobody sees.
 */
const hint = ({ padded = [] }: Refusal): string =>
  padded
    .map(
      (option) =>
        ` \`${option}\` begins or ends in white space, which was sent along. Look for a line break at its end.`,
    )
    .join("");

/** The error for a call that the API refused. */
export function apiRefusal(refusal: Refusal): CorrigendaError {
  const details = describe(refusal);
  const general = unavailable(refusal, details, "The API");
  if (general) return general;
  if (refusal.status === 401)
    return new CredentialsError(details("The credentials of the call were refused"));
  if (refusal.status === 403)
    return new PermissionError(details("The account lacks a permission for this call"));
  return new RejectedError(details("The call was refused"));
}

/** @param more further sentences for the message, each after a space */
type Describe = (what: string, more?: string) => ErrorDetails;

function describe(refusal: Refusal): Describe {
  const { context, status, problem } = refusal;
  const said = [problem.code, problem.message]
    .filter((text) => text !== undefined && text !== "")
    .join(": ");
  return (what, more = "") =>
    withContext(
      {
        status,
        retryAt: retryAt(refusal),
        vendorCode: problem.code,
        message: `${what} (${status}${said === "" ? "" : `, ${said}`}).${more}`,
      },
      context,
    );
}

/** The error for a refusal that says nothing about the credentials or the call. */
function unavailable(
  refusal: Refusal,
  details: Describe,
  whom: string,
): CorrigendaError | undefined {
  const { status } = refusal;
  if (status === 429 || retryAt(refusal) !== undefined)
    return new RateLimitError(details(`${whom} asks to come back later`));
  return status >= 500 || status === 408 || status === 425
    ? new ServerError(details(`${whom} failed`))
    : undefined;
}

/**
 * The earliest time for another try, epoch ms (rule T-11): from the header Retry-After of a 429 or
 * 503 (RFC 9110 10.2.3), or else from what the provider read, or else the default for a 429. Only
 * the provider can tell whether a 403 is a rate limit, so its header does not count.
 */
function retryAt({ status, headers, problem, now }: Refusal): number | undefined {
  if (![403, 429, 503].includes(status)) return undefined;
  const header = status === 403 ? "" : (headers.get("retry-after")?.trim() ?? "");
  // A header that is neither a date nor a whole number of seconds is ignored.
  const date = parseHttpDate(header);
  const read = Number.isFinite(problem.retryAfter) ? problem.retryAfter : undefined;
  const seconds = /^\d+$/.test(header)
    ? Number(header)
    : date !== undefined
      ? (date - (parseHttpDate(headers.get("date")) ?? now)) / 1000
      : (read ?? (status === 429 ? RETRY_AFTER.byDefault : undefined));
  return seconds === undefined
    ? undefined
    : now + Math.min(Math.max(seconds, 0), RETRY_AFTER.longest) * 1000;
}
