/**
 * Providers that are not this package's: where their credentials go, where their token endpoint
 * lies, and what their responses look like. All of it with `corrigenda/kit` alone.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { stringify } from "yaml";
import { createMachineClient } from "../examples/client-credentials-basic.ts";
import { createPeopleClient } from "../examples/authorization-code-pkce.ts";
import { codeChallengeOf } from "../src/http/authorization-url.ts";
import {
  createApinizerClient,
  createGenLogsClient,
  createMemoryStore,
  createPetjeafClient,
} from "../src/index.ts";
import {
  clientSecretBasic,
  clientSecretJson,
  clientSecretPost,
  clientSecretQuery,
  createAuthorizationCodeClient,
  createClient,
  parseTokenResponse,
  readErrorResponse,
  requireUrl,
  type ClientAuthentication,
  type CommonOptions,
  type OperationMeta,
  type Provider,
} from "../src/kit.ts";
import { failure } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";

const CLIENT_ID = "client: one";
const SECRET = "p@ss wörd+1/secret";
const TOKEN = "POST /oauth/token";
const API = "https://api.vendor.example/v2";
const REGISTRY = "https://login.vendor.example/oauth/token";

interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
}
type Answer = (sent: Sent) => Response | Promise<Response>;

/** A `fetch` that answers by the path, and keeps what it was sent. */
function vendor(answers: Readonly<Record<string, Answer>>) {
  const sent: Sent[] = [];
  const fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input));
    const body = typeof init.body === "string" ? init.body : "";
    const one = { url, method: init.method ?? "GET", headers: new Headers(init.headers), body };
    sent.push(one);
    const answer = answers[url.pathname];
    if (!answer) throw new Error(`nothing at ${url.href}`);
    return answer(one);
  };
  return { sent, fetch: fetch as typeof globalThis.fetch };
}

const json = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });
const token = (more: object = {}): Response =>
  json(200, { access_token: "at-1", token_type: "Bearer", expires_in: 3600, ...more });

interface Shape {
  readonly authenticate?: ClientAuthentication;
  readonly operation?: Partial<OperationMeta>;
  readonly change?: Partial<Provider<Paths, { key?: string }>>;
}
interface Paths {
  "/me": { get: { responses: { 200: { content: { "application/json": { id: string } } } } } };
}

/** A provider with the given way to authenticate, and client credentials or people's tokens. */
function providerOf({
  authenticate = clientSecretBasic({ clientId: CLIENT_ID }),
  operation,
  change,
}: Shape = {}): Provider<Paths, { readonly key?: string }> {
  return {
    name: "vendor",
    meta: {
      servers: [{ url: API, authorizationUrl: "https://login.vendor.example/authorize" }],
      schemes: { bearer: { header: "Authorization", prefix: "Bearer " } },
      security: ["bearer"],
      operations: {
        [TOKEN]: {
          id: "createToken",
          security: [],
          request: "application/x-www-form-urlencoded",
          ...operation,
        },
      },
    },
    tokenScheme: "bearer",
    connect: ({ baseUrl, allowHttpHost, key }) => ({
      baseUrl: requireUrl(baseUrl ?? API, "baseUrl", allowHttpHost),
      identity: key === undefined ? [CLIENT_ID] : [CLIENT_ID, key],
      credentials: { clientSecret: SECRET },
      tokenOperation: TOKEN,
      exchange: (body, reveal) => authenticate({ operation: TOKEN, body, secrets: [] }, reveal),
      grants: () =>
        key === undefined
          ? [
              {
                name: "client_credentials",
                grantType: "client_credentials",
                request: (reveal) =>
                  authenticate(
                    {
                      operation: TOKEN,
                      body: { grant_type: "client_credentials" },
                      secrets: [],
                    },
                    reveal,
                  ),
              },
            ]
          : [],
    }),
    parseToken: parseTokenResponse,
    readProblem: readErrorResponse,
    ...change,
  };
}
const tokenOf = (shape: Shape, options: CommonOptions): Promise<unknown> =>
  createClient(providerOf(shape), options).auth.getToken();

