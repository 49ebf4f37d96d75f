/**
 * What a provider is to the core. A provider is data and pure functions; it does no I/O (see
 * CONTRIBUTING.md).
 */
import type { Reveal, Secret } from "./secret.ts";
import type { Moment, ParsedToken } from "./token.ts";

/**
 * What the wrapper needs of a spec at run time. Generated into `generated/<provider>.meta.ts`,
 * never written by hand.
 */
export interface ProviderMeta {
  readonly servers: readonly {
    readonly url: string;
    /** Default of each server variable. */
    readonly variables?: Readonly<Record<string, string>>;
    /** The authorization page that goes with this server (`x-authorization-url`). */
    readonly authorizationUrl?: string;
  }[];
  /** Security schemes by name: the header each travels in, and what stands before the value. */
  readonly schemes: Readonly<Record<string, { readonly header: string; readonly prefix?: string }>>;
  /** Schemes of an operation that is not listed. */
  readonly security: readonly string[];
  /** By `METHOD /path/{template}`. */
  readonly operations: Readonly<Record<string, OperationMeta>>;
}

export interface OperationMeta {
  readonly id: string;
  /** Names of the security schemes that the operation takes; none: it is public. */
  readonly security: readonly string[];
  /** Media type of the request body. */
  readonly request?: string;
  /** Media type of the answer to a success. */
  readonly response?: string;
}

/** A request to a token endpoint, before it is encoded. */
export interface TokenRequest {
  /**
   * Key of `meta.operations`, which also decides how the body is encoded and which API keys go
   * along.
   */
  readonly operation: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, string>>;
  /** Every secret value in it, so that none of them survives in an error (rule S-03). */
  readonly secrets: readonly string[];
}

/** One way to a token. */
export interface Grant {
  /** Unique among the provider's grants; `worked` is asked with it. */
  readonly name: string;
  /**
   * RFC 6749's `grant_type`, or `password` where the vendor has a login of its own. It decides what
   * may be sent twice.
   */
  readonly grantType: "authorization_code" | "client_credentials" | "password" | "refresh_token";
  /**
   * @param reveal gives the value of one of the connection's `credentials`, by its name: the same
   *   one throughout a renewal
   */
  readonly request: (reveal: Reveal) => Promise<TokenRequest>;
  /**
   * Whether this refusal means that the next grant in the list is worth a try. Never, when absent.
   */
  readonly proceeds?: (status: number, problem: Problem) => boolean;
}

/**
 * What a provider could read of an error body. `message` and `code` are the fields that the
 * contract names, no more.
 */
export interface Problem {
  readonly message?: string | undefined;
  readonly code?: string | undefined;
  /** Seconds, from the body. The header Retry-After goes first. */
  readonly retryAfter?: number | undefined;
  /** Where the vendor's validation found fault. */
  readonly locations?: readonly (readonly unknown[])[] | undefined;
}

/** A token answer as a parser sees it. */
export interface TokenAnswer extends Moment {
  readonly body: Readonly<Record<string, unknown>>;
}

/** One credential at one provider: what `connect` makes of the options. */
export interface Connection {
  readonly baseUrl: string;
  /**
   * Client id or user name, then the subject if there is one: parts of the store key, nothing
   * secret (rule T-07).
   */
  readonly identity: readonly string[];
  /** The option that the first part of `identity` comes from, for errors that speak of it. */
  readonly identityOption?: string;
  /**
   * The secrets that last, to which a stored token is bound (rule T-07), by the names of the
   * options: a password, a client secret. Not API keys, codes, refresh tokens or assertions that
   * are made anew. `{}` for a public client. Needed with `grants`, where a client is given a store.
   */
  readonly credentials?: Readonly<Record<string, Secret>>;
  /** By the name of the security scheme in the spec. */
  readonly apiKeys?: Readonly<Record<string, Secret>>;
  /** A token made by hand, which cannot be renewed. Instead of `grants`. */
  readonly staticToken?: Secret;
  /** `METHOD /path` of the token operation: part of the store key. */
  readonly tokenOperation: string;
  /**
   * The ways to a token, best first, given the refresh token that is stored and which grants have
   * worked before. None: a person has to give consent.
   */
  readonly grants?: (state: {
    refreshToken: string | undefined;
    worked: (grant: string) => boolean;
  }) => readonly Grant[];
}

/**
 * @typeParam Paths `paths` of the generated types
 * @typeParam Options the provider's own options; those every client takes are added by
 *   `createClient`
 */
export interface Provider<Paths extends object, Options extends object> {
  /** Lower case; part of the store key, of events and of errors. */
  readonly name: string;
  readonly meta: ProviderMeta;
  /** Name of the security scheme that carries the token. */
  readonly tokenScheme: string;
  /**
   * Names of the provider's own options. Any other than these and those of every client is refused;
   * without it none is.
   */
  readonly options?: readonly string[];
  /** Checks the options. @throws ConfigurationError naming the option */
  readonly connect: (options: Options & CommonUrls) => Connection;
  /** @throws ContractError naming the JSON pointer */
  readonly parseToken: (answer: TokenAnswer) => ParsedToken;
  /** `body` is parsed JSON, undefined where the body was none. */
  readonly readProblem: (body: unknown) => Problem;
  /**
   * Whether the body of an answer of success says that the call failed. Never, when absent.
   * `readProblem` then reads it.
   */
  readonly isFailure?: (body: unknown) => boolean;
  /**
   * Whether an answer other than 401 also means that the token has to be renewed (rule T-21).
   * `ended`: the token is past its end, by `expiresAt` on the local clock or, for a token that this
   * process fetched, by the parser's `expires` on the server's.
   */
  readonly refusesToken?: (status: number, ended: boolean) => boolean;
  /** Never set: it carries the type. */
  readonly paths?: Paths;
}

/** The options on addresses that every provider's `connect` understands. */
export interface CommonUrls {
  /** Instead of the provider's own address. With or without a slash at the end. */
  readonly baseUrl?: string;
  /**
   * Name of a host, with or without port, to which http:// is allowed. Loopback hosts always are
   * (rule S-01).
   */
  readonly allowHttpHost?: string;
}
