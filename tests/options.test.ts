/**
 * Options that do not exist, that exclude each other, or whose value makes no sense. Each is
 * refused with an error that names the option and says what to do.
 */
import {
  apinizer,
  createApinizerClient,
  createClient,
  createFileStore,
  createGenLogsClient,
  createPetjeafClient,
  createRedisStore,
  genlogs,
  petjeaf,
  type PetjeafClient,
} from "../src/index.ts";
import { failure } from "./support/clients.ts";

const GENLOGS = { apiKey: "k-canary", email: "e@example.com", password: "p-canary" };
const APINIZER = { managerUrl: "https://manager.example", username: "u", password: "p-canary" };
const PETJEAF = { clientId: "c", clientSecret: "s-canary" };
const nothingSent = async (): Promise<Response> => {
  throw new Error("sent");
};

describe("an option that does not exist is refused, and the nearest one named", () => {
  const { apiKey, ...withoutKey } = GENLOGS;
  const app = createPetjeafClient({ ...PETJEAF, fetch: nothingSent });
  const source = createGenLogsClient({ ...GENLOGS, fetch: nothingSent }).auth;
  const byHand = createApinizerClient({
    managerUrl: "https://manager.example",
    token: "t",
    fetch: nothingSent,
  }).auth;
  const exchange = (more: object): Promise<unknown> =>
    app.exchange("code=c&state=s", { state: "s", ...more });
  const rows: [option: string, instead: string, make: () => unknown][] = [
    ["apikey", "apiKey", () => createGenLogsClient({ ...withoutKey, apikey: apiKey } as never)],
    ["api_key", "apiKey", () => createGenLogsClient({ ...GENLOGS, api_key: apiKey } as never)],
    ["pasword", "password", () => createGenLogsClient({ ...GENLOGS, pasword: "x" } as never)],
    [
      "credentialIn",
      "credentialsIn",
      () => createGenLogsClient({ ...GENLOGS, credentialIn: "body" } as never),
    ],
    ["timeout", "timeouts", () => createGenLogsClient({ ...GENLOGS, timeout: 5 } as never)],
    [
      "baseURL",
      "baseUrl",
      () => createGenLogsClient({ ...GENLOGS, baseURL: "https://api.example" } as never),
    ],
    [
      "managerURL",
      "managerUrl",
      () => createApinizerClient({ ...APINIZER, managerURL: "https://manager.example" } as never),
    ],
    ["userName", "username", () => createApinizerClient({ ...APINIZER, userName: "u" } as never)],
    ["clientID", "clientId", () => createPetjeafClient({ ...PETJEAF, clientID: "c" } as never)],
    [
      "authoriseURL",
      "authorizeUrl",
      () => createPetjeafClient({ ...PETJEAF, authoriseURL: "https://a.example" } as never),
    ],
    [
      "timeouts.totl",
      "timeouts.total",
      () => createGenLogsClient({ ...GENLOGS, timeouts: { totl: 5 } as never }),
    ],
    [
      "leases.heartBeat",
      "leases.heartbeat",
      () => createGenLogsClient({ ...GENLOGS, leases: { heartBeat: 5 } as never }),
    ],
    [
      "redirectURI",
      "redirectUri",
      () =>
        app.authorizationUrl({ scope: "profile.read", redirectURI: "https://a.example" } as never),
    ],
    ["scopes", "scope", () => app.authorizationUrl({ scopes: ["profile.read"] } as never)],
    ["redirect_uri", "redirectUri", () => exchange({ redirect_uri: "https://a.example" })],
    ["minTTL", "minTtl", () => source.getToken({ minTTL: 5 } as never)],
    ["pth", "path", () => createFileStore({ pth: "/tmp/elsewhere" } as never)],
    ["keepUnusedfor", "keepUnusedFor", () => createFileStore({ keepUnusedfor: 1 } as never)],
    [
      "prefx",
      "prefix",
      () => createRedisStore({ client: { eval: async () => null }, prefx: "x" } as never),
    ],
    ["wihtin", "within", () => source.close({ wihtin: 5 } as never)],
    ["wihtin", "within", () => app.close({ wihtin: 5 } as never)],
    ["forgt", "forget", () => app.session("me").auth.revoke({ forgt: true } as never)],
    [
      "signals",
      "signal",
      () => byHand.getToken({ signals: new AbortController().signal } as never),
    ],
  ];
  test.each(rows)("%s", async (option, instead, make) => {
    const error = await failure((async () => make())());
    expect(error).toMatchObject({ name: "ConfigurationError", kind: "configuration", option });
    expect(error.message).toBe(`There is no option \`${option}\`. Did you mean \`${instead}\`?`);
    expect(error.message).not.toContain("canary");
  });

  test.each<[option: string, make: () => unknown]>([
    ["headers", () => createGenLogsClient({ ...GENLOGS, headers: {} } as never)],
    ["key", () => createPetjeafClient({ ...PETJEAF, key: "me" } as never)],
    ["state", () => app.authorizationUrl({ scope: "profile.read", state: "s" } as never)],
    ["x".repeat(60), () => createGenLogsClient({ ...GENLOGS, ["x".repeat(100_000)]: 1 })],
  ])("%s, which is near none: all are listed", async (option, make) => {
    const error = await failure((async () => make())());
    expect(error).toMatchObject({ kind: "configuration", option });
    expect(error.message).toMatch(/^There is no option `\S+`\. There are `\w+`, .*`\.$/);
  });

  test("one that is undefined is passed over, and so is every one of a provider that does not name its own", () => {
    createGenLogsClient({ ...GENLOGS, apikey: undefined, timeouts: { totl: undefined } } as never);
    const { options: _, ...silent } = genlogs;
    createClient(silent, { ...GENLOGS, anything: 1 } as typeof GENLOGS);
    expect(() => createClient(silent, { ...GENLOGS, timeouts: { totl: 1 } as never })).toThrow(
      expect.objectContaining({ option: "timeouts.totl" }),
    );
    expect(() => createClient(genlogs, { ...GENLOGS, anything: 1 } as typeof GENLOGS)).toThrow(
      expect.objectContaining({ option: "anything" }),
    );
  });

  test("all that exist are taken", async () => {
    const common = {
      baseUrl: "https://api.example/v1",
      allowHttpHost: "api.example",
      fetch: nothingSent,
      now: Date.now,
      store: { get: async () => undefined, set: async () => true, delete: async () => undefined },
      onEvent: () => undefined,
      timeouts: { attempt: 1, total: 2 },
      replay: false,
      leases: { ttl: 4, heartbeat: 1, poll: 1, patience: 4 },
      maxAnswerBytes: 1,
      waitUntil: () => undefined,
    };
    createGenLogsClient({ ...GENLOGS, credentialsIn: "body", renew: "login", ...common });
    createApinizerClient({ ...APINIZER, ...common, baseUrl: undefined } as never);
    createClient(apinizer, { token: "t", ...common });
    createClient(petjeaf, {
      ...PETJEAF,
      key: "me",
      authorizeUrl: "https://a.example",
      ...common,
    } as never);
    const client: PetjeafClient = createPetjeafClient({
      ...PETJEAF,
      authorizeUrl: "https://a.example/authorize",
      ...common,
    });
    client.authorizationUrl({ scope: "profile.read", redirectUri: "https://app.example/cb" });
    expect(
      await failure(
        client.exchange("code=c&state=x", {
          state: "s",
          redirectUri: "https://app.example/cb",
          key: "me",
        }),
      ),
    ).toMatchObject({ code: "state_mismatch" });
    expect(
      await failure(
        createGenLogsClient({ ...GENLOGS, ...common }).auth.getToken({
          minTtl: 1,
          signal: AbortSignal.abort(new Error("mine")),
          rejected: undefined,
        }),
      ),
    ).toMatchObject({ message: "mine" });
  });
});

describe("addresses", () => {
  test("AP-08 Apinizer's `managerUrl` beside a `baseUrl`: none is left out in silence", () => {
    for (const baseUrl of ["https://other.example", APINIZER.managerUrl])
      expect(() => createApinizerClient({ ...APINIZER, baseUrl })).toThrow(
        expect.objectContaining({
          kind: "configuration",
          option: "baseUrl",
          message: expect.stringMatching(/`baseUrl`.*`managerUrl`/),
        }),
      );
  });

  test.each(["", "/", "/apiops", "/apiops/", "/apiops/auth/token", "/apiops/auth/token/"])(
    "AP-08 Apinizer's URL may end in %j",
    (end) => {
      expect(
        apinizer.connect({ ...APINIZER, managerUrl: `https://manager.example${end}` }).baseUrl,
      ).toBe("https://manager.example/apiops");
      expect(
        apinizer.connect({
          username: "u",
          password: "p",
          baseUrl: `https://h.example/console${end}`,
        }).baseUrl,
      ).toBe("https://h.example/console/apiops");
    },
  );

  test.each([
    "localhost:3000",
    "localhost:3000/v1",
    "api.example",
    "api.example:443/v1",
    "/v1",
    "ftp://api.example",
    "mailto:a@api.example",
  ])("%s is no URL: it says what to put in front", (baseUrl) => {
    expect(() => createGenLogsClient({ ...GENLOGS, baseUrl })).toThrow(
      expect.objectContaining({
        kind: "configuration",
        option: "baseUrl",
        message: "Option `baseUrl` is not a full URL: give it with http:// or https://.",
      }),
    );
  });

  test("an empty text says where to look", () => {
    expect(() => createGenLogsClient({ ...GENLOGS, password: "" })).toThrow(
      expect.objectContaining({
        option: "password",
        message: expect.stringMatching(/is empty.*environment variable/),
      }),
    );
    expect(() => createGenLogsClient({ ...GENLOGS, email: 5 as never })).toThrow(
      expect.objectContaining({ option: "email", message: "Option `email` must be a text." }),
    );
  });
});

