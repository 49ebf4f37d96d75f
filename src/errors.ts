/**
 * The errors of this package. An error never holds a request, a response, a credential or a token,
 * but only the members that are named here (rule S-03).
 */
import { CorrigendaError, type ErrorDetails } from "./error-base.ts";

export { CorrigendaError, type ErrorDetails, type ErrorKind } from "./error-base.ts";

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
