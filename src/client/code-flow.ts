/**
 * The authorization code flow of a client: the authorization URL, the exchange of a code, and the
 * sessions that come of it.
 */
import { ConfigurationError } from "../errors.ts";
import { readCallback, type Callback } from "../http/authorization-callback.ts";
import { exchangeCode } from "../http/authorization-code.ts";
import {
  buildAuthorizationUrl,
  requireRedirectUri,
  type AuthorizationUrlOptions,
} from "../http/authorization-url.ts";
import { addOptions } from "../http/known-secrets.ts";
import { createReveal } from "../http/reveal-secret.ts";
import { refuseOption, requireObject, requireText, requireUrl } from "../parts/check-options.ts";
import { requireKnown } from "../parts/option-names.ts";
import type { Connection, Provider, TokenRequest } from "../provider.ts";
import type { Reveal } from "../secret.ts";
import type { Token } from "../token.ts";
import { bindingKeyOf, type BindingKey } from "../tokens/binding.ts";
import { connect, serverOf } from "./connect.ts";
import { createTokenEndpoint } from "./create-token-source.ts";
import { createRuntime, type Runtime, type CommonOptions } from "./options.ts";
import { Sessions, type SessionParts } from "./sessions.ts";

/** The option that a client with the authorization code flow takes besides. */
export interface AuthorizationPageOptions {
  /**
   * URL of the authorization page.
   * @defaultValue the page that the vendor's document has for `baseUrl`
   */
  readonly authorizeUrl?: string;
}

/** What `exchange` needs besides the callback. */
export interface ExchangeOptions {
  /** The `state` that `authorizationUrl` gave, from the person's browser session. */
  readonly state: string;
  /** The `codeVerifier` that `authorizationUrl` gave, if it gave one. */
  readonly codeVerifier?: string | undefined;
  /** The `redirectUri` that `authorizationUrl` was given, if it was given one. */
  readonly redirectUri?: string | undefined;
  /**
   * The name to store the token under.
   * @defaultValue the person's id in the token, if the provider can read one, or else a random UUID
   */
  readonly key?: string | undefined;
}

/** The most characters of an id in a token that is taken as a key. */
const LONGEST_KEY = 256;

/** Whether a value from a token can be the key of a session. */
export const isSessionKey = (value: unknown): value is string =>
  typeof value === "string" &&
  value.trim() !== "" &&
  value.isWellFormed() &&
  value.length <= LONGEST_KEY;

interface Settings<Session> {
  readonly provider: Provider<object, never>;
  readonly options: CommonOptions & AuthorizationPageOptions;
  /** Makes the client of a person. */
  readonly open: (parts: SessionParts, runtime: Runtime) => Session;
}

/** The authorization code flow of one client. */
export class CodeFlow<Session> {
  readonly #provider: Provider<object, never>;
  readonly #runtime: Runtime;
  /** The client's own connection. Its key belongs to no person. */
  readonly #connection: Connection;
  readonly #page: string | undefined;
  readonly sessions: Sessions<Session>;

