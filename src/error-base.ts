/** What all errors of this package have in common. */

/**
 * The kinds of errors. Every error of this package is a `CorrigendaError` with one of them.
 * @example
 * ```ts
 * if (isCorrigendaError(error) && error.kind === "rate_limited") await sleepUntil(error.retryAt);
 * ```
 */
export type ErrorKind =
  /** An option is missing, empty or not usable. Nothing was sent. */
  | "configuration"
  /** The vendor refused the user, the client or the authorization code. Another try cannot help. */
  | "credentials"
  /** There is no refresh token, or the vendor refused it: a person has to give consent again. */
  | "reauthorization_required"
  /** A response breaks the contract; `pointer` says where. */
  | "contract"
  /** There is no response: the connection was refused, reset or cut, or the deadline passed. */
  | "network"
  /** 403: the account may not do this. Another token would not help. */
  | "permission"
  /** 429, or 503 with Retry-After; `retryAt` says when to try again. */
  | "rate_limited"
  /** The vendor's server failed (408, 425, 5xx). */
  | "server"
  /** The vendor refused the request for another reason. */
  | "rejected"
  /** A redirect must not be followed. Nothing was sent to its target. */
  | "redirect"
  /** The authorization callback is not acceptable; `code` says why. Nothing was sent. */
  | "callback"
  /** The token store failed. */
  | "store"
  /** The client was closed. */
  | "closed";

/** What an error is made of. The members are described at the error classes. */
export interface ErrorDetails {
  readonly message: string;
  /** The provider's name, for example `genlogs`. */
  readonly provider?: string | undefined;
  /** The spec's `operationId`, for example `createToken`. */
  readonly operation?: string | undefined;
  /** The host of the request, with its port unless that is the default one. */
  readonly host?: string | undefined;
  /** More precise than `kind`, for example `ECONNREFUSED`, `timeout` or `state_mismatch`. */
  readonly code?: string | undefined;
  /** HTTP status of the response. */
  readonly status?: number | undefined;
  /** The vendor's own code, for example `unauthorized_client`. */
  readonly vendorCode?: string | undefined;
  /** Whether the same call may succeed later without any change. */
  readonly retryable?: boolean | undefined;
  /** The earliest time for another try, in epoch ms. */
  readonly retryAt?: number | undefined;
  /** Name of the option that is wrong. */
  readonly option?: string | undefined;
  /** JSON pointer (RFC 6901) into the body of the response. */
  readonly pointer?: string | undefined;
  /** Whether the server may have received the request. */
  readonly maybeReceived?: boolean | undefined;
}

/** The details that are members of every error, if they are known. */
const COMMON = [
  "provider",
  "operation",
  "host",
  "code",
  "status",
  "vendorCode",
  "retryAt",
] as const satisfies (keyof ErrorDetails)[];

/** The base class of all errors of this package. */
export abstract class CorrigendaError extends Error {
  /** What happened. A program switches on this member. */
  abstract readonly kind: ErrorKind;
  /** The provider's name, for example `genlogs`. */
  declare readonly provider?: string;
  /**
   * The spec's `operationId` of the request, for example `createToken`. Absent if the error is not
   * about a request, or if the spec has no operation for it.
   */
  declare readonly operation?: string;
  /** The host of the request, with its port unless that is the default one. */
  declare readonly host?: string;
  /** More precise than `kind`, for example `ECONNREFUSED`, `timeout` or `state_mismatch`. */
  declare readonly code?: string;
  /** HTTP status of the response. */
  declare readonly status?: number;
  /** The vendor's own code, for example `unauthorized_client`. It holds no secret. */
  declare readonly vendorCode?: string;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** The earliest time for another try, in epoch ms. */
  declare readonly retryAt?: number;
  readonly #details: ErrorDetails;

  constructor(details: ErrorDetails) {
    super(details.message);
    this.#details = details;
    this.retryable = details.retryable ?? false;
    for (const name of COMMON)
      if (details[name] !== undefined) Object.assign(this, { [name]: details[name] });
  }

  /**
   * An equal error with its own stack, since many callers may get the same failure (rule T-09).
   * @param change makes the details of the new error
   */
  copy(change: (details: ErrorDetails) => ErrorDetails = (details) => details): CorrigendaError {
    return new (this.constructor as new (details: ErrorDetails) => CorrigendaError)(
      change(this.#details),
    );
  }
}
