/**
 * What a provider is to the rest of the package. A provider is data and pure functions, and does no
 * I/O.
 */
import type { ProviderMeta } from "./provider-meta.ts";
import type { Reveal, Secret } from "./secret.ts";
import type { Moment, ParsedToken, Token } from "./token.ts";

export type { OperationMeta, ProviderMeta, ServerMeta } from "./provider-meta.ts";

/** A request to a token endpoint, before it is encoded. */
export interface TokenRequest {
  /**
   * Key of `ProviderMeta.operations`. The operation decides the URL, the media type of the body,
   * the API keys that are sent, and the status codes that bring a token.
   */
  readonly operation: string;
  /** Query parameters, not yet percent-encoded. */
  readonly query?: Readonly<Record<string, string>>;
  /**
   * Header fields. `content-type` takes the place of the operation's media type:
   * `application/x-www-form-urlencoded` sends a form, any other type JSON.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the body, not yet encoded. */
  readonly body?: Readonly<Record<string, string>>;
  /** Every secret value in the request, so that no error repeats one (rule S-03). */
  readonly secrets: readonly string[];
}

/**
 * Puts the client's credentials on a token request (RFC 6749 2.3). `corrigenda/kit` has one for
 * each usual place; a vendor with another place needs a function like this.
 * @param request a request without credentials
 * @param reveal gives a secret of `Connection.credentials` by its name
 * @returns the request with credentials; its `secrets` lists each of them in the form in which it
 *   is sent
 */
export type ClientAuthentication = (request: TokenRequest, reveal: Reveal) => Promise<TokenRequest>;

/** One way to get a token. */
export interface Grant {
  /** Unique among the provider's grants. `Connection.grants` can ask `worked` about this name. */
  readonly name: string;
  /**
   * `grant_type` of RFC 6749, or `password` where the vendor has a login of its own. It decides
   * which failed requests are sent again (rules T-12, T-13).
   */
  readonly grantType: "authorization_code" | "client_credentials" | "password" | "refresh_token";
  /**
   * Makes the token request.
   * @param reveal gives the value of a secret of `Connection.credentials` by its name. The value
   *   stays the same throughout one renewal.
   */
  readonly request: (reveal: Reveal) => Promise<TokenRequest>;
  /**
   * Whether this refusal means that the next grant in the list may succeed. Absent: the first
   * refusal ends the renewal.
   */
  readonly proceeds?: (status: number, problem: Problem) => boolean;
}

/** What a provider reads from an error response. */
export interface Problem {
  /** The vendor's message, for people. */
  readonly message?: string | undefined;
  /**
   * The vendor's error code. `invalid_grant`, `invalid_client` and `unauthorized_client` have the
   * meaning of RFC 6749 5.2.
   */
  readonly code?: string | undefined;
  /**
   * Seconds until the vendor takes requests again, read from the body or from the vendor's own
   * headers. With it a 403 or 503 counts as a rate limit, as a 429 always does. The header
   * Retry-After of a 429 or 503 takes precedence (rule T-11).
   */
  readonly retryAfter?: number | undefined;
  /** Paths of the members that the vendor's validation complains about. */
  readonly locations?: readonly (readonly unknown[])[] | undefined;
}