  /** @throws ConfigurationError */
  constructor({ provider, options, open }: Settings<Session>) {
    const own = provider.options && new Set([...provider.options, "authorizeUrl"]);
    own?.delete("key");
    const runtime = createRuntime(options, own && [...own]);
    const connectKey = (key: string): Connection =>
      connect(provider as Provider<object, { readonly key: string }>, { ...options, key });
    this.#provider = provider;
    this.#runtime = runtime;
    this.#connection = connectKey("-");
    addOptions(runtime.secrets, this.#connection);
    this.#page =
      options.authorizeUrl === undefined
        ? serverOf(provider.meta, this.#connection.baseUrl)?.authorizationUrl
        : requireUrl(options.authorizeUrl, "authorizeUrl", options.allowHttpHost);
    this.sessions = new Sessions({
      provider,
      runtime,
      connect: connectKey,
      open: (parts) => open(parts, runtime),
    });
  }

  get #usesPkce(): boolean {
    return this.#provider.authorization?.pkce !== false;
  }

  /** @throws ConfigurationError */
  urlFor(
    state: string,
    codeChallenge: string | undefined,
    options: AuthorizationUrlOptions,
  ): string {
    if (this.#page === undefined)
      refuseOption(
        "authorizeUrl",
        "is missing. The vendor's document has no authorization page for this `baseUrl`, so the client needs its URL.",
      );
    const { authorization: flow } = this.#provider;
    const [clientId = ""] = this.#connection.identity;
    return buildAuthorizationUrl(
      { page: this.#page, clientId, state, codeChallenge, flow },
      options,
    );
  }

  /**
   * Checks a callback, exchanges its code and stores the token.
   * @throws CallbackError before anything is sent; CredentialsError if the vendor refuses the code
   */
  exchange(callback: Callback, options: ExchangeOptions): Promise<Session> {
    return this.sessions.track(this.#exchange(callback, options));
  }

  async #exchange(callback: Callback, options: ExchangeOptions): Promise<Session> {
    requireObject(options, "options");
    const pkce = this.#usesPkce;
    requireKnown(options, ["state", ...(pkce ? ["codeVerifier"] : []), "redirectUri", "key"]);
    this.sessions.requireOpen();
    const { state, codeVerifier, redirectUri, key } = options;
    if (key !== undefined) requireText(key, "key");
    if (redirectUri !== undefined) requireRedirectUri(redirectUri);
    if (pkce) requireText(codeVerifier, "codeVerifier");
    this.#runtime.checkClock();
    const { name } = this.#provider;
    const secrets = [...this.#runtime.secrets, codeVerifier ?? ""].filter(Boolean);
    const code = readCallback(name, callback, state, secrets);
    const { token, bindingKey } = await this.#fetchToken({
      grant_type: "authorization_code",
      code,
      ...(redirectUri === undefined ? {} : { redirect_uri: redirectUri }),
      ...(codeVerifier === undefined ? {} : { code_verifier: codeVerifier }),
    });
    const granted = key ?? this.#subjectOf(token) ?? crypto.randomUUID();
    const session = this.sessions.open(granted);
    await this.sessions.adopt(granted, token, bindingKey);
    return session;
  }

  async #fetchToken(
    body: Readonly<Record<string, string>>,
  ): Promise<{ token: Token; bindingKey: BindingKey | undefined }> {
    const [provider, connection, runtime] = [this.#provider, this.#connection, this.#runtime];
    const { name } = provider;
    const { exchange } = connection;
    if (exchange === undefined)
      throw new ConfigurationError({
        provider: name,
        option: "exchange",
        message: `${name}: the provider's \`connect\` gives no \`exchange\`, which makes the token request for a code. Add it to what \`connect\` returns.`,
      });
    let bindingKey: BindingKey | undefined;
    const request = async (reveal: Reveal): Promise<TokenRequest> => {
      // Derived before the code is used up, since a failure afterwards would lose the token.
      if (runtime.binds) bindingKey = await bindingKeyOf(name, connection, reveal);
      const made = await exchange(body, reveal);
      const { code, code_verifier: verifier } = body;
      return {
        ...made,
        secrets: [...made.secrets, code, verifier].filter((one) => one !== undefined),
      };
    };
    const token = await exchangeCode(
      { request },
      createReveal(connection.credentials, runtime.secrets.addCredentials),
      createTokenEndpoint(provider, connection, runtime),
      runtime,
    );
    return { token, bindingKey };
  }

  /**
   * The person's id in the token; undefined if it cannot be a key. Never throws: the code is used
   * up by now, and the exchange must not fail because of the id.
   */
  #subjectOf(token: Token): string | undefined {
    try {
      const subject = this.#provider.authorization?.subjectOf?.(token);
      return isSessionKey(subject) ? subject : undefined;
    } catch {
      return undefined;
    }
  }
}
