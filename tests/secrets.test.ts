/**
 * Secrets that are given as functions, of any length, with any kind of failure. The caller gets a
 * typed error in time, without the secret in it.
 */
import {
  createApinizerClient,
  createGenLogsClient,
  createPetjeafClient,
  isCorrigendaError,
  type Secret,
} from "../src/index.ts";
import { inChild } from "./support/child.ts";
import { failure } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";

const CANARY = "canary-of-the-vault";
const never = (): Promise<string> => new Promise(() => undefined);
const ok = async (): Promise<Response> =>
  Response.json({ access_token: "t-1", expires_in: 3600, refresh_token: "r-1" });
const common = { fetch: ok, timeouts: { attempt: 200, total: 300 } };
const genlogs = (secrets: { apiKey?: Secret; password?: Secret }) =>
  createGenLogsClient({
    apiKey: "k",
    email: "e@example.com",
    password: "p",
    baseUrl: "https://genlogs.example",
    ...secrets,
    ...common,
  });
const petjeaf = (clientSecret: Secret) =>
  createPetjeafClient({
    clientId: "c",
    clientSecret,
    baseUrl: "https://petjeaf.example",
    ...common,
  });
const byHand = (token: Secret) =>
  createApinizerClient({ managerUrl: "https://m.example", token, ...common });

test("S-03 what looks like no code of a platform is not repeated as one", async () => {
  for (const [code, repeated] of [
    ["AKIAIOSFODNN7EXAMPLE", "network_error"],
    ["EXAMPLE1234KEY", "network_error"],
    ["ECONNRESET", "ECONNRESET"],
    ["UND_ERR_SOCKET", "UND_ERR_SOCKET"],
    ["EAI_AGAIN", "EAI_AGAIN"],
    ["ERR__ERROR_FORMAT_PADDING_1", "ERR__ERROR_FORMAT_PADDING_1"],
  ] as const) {
    const fetch = async (): Promise<Response> => {
      throw Object.assign(new Error("x"), { code });
    };
    expect(
      await failure(
        createApinizerClient({ managerUrl: "https://m.example", token: "t", fetch }).GET(
          "/projects/",
        ),
      ),
    ).toMatchObject({ code: repeated });
  }
});

describe("S-03 what a secret's function throws", () => {
  const thrown: [what: string, make: () => unknown][] = [
    ["an error that quotes the secret", () => new Error(CANARY)],
    [
      "an error whose name quotes the secret",
      () => Object.assign(new Error("x"), { name: CANARY }),
    ],
    ["an error whose cause quotes the secret", () => new Error("x", { cause: CANARY })],
    ["the secret itself", () => CANARY],
    [
      "an object whose name throws",
      () => ({
        get name(): string {
          throw new Error(CANARY);
        },
      }),
    ],
    [
      "a Proxy that throws at every look",
      () =>
        new Proxy(
          {},
          new Proxy(
            {},
            {
              get: () => () => {
                throw new Error(CANARY);
              },
            },
          ),
        ),
    ],
    [
      "an error class of its own",
      () =>
        new (class extends TypeError {
          override name = CANARY;
        })(),
    ],
  ];
  const users: [where: string, use: (secret: Secret) => Promise<unknown>][] = [
    ["a password", (password) => genlogs({ password }).auth.getToken()],
    ["an API key, in a token request", (apiKey) => genlogs({ apiKey }).auth.getToken()],
    ["an API key, in an API call", (apiKey) => genlogs({ apiKey }).GET("/carrier/recommendations")],
    ["a client secret", (secret) => petjeaf(secret).exchange("?code=c&state=s", { state: "s" })],
    ["a token made by hand", (token) => byHand(token).GET("/projects/")],
  ];
  test.each(
    users.flatMap(([where, use]) =>
      thrown.map(([what, make]): [string, string, typeof use, typeof make] => [
        what,
        where,
        use,
        make,
      ]),
    ),
  )("%s, of %s", async (_, __, use, make) => {
    const error: unknown = await failure(
      use(() => {
        throw make();
      }),
    );
    expect(isCorrigendaError(error)).toBe(true);
    expect(error).toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("failed ("),
    });
    expect(leaks(error, [CANARY])).toEqual([]);
  });

  test("the name of a common kind of error is told", async () => {
    expect(
      (
        await failure(
          petjeaf(() => {
            throw new TypeError(CANARY);
          }).exchange("?code=c&state=s", { state: "s" }),
        )
      ).message,
    ).toContain("failed (TypeError)");
  });
});

