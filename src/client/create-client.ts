/** `createClient`: a client of any provider. The only file that knows openapi-fetch. */
import createFetchClient, { type Client } from "openapi-fetch";
import type { AnyCorrigendaError } from "../errors.ts";
import { createSend } from "../http/auth-fetch.ts";
import { addOptions } from "../http/known-secrets.ts";
import type { Connection, Provider } from "../provider.ts";
import type { TokenSource } from "../token-source.ts";
import { createCalls, type RequestFunction } from "./calls.ts";
import { requireSchemes, requireTokenRequests } from "./check-provider.ts";
import { connect } from "./connect.ts";
import { createTokenSource } from "./create-token-source.ts";
import { createRuntime, type CommonOptions, type Runtime } from "./options.ts";
import { createPlainFetch } from "./plain-fetch.ts";
import { createStaticTokenSource } from "./static-token.ts";
import { createToError } from "./to-error.ts";

/**
 * An openapi-fetch client of the provider's paths, which puts the token on every request. `auth`
 * gives the token itself.
 */
export type ApiClient<
  Paths extends object,
  Auth extends TokenSource = TokenSource,
> = Client<Paths> & {
  /** The client's token. */
  readonly auth: Auth;
  /**
   * A `fetch` that puts the credentials on, for plain requests or another generated client. It
   * takes a path that begins with a slash, or a whole URL below the base URL. It refuses any other
   * URL, and a path with `..`.
   * @throws CorrigendaError; the signal's reason when it aborts
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * A typed error from a result without data. It reads every error shape of the vendor. Its `kind`
   * is `credentials`, `permission`, `rate_limited`, `server` or `rejected`, or `contract` for a
   * success response that is empty.
   *
   * Test `data`: neither `response.ok` nor `error` alone shows every failure. Some vendors report a
   * failure with status 200, so that `response.ok` is true, and a refusal may have no body, so that
   * `error` is empty. Where a success has no body (204), test
   * `result.error !== undefined || !result.response.ok`.
   * @throws ConfigurationError if the result holds data
   * @example
   * const result = await client.GET("/me");
   * if (result.data === undefined) throw client.toError(result);
   */
  readonly toError: (result: {
    readonly data?: unknown;
    readonly error?: unknown;
    readonly response: Response;
  }) => AnyCorrigendaError;
};

/**
 * Makes a client of a provider, such as one of your own (see docs/providers.md).
 * @throws ConfigurationError naming the option that is missing or not usable
 * @example
 * const acme = createClient(acmeProvider, { clientId, clientSecret });
 * const { data } = await acme.GET("/orders/{id}", { params: { path: { id: "1" } } });
 */
export function createClient<Paths extends object, Options extends object>(
  provider: Provider<Paths, Options>,
  options: Options & CommonOptions,
): ApiClient<Paths> {
  return createUncheckedClient(provider, options, (connection, { binds }) => {
    if (connection.staticToken === undefined) requireTokenRequests(provider, connection, binds);
    requireSchemes(provider);
  });
}

/**
 * Makes a client of a provider of this package, which is known to be right.
 * @param check checks any other provider. @throws ConfigurationError
 */
export function createUncheckedClient<Paths extends object, Options extends object>(
  provider: Provider<Paths, Options>,
  options: Options & CommonOptions,
  check?: (connection: Connection, runtime: Runtime) => void,
): ApiClient<Paths> {
  const runtime = createRuntime(options, provider.options);
  const connection = connect(provider, options);
  check?.(connection, runtime);
  const source =
    connection.staticToken === undefined
      ? createTokenSource(provider, connection, runtime)
      : createStaticTokenSource(provider.name, connection.staticToken, runtime);
  const { getToken, explain, reset, close } = source;
  return openClient(provider, connection, runtime, { getToken, explain, reset, close });
}

/** Makes a client on a token source that exists already. */
export function openClient<Paths extends object, Auth extends TokenSource>(
  provider: Provider<Paths, never>,
  connection: Connection,
  runtime: Runtime,
  auth: Auth,
): ApiClient<Paths, Auth> {
  const { name } = provider;
  const { baseUrl } = connection;
  addOptions(runtime.secrets, connection);
  const send = createSend({ provider, connection, source: auth, ...runtime });
  const client = createFetchClient<Paths>({ baseUrl, fetch: send });
  const request = client.request as unknown as RequestFunction;
  const calls = createCalls({ provider, baseUrl, send, request }) as Partial<Client<Paths>>;
  return Object.assign(client, calls, {
    auth,
    fetch: createPlainFetch({ provider: name, baseUrl, send }),
    toError: createToError({ ...runtime, provider }),
  });
}