describe("client authentication", () => {
  const pair = "client%3A+one:p%40ss+w%C3%B6rd%2B1%2Fsecret";
  const basic = Buffer.from(pair, "latin1").toString("base64");

  test("RFC 6749 2.3.1 Basic: id and secret are form values, joined by a colon, in base64", async () => {
    const { sent, fetch } = vendor({ "/v2/oauth/token": () => token() });
    await tokenOf({}, { fetch });
    expect(sent[0]!.headers.get("authorization")).toBe(`Basic ${basic}`);
    expect(sent[0]!.body).toBe("grant_type=client_credentials");
    expect(sent[0]!.headers.get("content-type")).toBe("application/x-www-form-urlencoded");
  });

  test.each([
    [
      "the body, as a form",
      clientSecretPost,
      { request: "application/x-www-form-urlencoded" },
      "grant_type=client_credentials&client_id=client%3A+one&client_secret=p%40ss+w%C3%B6rd%2B1%2Fsecret",
    ],
    [
      "the body, as JSON by the document",
      clientSecretPost,
      { request: "application/json" },
      JSON.stringify({
        grant_type: "client_credentials",
        client_id: CLIENT_ID,
        client_secret: SECRET,
      }),
    ],
    [
      "a JSON body, whatever the document says",
      clientSecretJson,
      { request: "application/x-www-form-urlencoded" },
      JSON.stringify({
        grant_type: "client_credentials",
        client_id: CLIENT_ID,
        client_secret: SECRET,
      }),
    ],
  ])("%s", async (_, place, operation, body) => {
    const { sent, fetch } = vendor({ "/v2/oauth/token": () => token() });
    await tokenOf({ authenticate: place({ clientId: CLIENT_ID }), operation }, { fetch });
    expect(sent[0]!.body).toBe(body);
    expect(sent[0]!.headers.get("content-type")).toBe(
      body.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded",
    );
    expect(sent[0]!.headers.has("authorization")).toBe(false);
  });

  test("S-05 the query, percent-encoded", async () => {
    const { sent, fetch } = vendor({ "/v2/oauth/token": () => token() });
    await tokenOf({ authenticate: clientSecretQuery({ clientId: CLIENT_ID }) }, { fetch });
    expect(sent[0]!.url.search).toBe(
      "?client_id=client%3A%20one&client_secret=p%40ss%20w%C3%B6rd%2B1%2Fsecret",
    );
    expect(sent[0]!.body).toBe("grant_type=client_credentials");
  });

  const failures: [what: string, answer: Answer][] = [
    [
      "a refusal that quotes the request",
      ({ url, headers, body }) =>
        json(400, {
          error: "invalid_request",
          error_description: `${url.href} ${headers.get("authorization") ?? ""} ${body}`,
        }),
    ],
    [
      "a redirect",
      ({ url }) =>
        new Response(null, {
          status: 307,
          headers: { location: `https://other.example/${url.search}` },
        }),
    ],
    [
      "a fault of the network that quotes the URL",
      ({ url }) =>
        Promise.reject(new TypeError(`no way to ${url.href}`, { cause: { code: "ENOTFOUND" } })),
    ],
  ];
  const places = { clientSecretBasic, clientSecretPost, clientSecretJson, clientSecretQuery };
  test.each(
    failures.flatMap(([what, answer]) =>
      Object.entries(places).map(([name, place]) => [what, name, answer, place] as const),
    ),
  )("S-03 %s shows no credential of %s, and no URL", async (_, name, answer, place) => {
    const { sent, fetch } = vendor({ "/v2/oauth/token": answer });
    const authenticate = place({ clientId: CLIENT_ID });
    const events: unknown[] = [];
    const options = { fetch, onEvent: (event: unknown) => events.push(event) };
    const error = await failure(tokenOf({ authenticate }, options));
    expect(sent.length).toBeGreaterThan(0);
    expect(leaks([error, events], [SECRET, basic])).toEqual([]);
    if (name === "clientSecretQuery") expect(error.message).not.toContain("client_secret=p");
  });

  test("S-04 a header that cannot be sent fails without being quoted", async () => {
    const { sent, fetch } = vendor({});
    const authenticate: ClientAuthentication = async (request) => ({
      ...request,
      headers: { "x-secret": "canary\nvalue" },
      secrets: ["canary\nvalue"],
    });
    const error = await failure(tokenOf({ authenticate }, { fetch }));
    expect(error).toMatchObject({ kind: "configuration", option: "headers" });
    expect(leaks(error, ["canary"])).toEqual([]);
    expect(sent).toEqual([]);
  });
});

