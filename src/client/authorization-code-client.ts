/** `createAuthorizationCodeClient`: a client that holds a token for each person. */
import type { Callback } from "../http/authorization-callback.ts";
import {
  codeChallengeOf,
  createCodeVerifier,
  createState,
  type AuthorizationUrlOptions,
} from "../http/authorization-url.ts";
import { requireObject } from "../parts/check-options.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import type { Provider } from "../provider.ts";
import type { CloseOptions, TokenSource } from "../token-source.ts";
import { requireSchemes } from "./check-provider.ts";
import { CodeFlow, type AuthorizationPageOptions, type ExchangeOptions } from "./code-flow.ts";
import { openClient, type ApiClient } from "./create-client.ts";
import type { CommonOptions } from "./options.ts";

export type { AuthorizationPageOptions, AuthorizationUrlOptions, Callback, ExchangeOptions };

/** The token of one person. */
export interface SessionAuth extends TokenSource {
  /**
   * Forgets the person's token, in memory and in the store. The vendor is not told.
   * @throws StoreError
   */
  forget(): Promise<void>;
}

/** A typed client that acts for one person. */
export type Session<Paths extends object> = ApiClient<Paths, SessionAuth> & {
  /**
   * The name that the person's token is stored under. It is no secret. Keep it in your own login
   * session, and see `AuthorizationCodeClient.session`.
   */
  readonly key: string;
};

/** An authorization URL, and what the exchange needs later. */
export interface AuthorizationRequest {
  /** Where to send the person. */
  readonly url: string;
  /** Keep it in the person's browser session. `exchange` compares it with the callback's. */
  readonly state: string;
  /**
   * Keep it in the person's browser session, and show it to nobody. `exchange` sends it (RFC 7636).
   * Absent if the vendor does not take PKCE.
   */
  readonly codeVerifier?: string;
}

/** A client that holds a token for each person. */
export interface AuthorizationCodeClient<Paths extends object> {
  /**
   * The page to send a person to.
   * @throws ConfigurationError naming the option that is not usable
   */
  authorizationUrl(options?: AuthorizationUrlOptions): Promise<AuthorizationRequest>;
  /**
   * Checks the callback, exchanges its code and stores the person's token.
   * @param callback the URL that was called, its query, or the query as a web framework parsed it
   * @throws CallbackError before anything is sent; CredentialsError if the vendor refuses the code
   */
  exchange(callback: Callback, options: ExchangeOptions): Promise<Session<Paths>>;
  /**
   * The session of an earlier `exchange`. Nothing is read or sent until the session is used.
   * @param key names the person, and proves nothing: the session acts for that person. Take it from
   *   your own login session, never from the request, where anybody may write another person's key.
   * @throws ClosedError once the client was closed
   */
  session(key: string): Session<Paths>;
  /**
   * Closes the client and its sessions. Nothing is revoked, and stored tokens stay. Waits for token
   * requests, exchanges and saves of all sessions, as `TokenSource.close` does.
   * @throws StoreError if the newest token of a session could not be saved, or, with the code
   *   `gave_up`, if that is not known in time
   */
  close(options?: CloseOptions): Promise<void>;
}

const URL_OPTIONS = namesOf<AuthorizationUrlOptions>({
  scope: true,
  redirectUri: true,
  parameters: true,
});

/**
 * Makes a client that holds a token for each person, for a provider with the authorization code
 * flow (RFC 6749 4.1). The provider's `connect` takes the session's key as its option `key`, and
 * returns a connection with `exchange`.
 * @throws ConfigurationError naming the option that is missing or not usable
 * @example
 * const acme = createAuthorizationCodeClient(acmeProvider, { clientId, clientSecret, store });
 *
 * // On login: send the person to `url`, and keep the rest in the browser session.
 * const { url, ...pending } = await acme.authorizationUrl({ scope: ["profile"] });
 *
 * // On the callback: exchange the code, and keep `key` in the browser session.
 * const session = await acme.exchange(request.url, pending);
 * const { key } = session;
 *
 * // Later: the same person again.
 * const { data } = await acme.session(key).GET("/me");
 */
export function createAuthorizationCodeClient<
  Paths extends object,
  Options extends { readonly key: string },
>(
  provider: Provider<Paths, Options>,
  options: Omit<Options, "key"> & AuthorizationPageOptions & CommonOptions,
): AuthorizationCodeClient<Paths> {
  const flow = new CodeFlow<Session<Paths>>({
    provider: provider,
    options,
    open: ({ key, connection, source, auth }, runtime) => {
      requireSchemes(provider);
      const forgetting = { ...auth, forget: () => source.forget() };
      return Object.assign(openClient(provider, connection, runtime, forgetting), { key });
    },
  });
  return {
    async authorizationUrl(parameters = {}) {
      requireObject(parameters, "options");
      requireKnown(parameters, URL_OPTIONS);
      const state = createState();
      if (provider.authorization?.pkce === false)
        return { url: flow.urlFor(state, undefined, parameters), state };
      const codeVerifier = createCodeVerifier();
      const codeChallenge = await codeChallengeOf(codeVerifier);
      return { url: flow.urlFor(state, codeChallenge, parameters), state, codeVerifier };
    },
    exchange: (callback, given) => flow.exchange(callback, given),
    session(key) {
      flow.sessions.requireOpen();
      return flow.sessions.open(key);
    },
    close: (given) => flow.sessions.close(given),
  };
}
