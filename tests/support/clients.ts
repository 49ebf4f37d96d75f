/**
 * The token request of every provider behind one interface, so that one test can run with all
 * providers.
 */
import {
  createApinizerClient,
  createGenLogsClient,
  createPetjeafClient,
  type CommonOptions,
} from "../../src/index.ts";

/** Canaries: obviously fake, and nowhere else in the code. */
export const SECRETS = {
  apiKey: "canary-api-key/1+2=3",
  password: "canary pass+word&%/1",
  clientSecret: "canary-client+secret/1",
  code: "canary-code+1/2",
  refreshToken: "canary-refresh+1/2",
};

export interface Case {
  readonly name: string;
  /** Makes one token request to the server at that URL. */
  readonly token: (url: string, options?: CommonOptions) => Promise<unknown>;
  /** The secrets that the request carries. */
  readonly holds: readonly string[];
  /** A good answer. */
  readonly body: Record<string, unknown>;
  /** The same with another token in it. */
  readonly withToken: (token: unknown) => unknown;
  readonly withExpiry: (expiry: unknown) => unknown;
  /** JSON pointer of the token. */
  readonly pointer: string;
}

const CALLBACK = {
  query: `code=${encodeURIComponent(SECRETS.code)}&state=state-1`,
  state: "state-1",
};

const genlogsBody = (token: unknown, expires: unknown): Record<string, unknown> => ({
  access_token_data: { token, expires },
  refresh_token_data: { token: "r-1", expires: "2100-01-01T00:00:00" },
  user_id: "1",
});
const bearerBody = (token: unknown, expires_in: unknown): Record<string, unknown> => ({
  access_token: token,
  token_type: "Bearer",
  expires_in,
});

const LATER = "2100-01-01T00:00:00";
const genlogs = {
  body: genlogsBody("t-1", LATER),
  withToken: (t: unknown) => genlogsBody(t, LATER),
  withExpiry: (e: unknown) => genlogsBody("t-1", e),
  pointer: "/access_token_data/token",
};
const bearer = {
  body: bearerBody("t-1", 3600),
  withToken: (t: unknown) => bearerBody(t, 3600),
  withExpiry: (e: unknown) => bearerBody("t-1", e),
  pointer: "/access_token",
};

export const CASES: readonly Case[] = [
  {
    name: "GenLogs, body",
    holds: [SECRETS.apiKey, SECRETS.password],
    ...genlogs,
    token: (baseUrl, options) =>
      createGenLogsClient({
        apiKey: SECRETS.apiKey,
        email: "user@example.com",
        password: SECRETS.password,
        credentialsIn: "body",
        baseUrl,
        ...options,
      }).auth.getToken(),
  },
  {
    name: "GenLogs, query",
    holds: [SECRETS.apiKey, SECRETS.password],
    ...genlogs,
    token: (baseUrl, options) =>
      createGenLogsClient({
        apiKey: SECRETS.apiKey,
        email: "user@example.com",
        password: SECRETS.password,
        credentialsIn: "query",
        baseUrl,
        ...options,
      }).auth.getToken(),
  },
  {
    name: "Apinizer",
    holds: [SECRETS.password],
    ...bearer,
    token: (managerUrl, options) =>
      createApinizerClient({
        managerUrl,
        username: "user",
        password: SECRETS.password,
        ...options,
      }).auth.getToken(),
  },
  {
    name: "Petje.af, code",
    holds: [SECRETS.clientSecret, SECRETS.code],
    ...bearer,
    token: async (baseUrl, options) => {
      const app = createPetjeafClient({
        clientId: "client",
        clientSecret: SECRETS.clientSecret,
        baseUrl,
        ...options,
      });
      return (await app.exchange(CALLBACK.query, { state: CALLBACK.state })).auth.getToken();
    },
  },
  {
    name: "Petje.af, refresh",
    holds: [SECRETS.clientSecret, SECRETS.refreshToken],
    ...bearer,
    token: (baseUrl, options) =>
      createPetjeafClient({
        clientId: "client",
        clientSecret: SECRETS.clientSecret,
        baseUrl,
        ...options,
        store: storeWith(SECRETS.refreshToken),
      })
        .session("person")
        .auth.getToken(),
  },
];

/**
 * A store that holds an expired token with this refresh token, under any key, and forgets what is
 * written.
 */
export function storeWith(refreshToken: string): NonNullable<CommonOptions["store"]> {
  return {
    get: async () => ({
      generation: 1,
      token: { accessToken: "old", tokenType: "Bearer", issuedAt: 0, expiresAt: 1, refreshToken },
    }),
    set: async () => true,
    delete: async () => undefined,
  };
}

/** What a promise was rejected with. Fails the test if it was not. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    () => {
      throw new Error("expected a failure, and there was none");
    },
    (error: unknown) => error as Error & Record<string, unknown>,
  );
}