describe("a token endpoint on another origin than the API", () => {
  const elsewhere: Partial<OperationMeta> = { servers: [{ url: "https://login.vendor.example" }] };
  const answers = {
    "/oauth/token": () => token(),
    "/v2/me": () => json(200, { id: "me" }),
    "/own": () => token(),
    "/own/": () => token(),
  };

  test("T-07 the servers of the operation are the default, for requests and for the store key", async () => {
    const { sent, fetch } = vendor(answers);
    const client = createClient(providerOf({ operation: elsewhere }), { fetch });
    expect((await client.GET("/me")).data).toEqual({ id: "me" });
    expect(sent.map(({ url }) => url.href)).toEqual([REGISTRY, `${API}/me`]);
    expect((await client.auth.explain()).key).toBe(
      `vendor:${encodeURIComponent(REGISTRY)}:client%3A%20one`,
    );
  });

  test("S-01 a baseUrl of the caller's own needs a tokenUrl, which has to be https", async () => {
    const { sent, fetch } = vendor(answers);
    const open = (options: CommonOptions): unknown =>
      createClient(providerOf({ operation: elsewhere }), { fetch, ...options });
    const baseUrl = "https://sandbox.example/v2";
    expect(() => open({ baseUrl })).toThrow(
      expect.objectContaining({ kind: "configuration", option: "tokenUrl" }),
    );
    expect(() => open({ baseUrl, tokenUrl: "http://sandbox.example/own" })).toThrow(
      expect.objectContaining({ kind: "configuration", option: "tokenUrl" }),
    );
    open({ baseUrl: `${API}/` });
    open({ baseUrl, tokenUrl: "http://127.0.0.1:1/own" });
    open({ baseUrl, tokenUrl: "http://sandbox.example/own", allowHttpHost: "sandbox.example" });
    expect(sent).toEqual([]);
  });

  test("S-01 a tokenUrl from `connect` needs the option as well, unless it follows the baseUrl", async () => {
    const { sent, fetch } = vendor(answers);
    const at = (tokenUrl: (baseUrl: string) => string): Provider<Paths, { key?: string }> => {
      const base = providerOf();
      return {
        ...base,
        connect(options) {
          const connection = base.connect(options);
          return { ...connection, tokenUrl: tokenUrl(connection.baseUrl) };
        },
      };
    };
    const live = at(() => REGISTRY);
    const follows = at((baseUrl) => new URL("/own", baseUrl).href);
    const baseUrl = "https://sandbox.example/v2";
    expect(() => createClient(live, { fetch, baseUrl })).toThrow(
      expect.objectContaining({ kind: "configuration", option: "tokenUrl" }),
    );
    const tokenUrl = "https://sandbox.example/own/";
    await createClient(live, { fetch }).auth.getToken();
    await createClient(live, { fetch, baseUrl, tokenUrl }).auth.getToken();
    await createClient(follows, { fetch, baseUrl }).auth.getToken();
    expect(sent.map(({ url }) => url.href)).toEqual([
      REGISTRY,
      tokenUrl,
      "https://sandbox.example/own",
    ]);
  });

  test.each(["https://sandbox.example/own", "https://sandbox.example/own/"])(
    "the option tokenUrl replaces it: %s",
    async (tokenUrl) => {
      const { sent, fetch } = vendor(answers);
      await tokenOf(
        { operation: elsewhere },
        { fetch, baseUrl: "https://sandbox.example/v2", tokenUrl },
      );
      expect(sent.map(({ url }) => url.href)).toEqual([tokenUrl]);
      await tokenOf({}, { fetch, tokenUrl });
      expect(sent[1]!.url.href).toBe(tokenUrl);
    },
  );

  test("S-02 the one redirect that is followed stays on the origin of the token endpoint", async () => {
    const to = (location: string) => () =>
      new Response(null, { status: 307, headers: { location } });
    const refused = vendor({ "/oauth/token": to(`${API}/oauth/token`) });
    const error = await failure(tokenOf({ operation: elsewhere }, { fetch: refused.fetch }));
    expect(error).toMatchObject({ kind: "redirect", host: "login.vendor.example" });
    expect(error.message).toContain("`tokenUrl`");
    expect(refused.sent).toHaveLength(1);
    const followed = vendor({ ...answers, "/oauth/token": to("/own") });
    await tokenOf({ operation: elsewhere }, { fetch: followed.fetch });
    expect(followed.sent.map(({ url }) => url.href)).toEqual([
      REGISTRY,
      "https://login.vendor.example/own",
    ]);
  });

  test("S-01 a second token operation goes to the caller's origin as well", async () => {
    const REFRESH = "POST /oauth/refresh";
    const base = providerOf({ operation: elsewhere });
    const provider: typeof base = {
      ...base,
      meta: {
        ...base.meta,
        operations: {
          ...base.meta.operations,
          [REFRESH]: { id: "refresh", security: [], ...elsewhere },
        },
      },
      connect: (options) => ({
        ...base.connect(options),
        grants: () => [
          {
            name: "refresh",
            grantType: "client_credentials",
            request: async () => ({ operation: REFRESH, body: {}, secrets: [] }),
          },
        ],
      }),
    };
    const { sent, fetch } = vendor({ "/oauth/refresh": () => token() });
    await createClient(provider, { fetch }).auth.getToken();
    const own = { baseUrl: "https://sandbox.example/v2", tokenUrl: "https://sandbox.example/own" };
    await createClient(provider, { fetch, ...own }).auth.getToken();
    expect(sent.map(({ url }) => url.href)).toEqual([
      "https://login.vendor.example/oauth/refresh",
      "https://sandbox.example/oauth/refresh",
    ]);
  });

  test.each([
    ["another origin", elsewhere, undefined],
    ["the same origin", {}, Date.parse("2031-01-01T00:00:00Z")],
  ])(
    "T-02 the Date of an API on %s: whether it tells the time of the token endpoint",
    async (_, operation, expected) => {
      const date = "Wed, 01 Jan 2031 00:00:00 GMT";
      const { fetch } = vendor({
        "/oauth/token": () => token(),
        "/v2/oauth/token": () => token(),
        "/v2/me": () => json(200, { id: "me" }, { date }),
      });
      const times: unknown[] = [];
      let issued = 0;
      const parseToken: Provider<Paths, never>["parseToken"] = ({ body, ...moment }) => {
        times.push(moment.serverTime);
        const access_token = `at-${(issued += 1)}`;
        return parseTokenResponse({ body: { ...body, access_token }, ...moment });
      };
      const { auth, ...client } = createClient(providerOf({ operation, change: { parseToken } }), {
        fetch,
      });
      await client.GET("/me");
      await auth.getToken({ rejected: await auth.getToken() });
      expect(times).toHaveLength(2);
      if (expected === undefined) expect(times[1]).toBeUndefined();
      else expect(Math.abs(Number(times[1]) - expected)).toBeLessThan(180_000);
    },
  );

  test("T-07 the store keys of the three providers are what they were", async () => {
    const genlogs = createGenLogsClient({ apiKey: "k", email: "a@b.example", password: "p" });
    const apinizer = createApinizerClient({
      managerUrl: "https://manager.example",
      username: "u",
      password: "p",
    });
    const petjeaf = createPetjeafClient({ clientId: "c", clientSecret: "s" }).session("me");
    const keys = [genlogs, apinizer, petjeaf].map(async ({ auth }) => (await auth.explain()).key);
    expect(await Promise.all(keys)).toEqual([
      "genlogs:https%3A%2F%2Fapi.genlogs.io%2Fauth%2Ftoken:a%40b.example",
      "apinizer:https%3A%2F%2Fmanager.example%2Fapiops%2Fauth%2Ftoken:u",
      "petjeaf:https%3A%2F%2Fapi.petjeaf.com%2Fv1%2Foauth2%2Ftokens:c:me",
    ]);
  });
});

