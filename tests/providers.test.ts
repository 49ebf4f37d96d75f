/** What each provider does that the other providers do not. */
import {
  apinizer,
  createApinizerClient,
  createClient,
  createGenLogsClient,
  createMemoryStore,
  createPetjeafClient,
  genlogs,
  petjeaf,
  type PetjeafClient,
  type TokenStore,
} from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import { http, startRawServer } from "./support/raw-server.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

describe("GenLogs", () => {
  const genlogs = (options: object = {}) =>
    createGenLogsClient({ ...sandbox.genlogs.options, now: sandbox.now, ...options });
  const count = () => sandbox.genlogs.count("createToken");

  test("GL-15 auto: the body first; a 422 that misses the query makes it repeat there once, and it remembers", async () => {
    sandbox.genlogs.settings.credentialsIn = "query";
    const client = genlogs();
    await client.auth.getToken();
    expect(count()).toBe(2);
    sandbox.advance(3_600_000);
    await client.auth.getToken();
    expect(count()).toBe(3);
  });

  test.each([
    [
      "another location",
      422,
      { detail: [{ loc: ["body", "email"], msg: "Field required", type: "missing" }] },
    ],
    ["no location", 422, { detail: "query" }],
    [
      "another status",
      400,
      { detail: [{ loc: ["query", "email"], msg: "Field required", type: "missing" }] },
    ],
    ["a refusal", 401, { detail: "Incorrect email or password" }],
  ])("S-05 auto: %s does not put the password into a URL", async (_, status, body) => {
    sandbox.genlogs.fail({ status, body });
    await failure(genlogs().auth.getToken());
    expect(count()).toBe(1);
  });

  test("S-05 body never goes to the query, query never to the body", async () => {
    sandbox.genlogs.settings.credentialsIn = "query";
    expect(await failure(genlogs({ credentialsIn: "body" }).auth.getToken())).toMatchObject({
      kind: "rejected",
      status: 422,
    });
    expect(count()).toBe(1);
    await genlogs({ credentialsIn: "query" }).auth.getToken();
    expect(count()).toBe(2);
    sandbox.genlogs.settings.credentialsIn = "body";
    expect(await failure(genlogs({ credentialsIn: "query" }).auth.getToken())).toMatchObject({
      kind: "rejected",
      status: 422,
    });
    expect(count()).toBe(3);
  });

  test("GL-14 the query is percent-encoded, a plus above all", async () => {
    const server = await startRawServer((socket) => void socket.end(http(401, "{}")));
    await failure(
      createGenLogsClient({
        apiKey: "k",
        email: "a+b@example.com",
        password: "1234+ &=%'\"é",
        credentialsIn: "query",
        baseUrl: server.url,
      }).auth.getToken(),
    );
    await server.close();
    expect(server.requests[0]?.split("\r\n")[0]).toBe(
      "POST /auth/token?email=a%2Bb%40example.com&password=1234%2B%20%26%3D%25%27%22%C3%A9 HTTP/1.1",
    );
    expect(server.requests[0]).not.toMatch(/content-type/i);
  });

  test("GL-10 renewal is a new login by default, the refresh token on request", async () => {
    const [login, refresh] = [genlogs(), genlogs({ renew: "refresh-token" })];
    for (const client of [login, refresh]) await client.auth.getToken();
    sandbox.advance(3_600_000);
    await login.auth.getToken();
    expect([count(), sandbox.genlogs.count("refreshToken")]).toEqual([3, 0]);
    await refresh.auth.getToken();
    expect([count(), sandbox.genlogs.count("refreshToken")]).toEqual([3, 1]);
  });

  test.each([400, 401, 403, 404, 422])(
    "GL-10 a refresh that is refused with %i falls back to a login",
    async (status) => {
      const client = genlogs({ renew: "refresh-token" });
      await client.auth.getToken();
      sandbox.advance(3_600_000);
      sandbox.genlogs.fail({ operation: "refreshToken", status, body: { detail: "no" } });
      await client.auth.getToken();
      expect([count(), sandbox.genlogs.count("refreshToken")]).toEqual([2, 1]);
    },
  );

  test("GL-10 a vendor whose refresh token is not usable, as its page says", async () => {
    sandbox.genlogs.settings.refreshTokens = "unusable";
    const client = genlogs({ renew: "refresh-token" });
    await client.auth.getToken();
    sandbox.advance(3_600_000);
    expect((await client.GET("/carrier/recommendations")).response.status).toBe(200);
  });

  test.each([408, 425, 429])(
    "GL-10 a refresh that is answered with %i does not",
    async (status) => {
      const client = genlogs({ renew: "refresh-token" });
      await client.auth.getToken();
      // The Date header, from which the lifetime counts, has whole seconds.
      sandbox.advance(3_602_000);
      sandbox.genlogs.fail({
        operation: "refreshToken",
        status,
        times: 3,
        body: { detail: "later" },
      });
      expect(await failure(client.auth.getToken())).toMatchObject({ status, retryable: true });
      expect(count()).toBe(1);
    },
  );

  test.each([
    [{ detail: "text" }, undefined, "text"],
    [{ detail: { message: "text", subcode: "S-1" } }, "S-1", "text"],
    [{ message: "text", subcode: 7 }, "7", "text"],
    [{ message: "text", code: 9 }, "9", "text"],
    [{ error: "text" }, undefined, "text"],
    ["text", undefined, "text"],
    [
      {
        detail: [
          { loc: ["body"], msg: "text", type: "missing" },
          { loc: [], msg: "more", type: "x" },
        ],
      },
      "missing",
      "text; more",
    ],
  ])("GL-20 the error shape %j", async (body, vendorCode, message) => {
    sandbox.genlogs.fail({
      status: 400,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const error = await failure(genlogs().auth.getToken());
    expect(error).toMatchObject({ kind: "rejected", status: 400 });
    expect(error.vendorCode).toBe(vendorCode);
    expect(error.message).toContain(message);
  });
});

describe("Apinizer", () => {
  test.each(["", "/", "/apiops", "/apiops/", "//"])(
    "AP-08 the manager's URL may end in %j",
    async (end) => {
      const { managerUrl, ...rest } = sandbox.apinizer.options;
      const client = createApinizerClient({ ...rest, managerUrl: managerUrl + end });
      expect((await client.GET("/projects/")).response.status).toBe(200);
    },
  );

  test("a token made by hand is used as it is", async () => {
    const { accessToken } = await createApinizerClient(sandbox.apinizer.options).auth.getToken();
    const client = createApinizerClient({
      managerUrl: sandbox.apinizer.options.managerUrl,
      token: async () => accessToken,
    });
    expect((await client.GET("/projects/")).data?.resultList?.[0]?.name).toBe("ExampleProject");
    expect(sandbox.apinizer.count("createToken")).toBe(1);
  });

  test("S-04 a token made by hand that no header can carry is refused without being shown", async () => {
    const error = await failure(
      createApinizerClient({
        managerUrl: "https://m.example",
        token: "canary\ntoken",
      }).auth.getToken(),
    );
    expect(error).toMatchObject({ kind: "configuration", option: "token" });
    expect(error.message).not.toContain("canary");
  });

  test("AP-08 the slash at the end of a path is what the spec says, never more or less", async () => {
    const client = createApinizerClient(sandbox.apinizer.options);
    expect((await client.fetch("/projects")).status).toBe(404);
    expect((await client.fetch("/projects/")).status).toBe(200);
  });
});

describe("Petje.af", () => {
  const app = (options: object = {}): PetjeafClient =>
    createPetjeafClient({ ...sandbox.petjeaf.options, now: sandbox.now, ...options });
  const callbackOf = async (url: string): Promise<string> =>
    (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "";
  const SCOPE = ["profile.read", "memberships.read"] as const;

  test("the authorization URL holds what the page needs, and a state that is new each time", () => {
    const client = app({ clientId: "my client", authorizeUrl: undefined, baseUrl: undefined });
    const { url, state } = client.authorizationUrl({
      scope: SCOPE,
      redirectUri: "https://app.example/cb?a=b",
    });
    expect(url).toBe(
      `https://petjeaf.com/oauth2/authorize?response_type=code&client_id=my%20client&scope=profile.read%20memberships.read&state=${state}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fa%3Db`,
    );
    expect(state).toMatch(/^[\w-]{43}$/);
    expect(client.authorizationUrl({ scope: "profile.read" }).state).not.toBe(state);
    expect(client.authorizationUrl({ scope: "profile.read" }).url).not.toContain("redirect_uri");
  });

  test("PJ-11 an API host goes with the authorization page of its pair; another needs one named", () => {
    const options = { clientId: "c", clientSecret: "s" };
    expect(
      createPetjeafClient({ ...options, baseUrl: "https://api.petje.af/v1/" }).authorizationUrl({
        scope: "profile.read",
      }).url,
    ).toMatch(/^https:\/\/petje\.af\/oauth2\/authorize\?/);
    const own = createPetjeafClient({ ...options, baseUrl: "https://api.other.example/v1" });
    expect(() => own.authorizationUrl({ scope: "profile.read" })).toThrow(
      expect.objectContaining({ kind: "configuration", option: "authorizeUrl" }),
    );
    expect(() => app().authorizationUrl({ scope: [] })).toThrow(
      expect.objectContaining({ option: "scope" }),
    );
  });

  test.each(["url", "query", "URL", "URLSearchParams"])(
    "a callback as %s, and the user id as the key",
    async (form) => {
      const client = app();
      const { url, state } = client.authorizationUrl({ scope: SCOPE });
      const callback = new URL(await callbackOf(url));
      const given =
        {
          url: callback.href,
          query: callback.search,
          URL: callback,
          URLSearchParams: callback.searchParams,
        }[form] ?? "";
      const session = await client.exchange(given, { state });
      expect(session.key).toBe(sandbox.petjeaf.settings.user.id);
      expect(
        (await session.GET("/memberships", { params: { query: { limit: 10 } } })).data?._embedded
          .memberships,
      ).toHaveLength(1);
      expect(await session.auth.claims()).toEqual(sandbox.petjeaf.settings.user);
      expect((await session.auth.getToken()).scope).toEqual(SCOPE);
    },
  );

  test("PJ-07 a redirect URI goes to the token endpoint if it was in the authorization URL", async () => {
    const client = app();
    const redirectUri = "https://app.example/other";
    const { url, state } = client.authorizationUrl({ scope: SCOPE, redirectUri });
    expect(await failure(client.exchange(await callbackOf(url), { state }))).toMatchObject({
      kind: "credentials",
    });
    const again = client.authorizationUrl({ scope: SCOPE, redirectUri });
    expect(
      (await client.exchange(await callbackOf(again.url), { state: again.state, redirectUri })).key,
    ).toBeTruthy();
  });

  test("without an id in the token, a key is generated and nothing is lost; a key that is given is taken", async () => {
    sandbox.petjeaf.settings.user = { id: undefined, name: "N", email: "e@example.com" };
    const client = app();
    const keys = [];
    for (const options of [{}, {}, { key: "mine" }]) {
      const { url, state } = client.authorizationUrl({ scope: SCOPE });
      const { key } = await client.exchange(await callbackOf(url), { state, ...options });
      expect((await client.session(key).GET("/users/me")).response.status).toBe(200);
      keys.push(key);
    }
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe("mine");
    await expect(failure(client.exchange("?", { state: "s", key: "" }))).resolves.toMatchObject({
      option: "key",
    });
  });

  test.each([
    ["blank", " \t "],
    ["half of a character", "\ud800"],
    ["of a thousand characters", "x".repeat(1000)],
  ])(
    "T-13 an id in the token that is %s: a key is generated, since the code is spent by then",
    async (_, id) => {
      sandbox.petjeaf.settings.user = { id, name: "N", email: "e@example.com" };
      const client = app();
      const { url, state } = client.authorizationUrl({ scope: SCOPE });
      const session = await client.exchange(await callbackOf(url), { state });
      expect(session.key).toMatch(/^[0-9a-f-]{36}$/);
      expect((await client.session(session.key).GET("/users/me")).response.status).toBe(200);
      expect(await session.auth.claims()).toEqual({ name: "N", email: "e@example.com" });
    },
  );

  test("S-06 a denied consent", async () => {
    sandbox.petjeaf.settings.consent = "deny";
    const client = app();
    const { url, state } = client.authorizationUrl({ scope: SCOPE });
    expect(await failure(client.exchange(await callbackOf(url), { state }))).toMatchObject({
      kind: "callback",
      code: "access_denied",
    });
    expect(sandbox.petjeaf.count()).toBe(0);
  });

  test("two sessions of one key share one token and one refresh", async () => {
    const client = app();
    const { url, state } = client.authorizationUrl({ scope: SCOPE });
    const { key } = await client.exchange(await callbackOf(url), { state });
    sandbox.advance(3_600_000);
    const tokens = await Promise.all(
      Array.from({ length: 50 }, () => client.session(key).auth.getToken()),
    );
    expect(new Set(tokens).size).toBe(1);
    expect(sandbox.petjeaf.count("createToken")).toBe(2);
  });

  test("the same session through createClient", async () => {
    const store = createMemoryStore();
    const first = app({ store });
    const { url, state } = first.authorizationUrl({ scope: SCOPE });
    await first.exchange(await callbackOf(url), { state, key: "me" });
    const client = createClient(petjeaf, {
      ...sandbox.petjeaf.options,
      now: sandbox.now,
      store,
      key: "me",
    });
    expect((await client.GET("/users/me")).data?.email).toBe("person@example.com");
  });

  test("PJ-12 revoke() revokes at the vendor and forgets here, for every session of the key", async () => {
    const store = createMemoryStore();
    const deleted: string[] = [];
    const watched: TokenStore = {
      ...store,
      delete: (key) => {
        deleted.push(key);
        return store.delete(key);
      },
    };
    const client = app({ store: watched });
    const { url, state } = client.authorizationUrl({ scope: SCOPE });
    const session = await client.exchange(await callbackOf(url), { state });
    const { accessToken } = await session.auth.getToken();
    await client.session(session.key).auth.revoke();
    const direct = await fetch(`${sandbox.petjeaf.options.baseUrl}/users/me`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(direct.status).toBe(401);
    expect(deleted).toHaveLength(1);
    expect(await failure(session.GET("/users/me"))).toMatchObject({
      kind: "reauthorization_required",
    });
  });

  test("claims of a token that is no JWT are empty", async () => {
    const server = await startRawServer(
      (socket) =>
        void socket.end(
          http(200, JSON.stringify({ access_token: "opaque.b.c", expires_in: 3600 })),
        ),
    );
    const client = createPetjeafClient({ clientId: "c", clientSecret: "s", baseUrl: server.url });
    const session = await client.exchange("?code=x&state=s", { state: "s" });
    expect(await session.auth.claims()).toEqual({});
    expect(session.key).toMatch(/^[0-9a-f-]{36}$/);
    await server.close();
  });
});

// `createGenLogsClient` and `createApinizerClient` leave out the checks that `createClient` makes.
describe("a provider of this package passes the checks of any provider", () => {
  test("GenLogs", () => {
    const store = createMemoryStore();
    expect(() => createClient(genlogs, { ...sandbox.genlogs.options, store })).not.toThrow();
  });

  test("Apinizer", () => {
    const { options } = sandbox.apinizer;
    const { managerUrl } = options;
    const store = createMemoryStore();
    expect(() => createClient(apinizer, { ...options, store })).not.toThrow();
    expect(() => createClient(apinizer, { managerUrl, token: "made-by-hand" })).not.toThrow();
  });
});
