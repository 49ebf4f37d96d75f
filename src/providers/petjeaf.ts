/** Petje.af: OAuth 2.0 authorization code and refresh token, one session a person. Errata PJ-*. */
import type { paths } from "../../generated/petjeaf.ts";
import { meta } from "../../generated/petjeaf.meta.ts";
import {
  buildAuthorizationUrl,
  createState,
  exchangeCode,
  readCallback,
  requireRedirectUri,
  type AuthorizationUrlOptions,
  type Callback,
} from "../http/authorization-code.ts";
import { bindingKeyOf, type BindingKey } from "../tokens/binding.ts";
import { decodeClaims } from "../parts/jwt-claims.ts";
import { withCheck } from "../client/checked-clock.ts";
import { openClient, type ApiClient } from "../client/create-client.ts";
import { close as closeAll, requireWithin } from "../client/closing.ts";
import { ClosedError, ConfigurationError } from "../errors.ts";
import { addOptions } from "../http/known-secrets.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import { requireObject, requireSecret, requireText, requireUrl } from "../parts/check-options.ts";
import { createPool } from "../client/pool.ts";
import { firstText, isRecord } from "../parts/parse-error.ts";
import type { Problem, Provider } from "../provider.ts";
import { createRuntime, type CommonOptions } from "../client/options.ts";
import { type Reveal, type Secret } from "../secret.ts";
import { createReveal } from "../http/reveal-secret.ts";
import { expiryAfter, parseInteger } from "../token.ts";
import {
  assemble,
  isString,
  readBearer,
  readOptional,
  readToken,
  VSCHAR,
} from "../parts/parse-token.ts";
import type { CloseOptions, TokenSource } from "../token-source.ts";
import { createTokenSource } from "../client/create-token-source.ts";
import { revoke, type RevokeOptions } from "./petjeaf-revocation.ts";

export type { paths as PetjeafPaths, RevokeOptions };

export interface PetjeafOptions {
  readonly clientId: string;
  readonly clientSecret: Secret;
}

export type PetjeafScope = "profile.read" | "memberships.read" | "pages.read" | (string & {});

/** Unverified; see `auth.claims`. */
export interface PetjeafClaims {
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
}

export interface PetjeafAuth extends TokenSource {
  /**
   * Name, e-mail and id out of the access token. Nothing is verified: for display, not for
   * decisions; `GET /users/me` is for those.
   */
  claims(): Promise<PetjeafClaims>;
  /**
   * Revokes the access token at the vendor and forgets the session here. The call is undocumented:
   * only a 2xx, or a token that is dead (a 401, also after a renewal, or no renewal), counts as
   * revoked. With anything else, such as a 404, the session is kept and the error says what is
   * known; so is a vendor that does not answer within `timeouts.total`. The session ends wherever
   * its record is used: on every device of the person, and in every process on the store.
   * @param options.forget forgets the session here all the same, and resolves: the event
   *   `revocation_failed` tells what the vendor said
   * @throws CorrigendaError; StoreError if the session could not be forgotten
   */
  revoke(options?: RevokeOptions): Promise<void>;
}

/**
 * A typed client on one person's token. `key` is the name that it is stored under, and no secret:
 * keep it in your own login session, and see `session`.
 */
export type PetjeafSession = ApiClient<paths, PetjeafAuth> & { readonly key: string };

export interface PetjeafClient {
  /**
   * The page to send the person to. Keep `state` with their browser session: `exchange` wants it
   * back.
   */
  authorizationUrl(
    options: Omit<AuthorizationUrlOptions, "scope"> & {
      readonly scope: PetjeafScope | readonly PetjeafScope[];
    },
  ): { readonly url: string; readonly state: string };
  /**
   * Checks the callback, exchanges its code and stores the person's token.
   * @param options.state what `authorizationUrl` gave
   * @param options.redirectUri what `authorizationUrl` was given, if it was
   * @param options.key name to store the token under; by default the user id in the access token,
   *   or a generated one if there is none that can be used
   * @throws CallbackError before anything is sent; CredentialsError if the vendor refuses the code
   */
  exchange(
    callbackUrlOrQuery: Callback,
    options: { readonly state: string; readonly redirectUri?: string; readonly key?: string },
  ): Promise<PetjeafSession>;
  /**
   * The session of an earlier `exchange`. Nothing is read or sent until it is used.
   * @param key names the person, and proves nothing: what it is given acts as that person. Take it
   *   from your own login session, never from
   *   the request, where anybody may write another person's
   */
  session(key: string): PetjeafSession;
  /**
   * Ends the client and all its sessions. Waits for the token requests, the consents and the saves
   * of all of them, as `auth.close()` does.
   * @throws StoreError if the newest token of one of them could not be saved, or, with the code
   *   `gave_up`, if that is not known by then
   */
  close(options?: CloseOptions): Promise<void>;
}