describe("token responses and error responses", () => {
  test.each([
    [201, ["201"], true],
    [201, ["2XX"], true],
    [200, ["200", "201"], true],
    [201, undefined, false],
    [200, ["201"], false],
    [202, ["200", "201"], false],
  ] as const)("status %s where the document names %j", async (status, success, brings) => {
    const { fetch } = vendor({
      "/v2/oauth/token": () => json(status, { access_token: "at-1", expires_in: 60 }),
    });
    const got = tokenOf({ operation: success ? { success } : {} }, { fetch });
    if (brings) expect(await got).toMatchObject({ accessToken: "at-1" });
    else expect(await failure(got)).toMatchObject({ kind: "contract", pointer: "" });
  });

  const now = Date.parse("2030-01-01T00:00:00Z");
  const limited: Shape = {
    change: {
      readProblem: (body, headers) => ({
        ...readErrorResponse(body),
        retryAfter: Number(headers.get("x-ratelimit-reset") ?? Number.NaN) - now / 1000,
      }),
    },
  };
  test.each([
    [429, { "x-ratelimit-reset": `${now / 1000 + 100}` }, "rate_limited", 100_000],
    [403, { "x-ratelimit-reset": `${now / 1000 + 100}` }, "rate_limited", 100_000],
    [503, { "x-ratelimit-reset": `${now / 1000 + 100}` }, "rate_limited", 100_000],
    [429, { "x-ratelimit-reset": `${now / 1000 + 100}`, "retry-after": "7" }, "rate_limited", 7000],
    [429, {}, "rate_limited", 60_000],
    [403, { "retry-after": "7" }, undefined, undefined],
    [400, { "x-ratelimit-reset": `${now / 1000 + 100}` }, "rejected", undefined],
  ] as const)(
    "T-11 a rate limit in a header of the vendor's: %s with %j",
    async (status, headers, kind, wait) => {
      const { fetch } = vendor({
        "/v2/oauth/token": () => json(status, { error: "x" }, headers),
        "/v2/me": () => json(status, { error: "x" }, headers),
      });
      const options = { fetch, now: () => now, timeouts: { total: 1000 } };
      const retryAt = wait === undefined ? {} : { retryAt: now + wait };
      expect(await failure(tokenOf(limited, options))).toMatchObject({
        kind: kind ?? "credentials",
        ...retryAt,
      });
      const client = createClient(
        {
          ...providerOf(limited),
          connect: () => ({ baseUrl: API, identity: [], tokenOperation: TOKEN, staticToken: "st" }),
        },
        options,
      );
      expect(client.toError(await client.GET("/me"))).toMatchObject({
        kind: kind ?? "permission",
        ...retryAt,
      });
    },
  );
});

