/** `createPetjeafClient`: the authorization code flow, with claims and revocation. */
import type { paths } from "../../../generated/petjeaf.ts";
import { CodeFlow, type AuthorizationPageOptions } from "../../client/code-flow.ts";
import { openClient, type ApiClient } from "../../client/create-client.ts";
import type { CommonOptions } from "../../client/options.ts";
import type { Callback } from "../../http/authorization-callback.ts";
import { createState } from "../../http/authorization-url.ts";
import { requireObject, requireText } from "../../parts/check-options.ts";
import { requireKnown } from "../../parts/option-names.ts";
import type { CloseOptions, TokenSource } from "../../token-source.ts";
import { readClaims, type PetjeafClaims } from "./claims.ts";
import { petjeaf, type PetjeafOptions, type PetjeafScope } from "./provider.ts";
import { revoke, type RevokeOptions } from "./revocation.ts";

/** The token of one person. */
export interface PetjeafAuth extends TokenSource {
  /**
   * Name, e-mail and id from the access token. Nothing in it is verified. It is for display, not
   * for decisions: `GET /users/me` is for those.
   */
  claims(): Promise<PetjeafClaims>;
  /**
   * Revokes the access token at the vendor and forgets the session here. The vendor does not
   * document the call. Only a 2xx counts as revoked, or a token that is dead: the vendor still
   * answers 401 after a renewal, or the token needs a renewal and the person's consent is needed
   * for it. With any other answer, such as a 404, and with none within `timeouts.total`, the
   * session is kept, and the error says what is known. The session ends wherever its record is
   * used: on every device of the person, and in every process on the store.
   * @param options.forget forgets the session here in any case, and resolves. The event
   *   `revocation_failed` tells what the vendor said.
   * @throws CorrigendaError; StoreError if the session could not be forgotten
   */
  revoke(options?: RevokeOptions): Promise<void>;
}

/**
 * A typed client that acts for one person. `key` is the name that the person's token is stored
 * under. It is no secret. Keep it in your own login session, and see `PetjeafClient.session`.
 */
export type PetjeafSession = ApiClient<paths, PetjeafAuth> & { readonly key: string };

/** A client of the tokens of Petje.af's users. */
export interface PetjeafClient {
  /**
   * The page to send the person to. Keep `state` with the person's browser session: `exchange`
   * compares it with the callback's.
   * @throws ConfigurationError naming the option that is not usable
   */
  authorizationUrl(options: {
    /** Scopes, as a list or separated by spaces. */
    readonly scope: PetjeafScope | readonly PetjeafScope[];
    /**
     * The URL that the person returns to, as it is registered with the vendor. If it is given here,
     * `exchange` needs it too (RFC 6749 4.1.3).
     */
    readonly redirectUri?: string | undefined;
  }): { readonly url: string; readonly state: string };
  /**
   * Checks the callback, exchanges its code and stores the person's token.
   * @param callbackUrlOrQuery the URL that was called, its query, or the query as a web framework
   *   parsed it
   * @param options.state what `authorizationUrl` gave
   * @param options.redirectUri what `authorizationUrl` was given, if it was given one
   * @param options.key the name to store the token under; by default the user id in the access
   *   token, or a random UUID if the token has no usable id
   * @throws CallbackError before anything is sent; CredentialsError if the vendor refuses the code
   */
  exchange(
    callbackUrlOrQuery: Callback,
    options: { readonly state: string; readonly redirectUri?: string; readonly key?: string },
  ): Promise<PetjeafSession>;
  /**
   * The session of an earlier `exchange`. Nothing is read or sent until the session is used.
   * @param key names the person, and proves nothing: the session acts for that person. Take it from
   *   your own login session, never from the request, where anybody may write another person's key.
   * @throws ClosedError once the client was closed
   */
  session(key: string): PetjeafSession;
  /**
   * Ends the client and all its sessions. Waits for their token requests, exchanges and saves, as
   * `auth.close()` does.
   * @throws StoreError if a newest token could not be saved, or, with the code `gave_up`, if that
   *   is not known in time
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * A client of Petje.af (OAuth 2.0, RFC 6749 4.1).
 * @throws ConfigurationError naming the option that is missing or not usable
 * @example
 * const petjeaf = createPetjeafClient({ clientId, clientSecret, store });
 *
 * // On login: send the person to `url`, and keep `state` in the browser session.
 * const { url, state } = petjeaf.authorizationUrl({ scope: ["profile.read"] });
 *
 * // On the callback: exchange the code, and keep `key` in the browser session.
 * const { key } = await petjeaf.exchange(request.url, { state });
 *
 * // Later: the same person again.
 * const { data } = await petjeaf.session(key).GET("/users/me");
 */
export function createPetjeafClient(
  options: PetjeafOptions & AuthorizationPageOptions & CommonOptions,
): PetjeafClient {
  const flow = new CodeFlow<PetjeafSession>({
    provider: petjeaf,
    options,
    open({ key, connection, source, auth }, runtime) {
      const client = openClient(petjeaf, connection, runtime, {
        ...auth,
        claims: async () => readClaims((await auth.getToken()).accessToken),
        revoke: (given?: RevokeOptions) => revoke({ client, source, ...runtime }, given),
      });
      return Object.assign(client, { key });
    },
  });
  return {
    authorizationUrl(parameters) {
      requireObject(parameters, "options");
      requireKnown(parameters, ["scope", "redirectUri"]);
      const { scope } = parameters;
      requireText(Array.isArray(scope) ? scope.join("") : scope, "scope");
      const state = createState();
      return { url: flow.urlFor(state, undefined, parameters), state };
    },
    exchange: (callback, given) => flow.exchange(callback, given),
    session(key) {
      flow.sessions.requireOpen();
      return flow.sessions.open(key);
    },
    close: (given) => flow.sessions.close(given),
  };
}