type ClientOptions = PetjeafOptions & {
  /** The authorization page; by default the one that goes with `baseUrl`. */
  readonly authorizeUrl?: string;
};
type ExchangeOptions = Parameters<PetjeafClient["exchange"]>[1];

const CLIENT_OPTIONS = namesOf<ClientOptions>({
  clientId: true,
  clientSecret: true,
  authorizeUrl: true,
});
const EXCHANGE_OPTIONS = namesOf<ExchangeOptions>({ state: true, redirectUri: true, key: true });

/** Characters of a user id; the vendor's have 28. */
const LONGEST_ID = 256;
const TOKENS = "POST /oauth2/tokens";

export const petjeaf: Provider<paths, PetjeafOptions & { readonly key: string }> = {
  name: "petjeaf",
  meta,
  tokenScheme: "oauth2",
  options: [...CLIENT_OPTIONS, "key"],

  connect({ baseUrl, allowHttpHost, clientId, clientSecret, key }) {
    const id = requireText(clientId, "clientId");
    const secret = requireSecret(clientSecret, "clientSecret");
    return {
      baseUrl: requireUrl(baseUrl ?? meta.servers[0]?.url, "baseUrl", allowHttpHost),
      identity: [id, requireText(key, "key")],
      identityOption: "clientId",
      tokenOperation: TOKENS,
      credentials: { clientSecret: secret },
      grants: ({ refreshToken }) =>
        refreshToken === undefined
          ? []
          : [
              {
                name: "refresh_token",
                grantType: "refresh_token",
                request: (reveal) =>
                  tokenRequest(id, reveal, {
                    grant_type: "refresh_token",
                    refresh_token: refreshToken,
                  }),
              },
            ],
    };
  },

  parseToken({ body, ...moment }) {
    const bearer = readBearer(body);
    const refreshToken =
      body["refresh_token"] === undefined ? undefined : readToken(body, "refresh_token", VSCHAR);
    const scope = readOptional(body, "scope", isString, "a string");
    const lifetime = parseInteger(body["expires_in"]);
    return assemble(
      {
        ...bearer,
        ...(refreshToken === undefined ? {} : { refreshToken }),
        ...(scope === undefined ? {} : { scope: scope.split(/\s+/).filter(Boolean) }),
      },
      moment,
      {
        at: lifetime === undefined ? undefined : expiryAfter(lifetime, moment),
        pointer: "/expires_in",
      },
    );
  },

  readProblem(body): Problem {
    if (!isRecord(body)) return {};
    const message = firstText(body["detail"], body["message"], body["error_description"]);
    // The vendor's problem documents have no code; a dead grant says so in its `detail` (rule
    // T-17).
    return {
      message,
      code:
        firstText(body["error"]) ??
        (/^invalid[ _]grant\b/i.test(message ?? "") ? "invalid_grant" : undefined),
    };
  },
};

