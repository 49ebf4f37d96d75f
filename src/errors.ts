/**
 * The errors of this package. An error never holds a request, a response, a credential or a token,
 * but only the members that are named here (rule S-03).
 */

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

/** An option is missing, empty or not usable. Nothing was sent. */
export class ConfigurationError extends CorrigendaError {
  override readonly name = "ConfigurationError";
  readonly kind = "configuration";
  /** Name of the option that is wrong. */
  readonly option: string;
  constructor(details: ErrorDetails) {
    super(details);
    this.option = details.option ?? "";
  }
}

/** The vendor refused the user, the client or the authorization code. Another try cannot help. */
export class CredentialsError extends CorrigendaError {
  override readonly name: string = "CredentialsError";
  readonly kind: "credentials" | "reauthorization_required" = "credentials";
}

/**
 * There is no refresh token, or the vendor refused it. A person has to give consent again; other
 * client credentials do not help.
 */
export class ReauthorizationRequiredError extends CredentialsError {
  override readonly name = "ReauthorizationRequiredError";
  override readonly kind = "reauthorization_required";
}

/** A response breaks the contract: it is not what the spec allows. */
export class ContractError extends CorrigendaError {
  override readonly name = "ContractError";
  readonly kind = "contract";
  /** JSON pointer (RFC 6901) into the body of the response; `""` is the whole body. */
  readonly pointer: string;
  constructor(details: ErrorDetails) {
    super(details);
    this.pointer = details.pointer ?? "";
  }
}

/** There is no response: the connection was refused, reset or cut, or the deadline passed. */
export class NetworkError extends CorrigendaError {
  override readonly name = "NetworkError";
  readonly kind = "network";
  /**
   * Whether the server may have received the request. False only if there certainly was no
   * connection.
   */
  readonly maybeReceived: boolean;
  constructor(details: ErrorDetails) {
    super({ retryable: true, ...details });
    this.maybeReceived = details.maybeReceived ?? true;
  }
}

/** 403: the account may not do this. Another token would not help. */
export class PermissionError extends CorrigendaError {
  override readonly name = "PermissionError";
  readonly kind = "permission";
}

/** 429, or 503 with Retry-After. `retryAt` says when to try again. */
export class RateLimitError extends CorrigendaError {
  override readonly name = "RateLimitError";
  readonly kind = "rate_limited";
  constructor(details: ErrorDetails) {
    super({ retryable: true, ...details });
  }
}

/** The vendor's server failed (408, 425, 5xx). */
export class ServerError extends CorrigendaError {
  override readonly name = "ServerError";
  readonly kind = "server";
  constructor(details: ErrorDetails) {
    super({ retryable: true, ...details });
  }
}

/** The vendor refused the request for a reason that no other class stands for. */
export class RejectedError extends CorrigendaError {
  override readonly name = "RejectedError";
  readonly kind = "rejected";
}

/** A redirect must not be followed (rule S-02). Nothing was sent to its target. */
export class RedirectError extends CorrigendaError {
  override readonly name = "RedirectError";
  readonly kind = "redirect";
}

/**
 * The authorization callback is not acceptable. Nothing was sent. `code` says why: `state_missing`,
 * `state_mismatch`, `access_denied` (or the vendor's other error code), `code_missing`,
 * `code_too_long`, `ambiguous`.
 */
export class CallbackError extends CorrigendaError {
  override readonly name = "CallbackError";
  readonly kind = "callback";
}

/** The token store failed. `code` says how. */
export class StoreError extends CorrigendaError {
  override readonly name = "StoreError";
  readonly kind = "store";
}

/** The client was closed. */
export class ClosedError extends CorrigendaError {
  override readonly name = "ClosedError";
  readonly kind = "closed";
}

/** All errors of this package, as a union that `kind` narrows. */
export type AnyCorrigendaError =
  | ConfigurationError
  | ReauthorizationRequiredError
  | CredentialsError
  | ContractError
  | NetworkError
  | PermissionError
  | RateLimitError
  | ServerError
  | RejectedError
  | RedirectError
  | CallbackError
  | StoreError
  | ClosedError;

/**
 * Whether a value is an error of this package. Never throws.
 * @example
 * ```ts
 * try {
 *   await client.auth.getToken();
 * } catch (error) {
 *   if (!isCorrigendaError(error)) throw error;
 *   console.error(error.kind, error.message);
 * }
 * ```
 */
export function isCorrigendaError(error: unknown): error is AnyCorrigendaError {
  try {
    return error instanceof CorrigendaError;
  } catch {
    return false; // `instanceof` throws for some proxies.
  }
}