describe("a secret's function that never answers ends with the deadline", () => {
  const late = { kind: "network", code: "timeout", maybeReceived: false };

  test("of exchange(), before the code is spent", async () => {
    let sent = 0;
    const app = createPetjeafClient({
      clientId: "c",
      clientSecret: never,
      baseUrl: "https://petjeaf.example",
      ...common,
      fetch: () => {
        sent += 1;
        return ok();
      },
    });
    expect(await failure(app.exchange("?code=c&state=s", { state: "s" }))).toMatchObject(late);
    expect(sent).toBe(0);
  });

  test("of close(), while an exchange is under way", async () => {
    const app = petjeaf(never);
    const exchange = failure(app.exchange("?code=c&state=s", { state: "s" }));
    await app.close();
    expect(await exchange).toMatchObject(late);
  });

  test("of an API call, by its API key and by its token", async () => {
    let once = true;
    const client = createGenLogsClient({
      apiKey: () => (once ? "k" : never()),
      email: "e@example.com",
      password: "p",
      baseUrl: "https://genlogs.example",
      timeouts: common.timeouts,
      fetch: async () =>
        Response.json({ access_token_data: { token: "t", expires: "2100-01-01T00:00:00" } }),
    });
    await client.auth.getToken();
    once = false;
    expect(await failure(client.GET("/carrier/recommendations"))).toMatchObject(late);
    expect(await failure(client.fetch("/carrier/recommendations"))).toMatchObject(late);
    expect(await failure(byHand(never).GET("/projects/"))).toMatchObject(late);
    expect(await failure(byHand(never).auth.getToken())).toMatchObject(late);
  });
});

test("T-06 a caller who aborts leaves no timer behind that keeps the process alive", () => {
  expect(
    inChild(`
    import { createApinizerClient, createGenLogsClient } from "$src/index.ts";
    const never = () => new Promise(() => undefined);
    const clients = [createGenLogsClient({ apiKey: never, email: "e", password: "p" }), createApinizerClient({ managerUrl: "https://m.example", token: never })];
    for (const client of clients) await client.fetch("/x/", { signal: AbortSignal.timeout(20) }).catch(({ name }) => console.log(name));`),
  ).toBe("TimeoutError\nTimeoutError");
});

describe("the length of a secret is bounded", () => {
  const long = "x".repeat(123_044);

  test.each([
    ["apiKey", () => genlogs({ apiKey: long })],
    ["password", () => genlogs({ password: long })],
    ["clientSecret", () => petjeaf(long)],
    ["token", () => byHand(long)],
    ["password", () => genlogs({ password: () => long }).auth.getToken()],
    ["apiKey", () => genlogs({ apiKey: () => long }).auth.getToken()],
    ["apiKey", () => genlogs({ apiKey: () => long }).GET("/carrier/recommendations")],
    ["clientSecret", () => petjeaf(() => long).exchange("?code=c&state=s", { state: "s" })],
    ["token", () => byHand(() => long).GET("/projects/")],
  ])("%s: a configuration error that names it", async (option, use) => {
    const error = await failure((async () => use())());
    expect(error).toMatchObject({ kind: "configuration", option });
    expect(error.message).toContain("65,536 characters");
    expect(error.message.length).toBeLessThan(300);
  });

  test("a code: a callback error, and nothing is sent", async () => {
    expect(
      await failure(petjeaf("s").exchange(`?code=${long}&state=s`, { state: "s" })),
    ).toMatchObject({ kind: "callback", code: "code_too_long" });
  });

  test.each([
    ["/access_token", { access_token: long }],
    ["/refresh_token", { access_token: "t", refresh_token: long }],
  ])("a token in an answer, %s: a contract error", async (pointer, body) => {
    const app = createPetjeafClient({
      clientId: "c",
      clientSecret: "s",
      baseUrl: "https://petjeaf.example",
      fetch: async () => Response.json(body),
    });
    expect(await failure(app.exchange("?code=c&state=s", { state: "s" }))).toMatchObject({
      kind: "contract",
      pointer,
    });
  });

  test("one as long as is allowed is sent, and taken out of the vendor's words", async () => {
    const password = "y".repeat(65_536);
    const sent: unknown[] = [];
    const client = createGenLogsClient({
      apiKey: "api-key-0001",
      email: "e@example.com",
      password,
      credentialsIn: "body",
      baseUrl: "https://genlogs.example",
      fetch: async (_, init) => {
        sent.push(init?.body);
        return Response.json({ detail: `no ${password} here` }, { status: 401 });
      },
    });
    const error = await failure(client.auth.getToken());
    expect(sent).toEqual([JSON.stringify({ email: "e@example.com", password })]);
    expect(error).toMatchObject({ kind: "credentials" });
    expect(error.message).toMatch(/no \[secret\]/);
    expect(error.message).not.toMatch(/yyyy/);
  });

  test("an empty or blank text from a function is none", async () => {
    for (const text of ["", " \n"])
      expect(await failure(genlogs({ password: () => text }).auth.getToken())).toMatchObject({
        kind: "configuration",
        option: "password",
        message: expect.stringContaining("an empty text"),
      });
  });
});
