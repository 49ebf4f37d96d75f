/**
 * The error taxonomy. Every failure of this package is a `CorrigendaError`; `kind` is the word to
 * switch on. No error ever holds a request, an answer, a credential or a token: only the fields
 * named here (rule S-03).
 */
export type ErrorKind =
  /** An option is missing, empty or not usable. Nothing was sent. */
  | "configuration"
  /** The vendor refused the user, the client or the authorization code. Retrying cannot help. */
  | "credentials"
  /** The stored grant is dead or absent: a person has to give consent again. */
  | "reauthorization_required"
  /** An answer breaks the curated contract; `pointer` says where. */
  | "contract"
  /** No answer: refused, reset, cut off or too late. */
  | "network"
  /** 403: the account may not do this. No other token would help. */
  | "permission"
  /** 429, or 503 with Retry-After; `retryAt` says when to come back. */
  | "rate_limited"
  /** The vendor's server failed (408, 425, 5xx). */
  | "server"
  /** Any other refusal. */
  | "rejected"
  /** A redirect that must not be followed. Nothing was sent to its target. */
  | "redirect"
  /** The authorization callback was not acceptable; `code` says why. Nothing was sent. */
  | "callback"
  /** The token store failed. */
  | "store"
  /** The client was closed. */
  | "closed";

export interface ErrorDetails {
  readonly message: string;
  /** Provider's name, e.g. `genlogs`. */
  readonly provider?: string | undefined;
  /** What was asked: the spec's `operationId`, e.g. `createToken`. */
  readonly operation?: string | undefined;
  /** Host that was asked, with its port unless that is the usual one. */
  readonly host?: string | undefined;
  /** Finer than `kind`: `ECONNREFUSED`, `timeout`, `state_mismatch`, ... */
  readonly code?: string | undefined;
  /** HTTP status of the answer. */
  readonly status?: number | undefined;
  /** The vendor's own code, e.g. `unauthorized_client`. */
  readonly vendorCode?: string | undefined;
  /** Whether the same call may succeed later without any change. */
  readonly retryable?: boolean | undefined;
  /** Earliest time for another try, epoch ms. */
  readonly retryAt?: number | undefined;
  /** Name of the option that is wrong. */
  readonly option?: string | undefined;
  /** JSON pointer (RFC 6901) into the answer's body. */
  readonly pointer?: string | undefined;
  /** Whether the server may have received the request. */
  readonly maybeReceived?: boolean | undefined;
}

export abstract class CorrigendaError extends Error {
  abstract readonly kind: ErrorKind;
  declare readonly provider?: string;
  /**
   * What was asked: the spec's `operationId`, where the error speaks of a request that the spec
   * knows.
   */
  declare readonly operation?: string;
  /** Host that was asked, with its port unless that is the usual one. */
  declare readonly host?: string;
  declare readonly code?: string;
  declare readonly status?: number;
  declare readonly vendorCode?: string;
  readonly retryable: boolean;
  declare readonly retryAt?: number;
  readonly #details: ErrorDetails;

  constructor(details: ErrorDetails) {
    super(details.message);
    this.#details = details;
    this.retryable = details.retryable ?? false;
    if (details.provider !== undefined) this.provider = details.provider;
    if (details.operation !== undefined) this.operation = details.operation;
    if (details.host !== undefined) this.host = details.host;
    if (details.code !== undefined) this.code = details.code;
    if (details.status !== undefined) this.status = details.status;
    if (details.vendorCode !== undefined) this.vendorCode = details.vendorCode;
    if (details.retryAt !== undefined) this.retryAt = details.retryAt;
  }

  /**
   * The same error with a stack of its own, since one failure is handed to many callers (rule
   * T-09).
   */
  copy(change: (details: ErrorDetails) => ErrorDetails = (details) => details): CorrigendaError {
    return new (this.constructor as new (details: ErrorDetails) => CorrigendaError)(
      change(this.#details),
    );
  }
}

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

export class CredentialsError extends CorrigendaError {
  override readonly name: string = "CredentialsError";
  readonly kind: "credentials" | "reauthorization_required" = "credentials";
}

/** The cure is a new consent of the person, not other client credentials. */
export class ReauthorizationRequiredError extends CredentialsError {
  override readonly name = "ReauthorizationRequiredError";
  override readonly kind = "reauthorization_required";
}

export class ContractError extends CorrigendaError {
  override readonly name = "ContractError";
  readonly kind = "contract";
  /** JSON pointer (RFC 6901) into the answer's body; the empty string is the whole body. */
  readonly pointer: string;
  constructor(details: ErrorDetails) {
    super(details);
    this.pointer = details.pointer ?? "";
  }
}

export class NetworkError extends CorrigendaError {
  override readonly name = "NetworkError";
  readonly kind = "network";
  /** False only where the connection provably was never made. */
  readonly maybeReceived: boolean;
  constructor(details: ErrorDetails) {
    super({ retryable: true, ...details });
    this.maybeReceived = details.maybeReceived ?? true;
  }
}

export class PermissionError extends CorrigendaError {
  override readonly name = "PermissionError";
  readonly kind = "permission";
}

export class RateLimitError extends CorrigendaError {
  override readonly name = "RateLimitError";
  readonly kind = "rate_limited";
  constructor(details: ErrorDetails) {
    super({ retryable: true, ...details });
  }
}

export class ServerError extends CorrigendaError {
  override readonly name = "ServerError";
  readonly kind = "server";
  constructor(details: ErrorDetails) {
    super({ retryable: true, ...details });
  }
}

export class RejectedError extends CorrigendaError {
  override readonly name = "RejectedError";
  readonly kind = "rejected";
}

export class RedirectError extends CorrigendaError {
  override readonly name = "RedirectError";
  readonly kind = "redirect";
}

/**
 * `code`: `state_missing`, `state_mismatch`, `access_denied` (or the vendor's other error code),
 * `code_missing`, `code_too_long`, `ambiguous`.
 */
export class CallbackError extends CorrigendaError {
  override readonly name = "CallbackError";
  readonly kind = "callback";
}

export class StoreError extends CorrigendaError {
  override readonly name = "StoreError";
  readonly kind = "store";
}

/** Any error of this package, as a union that `kind` narrows. */
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

export function isCorrigendaError(error: unknown): error is AnyCorrigendaError {
  try {
    return error instanceof CorrigendaError;
  } catch {
    return false; // A Proxy, say. It is none of ours.
  }
}

export class ClosedError extends CorrigendaError {
  override readonly name = "ClosedError";
  readonly kind = "closed";
}