describe("the authorization code flow", () => {
  const grantingVendor = (more: object = {}) =>
    vendor({
      "/v2/oauth/token": () => token({ refresh_token: "rt-1", scope: "a b", ...more }),
      "/v2/me": () => json(200, { id: "me" }),
    });
  const open = (change: Partial<Provider<Paths, { key?: string }>>, options: CommonOptions = {}) =>
    createAuthorizationCodeClient<Paths, { key: string }>(providerOf({ change: change }), options);

  test("RFC 7636 B the code challenge of the RFC's own verifier", async () => {
    expect(await codeChallengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).toBe(
      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
  });

  test("RFC 7636 4.2, 4.5 the URL carries the challenge, and the exchange the verifier", async () => {
    const { sent, fetch } = grantingVendor();
    const app = open({}, { fetch });
    const { url, ...pending } = await app.authorizationUrl({ scope: ["a", "b"] });
    const query = new URL(url).searchParams;
    expect(pending.codeVerifier).toMatch(/^[\w-]{43}$/);
    expect(Object.fromEntries(query)).toEqual({
      response_type: "code",
      client_id: CLIENT_ID,
      scope: "a b",
      state: pending.state,
      code_challenge: createHash("sha256").update(pending.codeVerifier!).digest("base64url"),
      code_challenge_method: "S256",
    });
    const session = await app.exchange(`?code=c-1&state=${pending.state}`, pending);
    expect(Object.fromEntries(new URLSearchParams(sent[0]!.body))).toEqual({
      grant_type: "authorization_code",
      code: "c-1",
      code_verifier: pending.codeVerifier,
    });
    expect(sent[0]!.headers.get("authorization")).toMatch(/^Basic /);
    expect((await session.GET("/me")).data).toEqual({ id: "me" });
    expect((await app.session(session.key).auth.getToken()).accessToken).toBe("at-1");
    await session.auth.forget();
    expect(await failure(session.auth.getToken())).toMatchObject({
      kind: "reauthorization_required",
    });
    await app.close();
    expect(() => app.session("me")).toThrow(expect.objectContaining({ kind: "closed" }));
  });

  test("RFC 7636 without its verifier a code is not sent", async () => {
    const { sent, fetch } = grantingVendor();
    const app = open({}, { fetch });
    const { state } = await app.authorizationUrl();
    expect(await failure(app.exchange(`?code=c&state=${state}`, { state }))).toMatchObject({
      kind: "configuration",
      option: "codeVerifier",
    });
    expect(sent).toEqual([]);
  });

  test("RFC 7636 a vendor that does not take PKCE gets none of it", async () => {
    const { sent, fetch } = grantingVendor();
    const app = open({ authorization: { pkce: false } }, { fetch });
    const { url, ...pending } = await app.authorizationUrl();
    expect(pending).toEqual({ state: expect.any(String) });
    expect(url).not.toMatch(/challenge|scope/);
    await app.exchange(`?code=c&state=${pending.state}`, pending);
    expect(sent[0]!.body).toBe("grant_type=authorization_code&code=c");
    const given = { ...pending, codeVerifier: "v".repeat(43) };
    expect(await failure(app.exchange(`?code=c&state=${pending.state}`, given))).toMatchObject({
      option: "codeVerifier",
    });
  });

  test("further parameters, and another separator between scopes", async () => {
    const app = open({
      authorization: {
        scopeSeparator: ",",
        parameters: { access_type: "offline", prompt: "none" },
      },
    });
    const { url } = await app.authorizationUrl({
      scope: ["a", "b"],
      redirectUri: "https://app.example/callback",
      parameters: { prompt: "consent", "login hint": "a&b" },
    });
    expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject({
      scope: "a,b",
      redirect_uri: "https://app.example/callback",
      access_type: "offline",
      prompt: "consent",
      "login hint": "a&b",
    });
  });

  test.each([
    ["state", { state: "mine" }],
    ["code_challenge", { code_challenge: "mine" }],
    ["client_id", { client_id: "mine" }],
  ])("S-06 a further parameter cannot replace %s", async (name, parameters) => {
    const error = await failure(open({}).authorizationUrl({ parameters }));
    expect(error).toMatchObject({ kind: "configuration", option: "parameters" });
    expect(error.message).toContain(name);
  });

  test("S-06 another state than the one that was given out sends nothing", async () => {
    const { sent, fetch } = grantingVendor();
    const app = open({}, { fetch });
    const { url: _, ...pending } = await app.authorizationUrl();
    expect(await failure(app.exchange("?code=c&state=forged", pending))).toMatchObject({
      kind: "callback",
      code: "state_mismatch",
    });
    expect(sent).toEqual([]);
  });

  test("S-03 a refusal that quotes the request shows neither code nor verifier nor secret", async () => {
    const { fetch } = vendor({
      "/v2/oauth/token": ({ headers, body }) =>
        json(400, {
          error: "invalid_grant",
          error_description: `${headers.get("authorization") ?? ""} ${body}`,
        }),
    });
    const app = open({}, { fetch });
    const { url: _, ...pending } = await app.authorizationUrl();
    const error = await failure(app.exchange(`?code=code-canary&state=${pending.state}`, pending));
    expect(error).toMatchObject({ kind: "credentials", vendorCode: "invalid_grant" });
    expect(leaks(error, ["code-canary", pending.codeVerifier!, SECRET])).toEqual([]);
  });

  test.each([
    ["the person's id", () => "user-1", "user-1"],
    ["an id that is too long", () => "x".repeat(257), undefined],
    [
      "a failure",
      () => {
        throw new Error("no id");
      },
      undefined,
    ],
  ])("T-13 the key of a session from %s", async (_, subjectOf, key) => {
    const { fetch } = grantingVendor();
    const app = open({ authorization: { subjectOf } }, { fetch });
    const { url: __, ...pending } = await app.authorizationUrl();
    const session = await app.exchange(`?code=c&state=${pending.state}`, pending);
    if (key === undefined) expect(session.key).toMatch(/^[0-9a-f-]{36}$/);
    else expect(session.key).toBe(key);
    expect((await session.GET("/me")).data).toEqual({ id: "me" });
  });

  test("a provider without `exchange`, or without an authorization page, is told so", async () => {
    const base = providerOf();
    const app = open({
      connect: ({ key }) => ({ ...base.connect({ key: key! }), exchange: undefined as never }),
    });
    const { url: _, ...pending } = await app.authorizationUrl();
    expect(await failure(app.exchange(`?code=c&state=${pending.state}`, pending))).toMatchObject({
      kind: "configuration",
      option: "exchange",
    });
    const other = open({}, { baseUrl: "https://sandbox.example" });
    expect(await failure(other.authorizationUrl())).toMatchObject({ option: "authorizeUrl" });
  });
});

describe("the examples", () => {
  const issuer = "https://id.example";
  test("client credentials with HTTP Basic", async () => {
    const { sent, fetch } = vendor({
      "/token": () => token(),
      "/.well-known/openid-configuration": () => json(200, { issuer, token_endpoint: "t" }),
    });
    const client = createMachineClient({ clientId: "c", clientSecret: "s", fetch });
    const { data } = await client.GET("/.well-known/openid-configuration");
    expect(data?.issuer).toBe(issuer);
    expect(sent[0]!.headers.get("authorization")).toBe(`Basic ${btoa("c:s")}`);
    expect(sent[1]!.headers.get("authorization")).toBe("Bearer at-1");
  });

  test("an authorization code with PKCE, and a refresh", async () => {
    let issued = 0;
    let time = Date.parse("2030-01-01T00:00:00Z");
    const { sent, fetch } = vendor({
      "/token": () => token({ access_token: `at-${(issued += 1)}`, refresh_token: `rt-${issued}` }),
      "/me": ({ headers }) => json(200, { sub: headers.get("authorization") }),
    });
    const client = createPeopleClient({ clientId: "c", fetch, now: () => time });
    const { url, ...pending } = await client.authorizationUrl({ scope: "openid" });
    expect(url.startsWith(`${issuer}/auth?`)).toBe(true);
    const { key } = await client.exchange(`?code=c-1&state=${pending.state}`, pending);
    expect((await client.session(key).GET("/me")).data?.sub).toBe("Bearer at-1");
    time += 3_600_000;
    expect((await client.session(key).GET("/me")).data?.sub).toBe("Bearer at-2");
    expect(sent[2]!.body).toBe("grant_type=refresh_token&refresh_token=rt-1&client_id=c");
  });
});

test("the generator carries the statuses and the servers of a token operation", () => {
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-kit-"));
  try {
    mkdirSync(join(folder, "openapi"));
    const responses = { 201: { description: "A token." }, "2xx": { description: "Another one." } };
    const operation = { operationId: "createToken", security: [], responses };
    const servers = [{ url: "https://login.vendor.example" }];
    writeFileSync(
      join(folder, "openapi", "vendor.yaml"),
      stringify({
        openapi: "3.1.0",
        info: { title: "Vendor", version: "1" },
        servers: [{ url: API }],
        paths: {
          "/token": { post: { ...operation, servers } },
          "/path": { servers, post: { ...operation, operationId: "createOther" } },
          "/me": { get: { operationId: "me", responses: { 200: { description: "Me." } } } },
        },
      }),
    );
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        ...["--import", "tsx", "scripts/generate.ts"],
        ...["--specs", join(folder, "openapi"), "--out", join(folder, "generated")],
      ],
      { encoding: "utf8" },
    );
    expect([status, stderr]).toEqual([0, ""]);
    const text = readFileSync(join(folder, "generated", "vendor.meta.ts"), "utf8");
    const meta = JSON.parse(text.slice(text.indexOf("= {") + 2, text.lastIndexOf(";"))) as {
      operations: Record<string, OperationMeta>;
    };
    const success = ["201", "2XX"];
    expect(meta.operations).toEqual({
      "POST /token": { id: "createToken", security: [], success, servers },
      "POST /path": { id: "createOther", security: [], success, servers },
      "GET /me": { id: "me", security: [] },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("what a provider's author may get wrong", () => {
  const meta = {
    servers: [{ url: "https://api.wrong.example" }],
    schemes: { oauth2: { header: "Authorization", prefix: "Bearer " } },
    security: ["oauth2"],
    operations: { "POST /token": { id: "createToken", security: [], request: "application/json" } },
  };
  const wrong = (change: object, connection: object = {}): Provider<object, object> => ({
    name: "wrong",
    meta,
    tokenScheme: "oauth2",
    connect: () => ({
      baseUrl: "https://api.wrong.example",
      identity: ["app"],
      tokenOperation: "POST /token",
      credentials: {},
      grants: ({ refreshToken }) => [
        {
          name: "refresh",
          grantType: "refresh_token",
          request: async () => ({
            operation: "POST /token",
            body: { refresh_token: refreshToken ?? "" },
            secrets: [refreshToken ?? ""],
          }),
        },
      ],
      ...connection,
    }),
    parseToken: parseTokenResponse,
    readProblem: () => ({}),
    ...change,
  });

  test.each([
    ["tokenOperation", {}, { tokenOperation: "POST /tokn" }],
    ["meta.security", { meta: { ...meta, security: ["oauth"] } }, {}],
    [
      "security",
      {
        meta: {
          ...meta,
          operations: { ...meta.operations, "GET /x": { id: "x", security: ["o"] } },
        },
      },
      {},
    ],
  ])("T-22 `%s` that the document does not have is refused", (option, change, connection) => {
    expect(() => createClient(wrong(change, connection), {})).toThrow(
      expect.objectContaining({ kind: "configuration", option }),
    );
  });

  test("S-03, T-13 what `parseToken` throws is a breach of contract without its text, and the refresh token counts as lost", async () => {
    const parseToken = ({ body }: { readonly body: object }): never => {
      throw new TypeError(`cannot read ${JSON.stringify(body)}`);
    };
    let requests = 0;
    const token = { accessToken: "old", tokenType: "Bearer", issuedAt: 1, expiresAt: 2 };
    const store = createMemoryStore();
    const fetch = async (): Promise<Response> => {
      requests += 1;
      return Response.json({ access_token: "canary-access", refresh_token: "canary-refresh" });
    };
    const client = createClient(wrong({ parseToken }), { fetch, store, replay: false });
    const { key } = await client.auth.explain();
    await store.set(key, { token: { ...token, refreshToken: "spent" }, generation: 1 }, 0);
    const error = await client.auth.getToken().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ kind: "contract" });
    expect(inspect(error)).not.toContain("canary");
    expect(await client.auth.explain()).toMatchObject({ rotationInDoubt: true });
    await expect(client.auth.getToken()).rejects.toMatchObject({ code: "rotation_in_doubt" });
    expect(requests).toBe(1);
  });
});

test.each([
  "com.example.app:/callback?code=c-1&state=s-1",
  "com.example.app:/callback?state=s-1&code=c-1#_=_",
  "/cb?state=s-1&code=c-1#_=_",
  "state=s-1&code=c-1",
])("S-06 the callback %s is read whole", async (callback) => {
  const bodies: string[] = [];
  const app = createPetjeafClient({
    clientId: "c",
    clientSecret: "fake-secret",
    fetch: async (_, init) => {
      bodies.push(init?.body as string);
      return Response.json({ access_token: "a", token_type: "Bearer", expires_in: 3600 });
    },
  });
  await app.exchange(callback, { state: "s-1" });
  expect(bodies.map((body) => new URLSearchParams(body).get("code"))).toEqual(["c-1"]);
});