/** A token response, as `Provider.parseToken` gets it. */
export interface TokenAnswer extends Moment {
  /** The JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * What the package has to know to call a provider as one identity: as a user, as an OAuth client,
 * or in a person's session. `Provider.connect` makes it from the client's options.
 */
export interface Connection {
  /** URL of the API, without a slash at its end. */
  readonly baseUrl: string;
  /**
   * Client id or user name, then the key of the person's session if there is one. Both are parts of
   * the store key, so none of them is a secret (rule T-07).
   */
  readonly identity: readonly string[];
  /** Name of the option that the first part of `identity` comes from, for error messages. */
  readonly identityOption?: string;
  /**
   * The lasting secrets that a stored token is bound to (rule T-07), by the names of their options:
   * a password, a client secret. API keys, codes, refresh tokens and assertions do not belong here.
   * `{}` for a public client. A client with `grants` and a `store` needs it.
   */
  readonly credentials?: Readonly<Record<string, Secret>>;
  /** API keys by the name of their security scheme. */
  readonly apiKeys?: Readonly<Record<string, Secret>>;
  /** A token that a person created. It cannot be renewed. Given instead of `grants`. */
  readonly staticToken?: Secret;
  /** `METHOD /path` of the token operation. Its URL is a part of the store key. */
  readonly tokenOperation: string;
  /**
   * URL of the token endpoint. Absent: the first of the `servers` that the document gives the
   * operation, or else `baseUrl`, with the path of `tokenOperation`. The client's option `tokenUrl`
   * takes precedence.
   */
  readonly tokenUrl?: string;
  /**
   * The grants that can bring a token now, the best one first. An empty list: a person has to give
   * consent.
   * @param state.refreshToken the stored refresh token
   * @param state.worked whether the grant of that name has brought a token before
   */
  readonly grants?: (state: {
    refreshToken: string | undefined;
    worked: (grant: string) => boolean;
  }) => readonly Grant[];
  /**
   * The token request for an authorization code. A provider with the authorization code flow needs
   * it.
   * @param body `grant_type`, `code`, and where they apply `redirect_uri` (RFC 6749 4.1.3) and
   *   `code_verifier` (RFC 7636 4.5). The client adds these values to the request's `secrets`.
   */
  readonly exchange?: (
    body: Readonly<Record<string, string>>,
    reveal: Reveal,
  ) => Promise<TokenRequest>;
}

/** How a vendor's authorization code flow differs from RFC 6749 and RFC 7636. */
export interface AuthorizationFlow {
  /**
   * Whether the vendor takes PKCE with S256 (RFC 7636).
   * @defaultValue true
   */
  readonly pkce?: boolean;
  /**
   * Text between two scopes.
   * @defaultValue a space (RFC 6749 3.3)
   */
  readonly scopeSeparator?: string;
  /** Parameters of every authorization URL, such as `{ access_type: "offline" }`. */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * The person's id in a new token, as the name to store the token under. At most 256 characters.
   * @defaultValue a random UUID
   */
  readonly subjectOf?: (token: Token) => string | undefined;
}

/**
 * A vendor's API: data and pure functions.
 * @typeParam Paths `paths` of the types that openapi-typescript generates
 * @typeParam Options the provider's own options. `createClient` adds those that every client takes.
 */
export interface Provider<Paths extends object, Options extends object> {
  /** Lower case. A part of store keys, events and errors. */
  readonly name: string;
  readonly meta: ProviderMeta;
  /** Name of the security scheme that carries the token. */
  readonly tokenScheme: string;
  /**
   * Names of the provider's own options. The client refuses options with other names. Absent: the
   * client accepts every name.
   */
  readonly options?: readonly string[];
  /**
   * Checks the options.
   * @throws ConfigurationError naming the option
   */
  readonly connect: (options: Options & CommonUrls) => Connection;
  /** @throws ContractError naming the JSON pointer of the member that breaks the contract */
  readonly parseToken: (answer: TokenAnswer) => ParsedToken;
  /**
   * Reads an error response. It may throw: the error then has no vendor message.
   * @param body parsed JSON; undefined where the body is not JSON
   */
  readonly readProblem: (body: unknown, headers: Headers) => Problem;
  /**
   * Whether the body of a response with a 2xx status reports a failure all the same. `readProblem`
   * then reads that body. Absent: no such response reports a failure.
   */
  readonly isFailure?: (body: unknown) => boolean;
  /**
   * Whether a response other than 401 also means that the token has to be renewed (rule T-21).
   * Absent: none does.
   * @param ended whether the token has expired by at least one of two clocks: by the local clock
   *   and `expiresAt`, or by the server's clock and `ParsedToken.expires`. The server's clock
   *   counts only for a token that this process fetched.
   */
  readonly refusesToken?: (status: number, ended: boolean) => boolean;
  /** Only for providers with the authorization code flow. */
  readonly authorization?: AuthorizationFlow;
  /** Never set. It carries the type. */
  readonly paths?: Paths;
}

/** The options for addresses that every client takes. */
export interface CommonUrls {
  /**
   * URL of the API, with or without a slash at its end.
   * @defaultValue the first server of the vendor's document
   */
  readonly baseUrl?: string;
  /**
   * URL of the token endpoint. Required with `baseUrl` where the vendor's token endpoint has
   * another origin than its API.
   * @defaultValue the server and path that the vendor's document gives the token operation
   */
  readonly tokenUrl?: string;
  /**
   * Name of a host, with or without port, to which `http://` is allowed. Loopback hosts always are
   * (rule S-01).
   */
  readonly allowHttpHost?: string;
}