describe("`redirectUri`, in the authorization URL and in the exchange", () => {
  const app = createPetjeafClient({ ...PETJEAF, fetch: nothingSent });
  const both = (redirectUri: string): (() => unknown)[] => [
    () => app.authorizationUrl({ scope: "profile.read", redirectUri }),
    () => app.exchange("code=c&state=s", { state: "s", redirectUri }),
  ];

  test.each([
    "not a url",
    "",
    " ",
    "/callback",
    "app.example/callback",
    "localhost:3000/callback",
    "localhost:3000",
    "javascript:alert(1)",
    "JavaScript://app.example/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "blob:https://app.example/x",
    "https://app.example/callback#part",
    "https://app.example/callback#",
    "https://app.example/callback\n",
    " https://app.example/callback",
    "java\nscript:alert(1)",
    "https://",
    "\ud800",
    5 as never,
  ])("%j is refused, and nothing is sent", async (redirectUri) => {
    for (const make of both(redirectUri)) {
      const error = await failure((async () => make())());
      expect(error).toMatchObject({ kind: "configuration", option: "redirectUri" });
      expect(error.message).toContain("`redirectUri`");
    }
  });

  test.each([
    "https://app.example/callback",
    "https://app.example/cb?a=b",
    "http://localhost:3000/callback",
    "http://127.0.0.1/cb",
    "myapp://callback",
    "com.example.app:/cb",
    "com.example.app:/cb?x=1:2",
    "urn:ietf:wg:oauth:2.0:oob",
  ])("%s is taken as it is", async (redirectUri) => {
    const [url, exchange] = both(redirectUri);
    expect(new URL((url!() as { url: string }).url).searchParams.get("redirect_uri")).toBe(
      redirectUri,
    );
    // What is wrong is the fetch.
    expect(await failure(exchange!() as Promise<unknown>)).toMatchObject({ kind: "network" });
  });
});