/** @throws ConfigurationError */
export function createPetjeafClient(options: ClientOptions & CommonOptions): PetjeafClient {
  const runtime = createRuntime(options, CLIENT_OPTIONS);
  const connect = (key: string) => petjeaf.connect({ ...options, key });
  const connection = connect("-");
  const { baseUrl } = connection;
  addOptions(runtime.secrets, connection);
  const page =
    options.authorizeUrl === undefined
      ? meta.servers.find(({ url }) => url === baseUrl)?.authorizationUrl
      : requireUrl(options.authorizeUrl, "authorizeUrl", options.allowHttpHost);
  const sources = createPool((key) => createTokenSource(petjeaf, connect(key), runtime));

  const exchanges = new Set<Promise<unknown>>();
  let closed = false;
  let ending: Promise<void> | undefined;

  async function end(): Promise<void> {
    closed = true; // First, lest a code be sent whose token nobody could take.
    await Promise.allSettled(exchanges);
    const ends = await Promise.allSettled(sources.values().map((source) => source.finish()));
    for (const one of ends) if (one.status === "rejected") throw one.reason;
  }

  const open = (key: string): PetjeafSession => {
    const source = sources.get(requireText(key, "key"));
    const { getToken, explain } = withCheck(source, runtime);
    const { reset } = source;
    const close = async (options?: CloseOptions): Promise<void> => {
      requireWithin(options);
      // This session ends. Another one of the key can be opened, once no request of this one is
      // under way, whoever still waits for that.
      const drop = (): void => sources.drop(key, source);
      source.finish().then(drop, drop);
      await source.close(options);
    };
    const claims = async (): Promise<PetjeafClaims> => readClaims((await getToken()).accessToken);
    const client = openClient(petjeaf, connect(key), runtime, {
      getToken,
      explain,
      reset,
      close,
      claims,
      revoke: (options?: RevokeOptions) => revoke({ client, source, ...runtime }, options),
    });
    return Object.assign(client, { key });
  };

  const exchangeCallback: PetjeafClient["exchange"] = async (callback, given) => {
    requireObject(given, "options");
    requireKnown(given, EXCHANGE_OPTIONS);
    const { state, redirectUri, key } = given;
    if (closed)
      throw new ClosedError({ provider: petjeaf.name, message: "petjeaf: the client was closed." });
    if (key !== undefined) requireText(key, "key");
    if (redirectUri !== undefined) requireRedirectUri(redirectUri);
    runtime.checkClock();
    const code = readCallback(petjeaf.name, callback, state, runtime.secrets);
    const grant = {
      grant_type: "authorization_code",
      code,
      ...(redirectUri === undefined ? {} : { redirect_uri: redirectUri }),
    };
    let bindingKey: BindingKey | undefined;
    const request = async (reveal: Reveal) => {
      // Before the code is spent: whatever fails afterwards would cost the token.
      if (runtime.binds) bindingKey = await bindingKeyOf(petjeaf.name, connection, reveal);
      return tokenRequest(options.clientId, reveal, grant);
    };
    const token = await exchangeCode(
      { request },
      createReveal(connection.credentials, runtime.secrets.addCredentials),
      {
        provider: petjeaf,
        connection,
        fetch: runtime.fetch,
        now: runtime.now,
        monotonic: runtime.scheduler.monotonic,
        serverClock: runtime.serverClock,
        secrets: runtime.secrets,
      },
      runtime,
    );
    // The token came from the vendor over TLS just now, so its id is as good as an answer's. A
    // generated key loses nothing.
    const granted = open(key ?? readClaims(token.accessToken).id ?? crypto.randomUUID());
    await sources.get(granted.key).adopt(token, "authorization_code", bindingKey);
    return granted;
  };

  return {
    authorizationUrl(parameters) {
      if (page === undefined) {
        throw new ConfigurationError({
          option: "authorizeUrl",
          message:
            "Option `authorizeUrl` is missing: with a `baseUrl` that is not the vendor's, the authorization page has to be named too.",
        });
      }
      const state = createState();
      return { url: buildAuthorizationUrl(page, options.clientId, state, parameters), state };
    },
    exchange(callback, options) {
      const exchange = exchangeCallback(callback, options);
      exchanges.add(exchange);
      return exchange.finally(() => exchanges.delete(exchange));
    },
    session(key) {
      if (closed)
        throw new ClosedError({
          provider: petjeaf.name,
          message: "petjeaf: the client was closed.",
        });
      return open(key);
    },
    close: (options) =>
      closeAll(options, {
        provider: petjeaf.name,
        scheduler: runtime.scheduler,
        finish: () => (ending ??= end()),
        pending: () => exchanges.size > 0 || sources.values().some(({ pending }) => pending),
      }),
  };
}

async function tokenRequest(
  clientId: string,
  reveal: Reveal,
  grant: Readonly<Record<string, string>>,
) {
  const secret = await reveal("clientSecret");
  const secrets = [secret, grant["code"], grant["refresh_token"]].filter(
    (value) => value !== undefined,
  );
  return {
    operation: TOKENS,
    secrets,
    body: { ...grant, client_id: clientId, client_secret: secret },
  };
}

/** `sub` is where JWTs usually hold the id (RFC 7519 4.1.2); the vendor's page says `id`. */
function readClaims(accessToken: string): PetjeafClaims {
  const claims = decodeClaims(accessToken);
  const { name, email } = claims;
  const id = [claims["id"], claims["sub"]].find(isId);
  return {
    ...(id === undefined ? {} : { id }),
    ...(isString(name) ? { name } : {}),
    ...(isString(email) ? { email } : {}),
  };
}

/**
 * Whether a claim can be the name of a stored token: the code is spent by then, so a claim that
 * cannot must be no failure.
 */
const isId = (value: unknown): value is string =>
  isString(value) && value.trim() !== "" && value.isWellFormed() && value.length <= LONGEST_ID;
