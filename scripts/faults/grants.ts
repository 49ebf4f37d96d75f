/** Each provider with each grant, behind one interface. All credentials and tokens are canaries. */
import {
  createApinizerClient,
  createGenLogsClient,
  createPetjeafClient,
  genlogs as genlogsProvider,
  petjeaf,
  type CommonOptions,
  type Explanation,
  type Token,
} from "../../src/index.ts";
import { storeHolding } from "../../src/testing/index.ts";

export const CANARIES = {
  apiKey: "canary-api-key/1+2=3",
  password: "canary pass+word&%/1",
  clientSecret: "canary-client+secret/1",
  code: "canary-code+1/2",
  refreshToken: "canary-refresh+1/2",
  answeredToken: "canary.answered.token-1",
  answeredRefresh: "canary-answered-refresh-1",
};

export interface Auth {
  getToken(): Promise<Token>;
  explain(): Promise<Explanation>;
}

export interface GrantUnderTest {
  readonly name: string;
  readonly open: (url: string, options: CommonOptions) => Auth;
  /** A success response with this expiry. */
  readonly good: (expiry?: unknown) => Record<string, unknown>;
  /** Bodies in the forms that the vendor has for errors. */
  readonly problem: (text: string) => unknown;
}

const SOON = "2100-01-01T00:00:00";
const genlogs = (expires: unknown = SOON): Record<string, unknown> => ({
  access_token_data: {
    token: CANARIES.answeredToken,
    ...(expires === "absent" ? {} : { expires }),
  },
  refresh_token_data: { token: CANARIES.answeredRefresh, expires: SOON },
  user_id: 1,
});
const bearer = (expires_in: unknown = 3600): Record<string, unknown> => ({
  access_token: CANARIES.answeredToken,
  token_type: "Bearer",
  refresh_token: CANARIES.answeredRefresh,
  ...(expires_in === "absent" ? {} : { expires_in }),
});

const { apiKey, password, clientSecret, code, refreshToken } = CANARIES;
const account = { apiKey, email: "user@example.com", password };
const app = { clientId: "client", clientSecret };
const expired: Token = {
  accessToken: "expired",
  tokenType: "Bearer",
  issuedAt: 0,
  expiresAt: 1,
  refreshToken,
};

export const GRANTS: readonly GrantUnderTest[] = [
  {
    name: "GenLogs body",
    good: genlogs,
    problem: (text) => ({ detail: text }),
    open: (baseUrl, options) =>
      createGenLogsClient({ ...account, credentialsIn: "body", baseUrl, ...options }).auth,
  },
  {
    name: "GenLogs query",
    good: genlogs,
    problem: (text) => ({ detail: { message: text, subcode: text } }),
    open: (baseUrl, options) =>
      createGenLogsClient({ ...account, credentialsIn: "query", baseUrl, ...options }).auth,
  },
  {
    name: "GenLogs refresh",
    good: genlogs,
    problem: (text) => ({ message: text, code: 7 }),
    open: (baseUrl, options) =>
      createGenLogsClient({
        ...account,
        renew: "refresh-token",
        credentialsIn: "body",
        baseUrl,
        ...options,
        store: storeHolding(genlogsProvider, { ...account, baseUrl }, expired),
      }).auth,
  },
  {
    name: "Apinizer",
    good: bearer,
    problem: (text) => ({ status: "FAILURE", resultMessage: text }),
    open: (managerUrl, options) =>
      createApinizerClient({ managerUrl, username: "user", password, ...options }).auth,
  },
  {
    name: "Petje.af code",
    good: bearer,
    problem: (text) => ({ status: 400, title: "Bad Request", detail: text }),
    open: (baseUrl, options) => {
      const client = createPetjeafClient({ ...app, baseUrl, ...options });
      const session = client.exchange(new URLSearchParams({ code, state: "s" }), { state: "s" });
      session.catch(() => undefined);
      return {
        getToken: async () => (await session).auth.getToken(),
        explain: async () => (await session.catch(() => client.session("none"))).auth.explain(),
      };
    },
  },
  {
    name: "Petje.af refresh",
    good: bearer,
    problem: (text) => ({ error: "invalid_request", error_description: text }),
    open: (baseUrl, options) =>
      createPetjeafClient({
        ...app,
        baseUrl,
        ...options,
        store: storeHolding(petjeaf, { ...app, key: "person", baseUrl }, expired),
      }).session("person").auth,
  },
];