describe("a credential with white space at its ends, which the vendor refuses: the error says where to look", () => {
  const answering = (status: number, body: object) => async (): Promise<Response> =>
    Response.json(body, { status });
  const refusing = answering(401, {
    error: "unauthorized_client",
    detail: "Incorrect email or password",
    error_description: "Bad credentials",
  });
  const canary = "p-canary-0123";
  const rows: [
    what: string,
    option: string,
    call: (fetch: typeof globalThis.fetch) => Promise<unknown>,
  ][] = [
    [
      "GenLogs' password",
      "password",
      (fetch) =>
        createGenLogsClient({ ...GENLOGS, password: `${canary}\n`, fetch }).auth.getToken(),
    ],
    [
      "GenLogs' e-mail",
      "email",
      (fetch) =>
        createGenLogsClient({ ...GENLOGS, email: "e@example.com\r\n", fetch }).auth.getToken(),
    ],
    [
      "Apinizer's password, by a function",
      "password",
      (fetch) =>
        createApinizerClient({
          ...APINIZER,
          password: async () => ` ${canary}`,
          fetch,
        }).auth.getToken(),
    ],
    [
      "Apinizer's user name",
      "username",
      (fetch) => createApinizerClient({ ...APINIZER, username: "u\t", fetch }).auth.getToken(),
    ],
    [
      "Petje.af's client secret",
      "clientSecret",
      (fetch) =>
        createPetjeafClient({ ...PETJEAF, clientSecret: `${canary}\n`, fetch }).exchange(
          "code=c&state=s",
          { state: "s" },
        ),
    ],
    [
      "Petje.af's client id",
      "clientId",
      (fetch) =>
        createPetjeafClient({ ...PETJEAF, clientId: "c\n", fetch }).exchange("code=c&state=s", {
          state: "s",
        }),
    ],
  ];
  test.each(rows)("%s", async (_, option, call) => {
    const error = await failure(call(refusing));
    expect(error).toMatchObject({ name: "CredentialsError", status: 401 });
    expect(error.message).toMatch(
      new RegExp(`\`${option}\` begins or ends in white space.*Look for a line break at its end`),
    );
    expect(error.message.match(/begins or ends/g)).toHaveLength(1);
    expect(error.message).not.toContain("canary");
  });

  test.each(rows)("%s, where the vendor calls it a bad request", async (_, option, call) => {
    expect(await failure(call(answering(400, { detail: "no" })))).toMatchObject({
      kind: "rejected",
      message: expect.stringContaining(`\`${option}\` begins or ends in white space`),
    });
  });

  test("one without gets no such hint, nor does a failure of the server", async () => {
    expect(
      (
        await failure(
          createApinizerClient({
            ...APINIZER,
            password: "p canary",
            fetch: refusing,
          }).auth.getToken(),
        )
      ).message,
    ).not.toContain("white space");
    const { auth } = createPetjeafClient({
      ...PETJEAF,
      clientSecret: "s\n",
      store: {
        get: async () => ({
          generation: 1,
          token: {
            accessToken: "old",
            tokenType: "Bearer",
            issuedAt: 0,
            expiresAt: 1,
            refreshToken: "r-1",
          },
        }),
        set: async () => true,
        delete: async () => undefined,
      },
      fetch: answering(503, {}),
    }).session("me");
    expect((await failure(auth.getToken())).message).not.toContain("white space");
  });
});
