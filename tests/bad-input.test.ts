/**
 * What a caller gets for bad input and bad answers: one part for each row of the README's error
 * table. All servers are real sockets.
 */
import type net from "node:net";
import {
  CallbackError,
  ConfigurationError,
  ContractError,
  createApinizerClient,
  createGenLogsClient,
  createPetjeafClient,
  CredentialsError,
  NetworkError,
  RedirectError,
  type ClientEvent,
  type CommonOptions,
  type Token,
} from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { inChild } from "./support/child.ts";
import { CASES, failure, SECRETS } from "./support/clients.ts";
import { http, NOBODY, startRawServer, type RawServer } from "./support/raw-server.ts";
import { leaks } from "./support/secrets.ts";

const servers: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
async function raw(answer: (socket: net.Socket, n: number) => void): Promise<RawServer> {
  const server = await startRawServer(answer);
  servers.push(server);
  return server;
}
const answering = (text: string): Promise<RawServer> => raw((socket) => void socket.end(text));
const ALL_SECRETS = Object.values(SECRETS);
const QUICK: CommonOptions = { timeouts: { attempt: 1500, total: 3000 } };

describe("a missing or unusable option is a configuration error at construction", () => {
  const genlogs = { apiKey: "k", email: "e", password: "p" };
  const apinizer = { managerUrl: "https://manager.example", username: "u", password: "p" };
  const petjeaf = { clientId: "c", clientSecret: "s" };
  const rows: [option: string, options: object, create: (options: never) => unknown][] = [
    ...["apiKey", "email", "password"].flatMap((name) =>
      [undefined, "", "  ", 7].map((value): (typeof rows)[number] => [
        name,
        { ...genlogs, [name]: value },
        createGenLogsClient,
      ]),
    ),
    ["credentialsIn", { ...genlogs, credentialsIn: "header" }, createGenLogsClient],
    ["renew", { ...genlogs, renew: "refresh" }, createGenLogsClient],
    ["baseUrl", { ...genlogs, baseUrl: "api.genlogs.io" }, createGenLogsClient],
    ["baseUrl", { ...genlogs, baseUrl: "http://api.genlogs.io" }, createGenLogsClient],
    ["baseUrl", { ...genlogs, baseUrl: "ftp://api.genlogs.io" }, createGenLogsClient],
    [
      "baseUrl",
      { ...genlogs, baseUrl: "http://api.genlogs.io", allowHttpHost: "other.example" },
      createGenLogsClient,
    ],
    ["baseUrl", { ...genlogs, baseUrl: "https://user:canary@api.genlogs.io" }, createGenLogsClient],
    ["baseUrl", { ...genlogs, baseUrl: "https://api.genlogs.io?x=canary" }, createGenLogsClient],
    ...["username", "password"].flatMap((name) =>
      [undefined, ""].map((value): (typeof rows)[number] => [
        name,
        { ...apinizer, [name]: value },
        createApinizerClient,
      ]),
    ),
    ["managerUrl", { ...apinizer, managerUrl: undefined }, createApinizerClient],
    ["managerUrl", { ...apinizer, managerUrl: "http://manager.example" }, createApinizerClient],
    ["token", { managerUrl: "https://manager.example", token: "" }, createApinizerClient],
    ...["clientId", "clientSecret"].flatMap((name) =>
      [undefined, ""].map((value): (typeof rows)[number] => [
        name,
        { ...petjeaf, [name]: value },
        createPetjeafClient,
      ]),
    ),
    [
      "authorizeUrl",
      { ...petjeaf, authorizeUrl: "http://petjeaf.example/authorize" },
      createPetjeafClient,
    ],
    ["fetch", { ...genlogs, fetch: "fetch" }, createGenLogsClient],
    ["timeouts.attempt", { ...genlogs, timeouts: { attempt: 0 } }, createGenLogsClient],
  ];
  test.each(rows)("%s: %j", (option, options, create) => {
    let error: unknown;
    try {
      create(options as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({
      name: "ConfigurationError",
      kind: "configuration",
      option,
      retryable: false,
    });
    expect((error as Error).message).toContain(`\`${option}\``);
    expect(leaks(error, ["canary"])).toEqual([]);
  });

  test("S-01 http to a loopback host, or to the one that is allowed, is fine", () => {
    for (const baseUrl of [
      "http://localhost:1",
      "http://127.0.0.1:1",
      "http://127.9.9.9",
      "http://[::1]:1",
    ])
      createGenLogsClient({ ...genlogs, baseUrl });
    createGenLogsClient({
      ...genlogs,
      baseUrl: "http://Manager.example:8080",
      allowHttpHost: "manager.example",
    });
  });

  test.each([
    "http://api.genlogs.io",
    "http://192.168.1.5",
    "http://localhost.example",
    "http://x.localhost",
    "http://localhost.",
    "http://127.0.0.1.example",
    "http://[::2]",
  ])("S-01 %s, and any other host, is refused without https", (baseUrl) => {
    expect(() => createGenLogsClient({ ...genlogs, baseUrl })).toThrow(
      expect.objectContaining({ kind: "configuration", option: "baseUrl" }),
    );
    expect(() =>
      createGenLogsClient({ ...genlogs, baseUrl, allowHttpHost: "other.example" }),
    ).toThrow(expect.objectContaining({ option: "baseUrl" }));
    createGenLogsClient({ ...genlogs, baseUrl: baseUrl.replace("http:", "https:") });
  });

  test("S-01 the work on an address is bounded: 200,000 slashes", () => {
    expect(
      inChild(`import { createApinizerClient } from "$src/index.ts";
      createApinizerClient({ managerUrl: "https://manager.example/" + "/".repeat(200_000) + "x", username: "u", password: "p" });
      console.log("made");`),
    ).toBe("made");
  });

  test("S-03 an address beyond ASCII is taken, or refused without its words, also when the platform's own check was optimised", () => {
    expect(
      inChild(`import { requireUrl } from "$src/parts/check-options.ts";
      const make = (url) => { try { requireUrl(url, "url"); return "made"; } catch ({ kind, input }) { return kind + (input ?? ""); } };
      const before = [make("http://\\u00d0\\u0090canary/"), make("https://m\\u00fcnchen.example/")];
      for (let i = 0; i < 50_000; i += 1) make("https://h.example/" + i % 7);
      console.log(JSON.stringify([...before, make("http://\\u00d0\\u0090canary/"), make("https://m\\u00fcnchen.example/")]));`),
    ).toBe(JSON.stringify(["configuration", "made", "configuration", "made"]));
  });

  test("an API key with a line break is refused before the platform can quote it", async () => {
    const apiKey = "canary-key\nX-Injected: 1";
    const error = await failure(
      createGenLogsClient({ ...genlogs, apiKey, baseUrl: "http://127.0.0.1:9" }).auth.getToken(),
    );
    expect(error).toMatchObject({ kind: "configuration", option: "apiKey" });
    expect(leaks(error, ["canary-key"])).toEqual([]);
  });

  test.each([
    [
      "that throws",
      () => {
        throw new Error("canary-vault");
      },
    ],
    ["that gives nothing", () => ""],
    ["that gives no text", async () => 7 as never],
  ])("a secret's function %s is a configuration error", async (_, password) => {
    const error = await failure(
      createGenLogsClient({ ...genlogs, password, baseUrl: "http://127.0.0.1:9" }).auth.getToken(),
    );
    expect(error).toMatchObject({ kind: "configuration", option: "password" });
    expect(leaks(error, ["canary-vault"])).toEqual([]);
  });
});

describe("wrong credentials are a typed error with the vendor's code, and there is no second attempt", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.close());

  test("T-10 GenLogs: 401, no code in its body", async () => {
    const client = createGenLogsClient({ ...sandbox.genlogs.options, password: SECRETS.password });
    const before = sandbox.genlogs.count();
    const error = await failure(client.auth.getToken());
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      kind: "credentials",
      provider: "genlogs",
      status: 401,
      retryable: false,
    });
    expect(error.message).toContain("Incorrect email or password");
    await failure(client.auth.getToken());
    expect(sandbox.genlogs.count() - before).toBe(1);
  });

  test("T-10 GenLogs: a wrong API key", async () => {
    const error = await failure(
      createGenLogsClient({ ...sandbox.genlogs.options, apiKey: SECRETS.apiKey }).auth.getToken(),
    );
    expect(error).toMatchObject({ kind: "credentials", status: 403 });
  });

  test("T-10 Apinizer: unauthorized_client", async () => {
    const client = createApinizerClient({
      ...sandbox.apinizer.options,
      password: SECRETS.password,
    });
    const before = sandbox.apinizer.count();
    const error = await failure(client.GET("/projects/"));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      kind: "credentials",
      provider: "apinizer",
      status: 401,
      vendorCode: "unauthorized_client",
    });
    await failure(client.GET("/projects/"));
    expect(sandbox.apinizer.count() - before).toBe(1);
    expect(leaks(error, ALL_SECRETS)).toEqual([]);
  });

  test("T-10 Apinizer: the envelope in place of the OAuth body", async () => {
    sandbox.apinizer.fail({
      status: 401,
      body: { status: "FAILURE", resultMessage: "Bad credentials" },
    });
    const error = await failure(createApinizerClient(sandbox.apinizer.options).auth.getToken());
    expect(error).toMatchObject({ kind: "credentials", vendorCode: "FAILURE" });
    expect(error.message).toContain("Bad credentials");
  });

  test("Petje.af: a code that the vendor refuses", async () => {
    const app = createPetjeafClient(sandbox.petjeaf.options);
    const before = sandbox.petjeaf.count();
    const error = await failure(
      app.exchange(`?code=${encodeURIComponent(SECRETS.code)}&state=s`, { state: "s" }),
    );
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      kind: "credentials",
      provider: "petjeaf",
      status: 400,
      vendorCode: "invalid_grant",
    });
    expect(error.message).toContain("authorization code is invalid");
    expect(sandbox.petjeaf.count() - before).toBe(1);
    expect(leaks(error, ALL_SECRETS)).toEqual([]);
  });

  test("Petje.af: a dead refresh token asks for a new consent", async () => {
    const app = createPetjeafClient(sandbox.petjeaf.options);
    const { url, state } = app.authorizationUrl({ scope: "profile.read" });
    const { headers } = await fetch(url, { redirect: "manual" });
    const session = await app.exchange(headers.get("location") ?? "", { state });
    sandbox.petjeaf.revokeAccessTokens();
    sandbox.petjeaf.revokeRefreshTokens();
    const error = await failure(session.GET("/users/me"));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      name: "ReauthorizationRequiredError",
      kind: "reauthorization_required",
      vendorCode: "invalid_grant",
    });
  });
});

describe.each(CASES)(
  "$name: a 200 that is no token is a contract error that names the pointer, never the value",
  ({ token, withToken, withExpiry, body, pointer }) => {
    const rows: [what: string, answer: string | Buffer, pointer: string][] = [
      ["HTML", http(200, "<html>canary-body</html>", { "content-type": "text/html" }), ""],
      ["an empty body", http(200, ""), ""],
      ["a JSON array", http(200, `["canary-body"]`), ""],
      ["a JSON text", http(200, `"canary-body"`), ""],
      ["null", http(200, "null"), ""],
      ["cut JSON", http(200, JSON.stringify(body).slice(0, -1)), ""],
      [
        "invalid UTF-8",
        Buffer.from(http(200, `{"a":"ÿ"}`, { "content-length": "9" }), "latin1"),
        "",
      ],
      ["no token", http(200, JSON.stringify(withToken(undefined))), pointer],
      ["an empty token", http(200, JSON.stringify(withToken(""))), pointer],
      ["a token that is null", http(200, JSON.stringify(withToken(null))), pointer],
      ["a token that is a number", http(200, JSON.stringify(withToken(12345678))), pointer],
      ["a token with a space", http(200, JSON.stringify(withToken("canary token"))), pointer],
      [
        "a token with a line break",
        http(200, JSON.stringify(withToken("canary-token\r\nX-Injected: 1"))),
        pointer,
      ],
      ["a token that is not ASCII", http(200, JSON.stringify(withToken("canary-tökén"))), pointer],
      ["more than 1 MiB", http(200, JSON.stringify({ ...body, padding: "x".repeat(1 << 20) })), ""],
      ["status 204", http(204, ""), ""],
    ];
    test.each(rows)("S-04 %s", async (_, answer, where) => {
      const server = await raw((socket) => void socket.end(answer));
      const error = await failure(token(server.url));
      expect(error).toBeInstanceOf(ContractError);
      expect(error).toMatchObject({ kind: "contract", pointer: where, retryable: false });
      expect(server.requests).toHaveLength(1);
      expect(leaks(error, [...ALL_SECRETS, "canary"])).toEqual([]);
    });

    test("S-04 an `error` member in a 200 is a refusal", async () => {
      const server = await answering(http(200, JSON.stringify({ ...body, error: "canary_error" })));
      expect(await failure(token(server.url))).toMatchObject({ kind: "rejected", status: 200 });
    });

    const expiries: [unknown][] = [[undefined], [null], [""], ["soon"], [{}], [[]], [true], [1.5]];
    test.each(expiries)(
      "T-01 an expiry of %j: the token works, its expiry is unknown, an event says so",
      async (expiry) => {
        const server = await answering(http(200, JSON.stringify(withExpiry(expiry))));
        const events: ClientEvent[] = [];
        const got = (await token(server.url, { onEvent: (event) => events.push(event) })) as Token;
        expect(got.accessToken).toBe("t-1");
        expect(got.expiresAt).toBeUndefined();
        expect(events.map(({ type }) => type)).toContain("expiry_unknown");
      },
    );
  },
);

describe("a callback that is not acceptable is a typed error, and nothing is sent", () => {
  const STATE = "state-of-this-browser";
  const rows: [what: string, callback: string, code: string][] = [
    ["a wrong state", "?code=canary-code&state=forged", "state_mismatch"],
    ["a state that only begins well", `?code=canary-code&state=${STATE}x`, "state_mismatch"],
    ["no state", "?code=canary-code", "state_missing"],
    ["an empty state", "?code=canary-code&state=", "state_missing"],
    [
      "a denied consent",
      `?error=access_denied&error_description=canary-text&state=${STATE}`,
      "access_denied",
    ],
    ["a denied consent with a wrong state", "?error=access_denied&state=forged", "state_mismatch"],
    ["another error", `?error=temporarily_unavailable&state=${STATE}`, "temporarily_unavailable"],
    [
      "an error out of its alphabet",
      `?error=${encodeURIComponent("<script>")}&state=${STATE}`,
      "authorization_error",
    ],
    [
      "an error that repeats the code",
      `?error=canary-code&code=canary-code&state=${STATE}`,
      "authorization_error",
    ],
    [
      "an error that repeats the code in base64",
      `?error=Y2FuYXJ5LWNvZGU&code=canary-code&state=${STATE}`,
      "authorization_error",
    ],
    ["no code", `?state=${STATE}`, "code_missing"],
    ["an empty code", `?state=${STATE}&code=`, "code_missing"],
    ["two codes", `?state=${STATE}&code=canary-code&code=other`, "ambiguous"],
    ["two states", `?state=${STATE}&state=${STATE}&code=canary-code`, "ambiguous"],
    ["no query at all", "https://app.example/callback", "state_missing"],
  ];
  test.each(rows)("S-06 %s", async (_, callback, code) => {
    const server = await answering(http(200, JSON.stringify(CASES[3]!.body)));
    const app = createPetjeafClient({
      clientId: "c",
      clientSecret: "canary-secret",
      baseUrl: server.url,
    });
    for (const form of [
      callback,
      callback.replace("?", ""),
      new URL(callback, "https://app.example/callback"),
    ]) {
      if (form === callback.replace("?", "") && !callback.startsWith("?")) continue;
      const error = await failure(app.exchange(form, { state: STATE }));
      expect(error).toBeInstanceOf(CallbackError);
      expect(error).toMatchObject({ kind: "callback", code, retryable: false });
      expect(leaks(error, ["canary"])).toEqual([]);
    }
    expect(server.requests).toHaveLength(0);
  });

  test("S-06 the state cannot be left out, as when the browser session is gone", async () => {
    const app = createPetjeafClient({ clientId: "c", clientSecret: "s" });
    for (const state of ["", undefined as never]) {
      for (const query of ["?code=x&state=", "?code=x&state=undefined"])
        expect(await failure(app.exchange(query, { state }))).toMatchObject({
          kind: "callback",
          code: "state_missing",
        });
    }
    expect(await failure(app.exchange(undefined as never, { state: STATE }))).toMatchObject({
      kind: "configuration",
      option: "callbackUrlOrQuery",
    });
  });

  test("S-06 what stands in a fragment is not the callback's query", async () => {
    const app = createPetjeafClient({ clientId: "c", clientSecret: "s" });
    expect(
      await failure(
        app.exchange(`https://app.example/callback#code=x&state=${STATE}`, { state: STATE }),
      ),
    ).toMatchObject({ code: "state_missing" });
  });
});

describe.each(CASES)("$name: redirects of the token endpoint", ({ token, body }) => {
  test.each([307, 308])(
    "S-02 a %i to the same origin is followed once, with method and body",
    async (status) => {
      const server = await raw(
        (socket, n) =>
          void socket.end(
            n === 1 ? http(status, "", { location: "/moved" }) : http(200, JSON.stringify(body)),
          ),
      );
      expect(await token(server.url)).toMatchObject({ accessToken: "t-1" });
      expect(server.requests).toHaveLength(2);
      const [first = "", second = ""] = server.requests;
      expect(second).toMatch(/^POST \/moved/);
      expect(second.split("\r\n\r\n")[1]).toBe(first.split("\r\n\r\n")[1]);
      expect(/x-api-key: .*/.exec(second)?.[0]).toBe(/x-api-key: .*/.exec(first)?.[0]);
    },
  );

  test("S-02 a second one is refused", async () => {
    const server = await answering(http(307, "", { location: "/again" }));
    expect(await failure(token(server.url))).toBeInstanceOf(RedirectError);
    expect(server.requests).toHaveLength(2);
  });

  test.each([301, 302, 303, 307, 308])(
    "S-02 a %i to another origin is refused and nothing is sent there",
    async (status) => {
      const other = await answering(http(200, JSON.stringify(body)));
      const server = await answering(
        http(status, "", { location: `${other.url}/canary-path?canary-query` }),
      );
      const error = await failure(token(server.url));
      expect(error).toBeInstanceOf(RedirectError);
      expect(error).toMatchObject({ kind: "redirect", status, retryable: false });
      expect(other.requests).toHaveLength(0);
      expect(server.requests).toHaveLength(1);
      expect(leaks(error, [...ALL_SECRETS, "canary"])).toEqual([]);
    },
  );

  test.each(["https://127.0.0.1:1/x", "javascript:alert(1)", "http://", undefined])(
    "S-02 a 307 to %s is refused",
    async (location) => {
      const server = await answering(http(307, "", location === undefined ? {} : { location }));
      expect(await failure(token(server.url))).toBeInstanceOf(RedirectError);
    },
  );

  test.each([301, 302, 303])(
    "S-02 a %i to the same origin is refused, since it would drop the body",
    async (status) => {
      const server = await answering(http(status, "", { location: "/moved" }));
      expect(await failure(token(server.url))).toBeInstanceOf(RedirectError);
      expect(server.requests).toHaveLength(1);
    },
  );
});

describe.each(CASES)(
  "$name: faults of the network are typed, in time and retryable",
  ({ token, body }) => {
    const rows: [what: string, code: RegExp, answer: (socket: net.Socket) => void][] = [
      [
        "a reset before the answer",
        /ECONNRESET|UND_ERR_SOCKET/,
        (socket) => void socket.resetAndDestroy(),
      ],
      [
        "a connection closed before the answer",
        /UND_ERR_SOCKET|ECONNRESET/,
        (socket) => void socket.destroy(),
      ],
      ["a cut within the head", /./, (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-le")],
      [
        "a cut within the body",
        /./,
        (socket) => void socket.end(http(200, JSON.stringify(body)).slice(0, -5)),
      ],
      [
        "something that is not HTTP",
        /HPE_|./,
        (socket) => void socket.end("SSH-2.0-canary\r\n\r\n"),
      ],
      ["silence", /timeout/, () => undefined],
      [
        "silence after the head",
        /timeout/,
        (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"),
      ],
    ];
    test.each(rows)("%s", async (what, code, answer) => {
      const server = await raw(answer);
      const began = performance.now();
      const silent = what.startsWith("silence");
      const error = await failure(token(server.url, silent ? QUICK : {}));
      if (silent) expect(performance.now() - began).toBeLessThan(9000);
      expect(error).toBeInstanceOf(NetworkError);
      expect(error).toMatchObject({ kind: "network", retryable: true, maybeReceived: true });
      expect(error.code).toMatch(code);
      expect(leaks(error, [...ALL_SECRETS, "canary"])).toEqual([]);
    });

    test("a server that is down", async () => {
      const error = await failure(token(NOBODY));
      expect(error).toBeInstanceOf(NetworkError);
      expect(error).toMatchObject({
        kind: "network",
        code: "ECONNREFUSED",
        retryable: true,
        maybeReceived: false,
      });
    });

    test("a fetch that never settles and ignores its signal", async () => {
      const error = await failure(
        token("http://127.0.0.1:9", { ...QUICK, fetch: () => new Promise(() => undefined) }),
      );
      expect(error).toMatchObject({ kind: "network", code: "timeout", retryable: true });
    });
  },
);

describe.each(CASES)("$name: a server that echoes the credentials", ({ token, holds }) => {
  const echoing = (echo: string): Promise<RawServer> =>
    answering(
      http(
        400,
        JSON.stringify({
          error: echo,
          error_description: echo,
          detail: echo,
          message: echo,
          resultMessage: echo,
        }),
      ),
    );

  test.each([
    ["raw", (text: string) => text],
    ["percent-encoded", (text: string) => encodeURIComponent(text)],
    ["form-encoded", (text: string) => new URLSearchParams({ s: text }).toString()],
    ["in base64", (text: string) => Buffer.from(`user:${text}`).toString("base64")],
    ["in base64url", (text: string) => Buffer.from(`x${text}`).toString("base64url")],
    ["in hex", (text: string) => Buffer.from(text).toString("hex")],
    ["across the place where long texts are cut", (text: string) => "x".repeat(495) + text],
    ["across the place where codes are cut", (text: string) => "x".repeat(94) + text],
  ])("S-03 %s", async (_, encode) => {
    const server = await echoing(holds.map(encode).join(" "));
    const events: ClientEvent[] = [];
    const error = await failure(token(server.url, { onEvent: (event) => events.push(event) }));
    expect(error).toMatchObject({ status: 400 });
    expect(leaks(error, [...holds, "canar"])).toEqual([]); // Nor the beginning of one.
    for (const event of events)
      expect(leaks("error" in event ? event.error : event, holds)).toEqual([]);
  });
});

test("S-03 a text that repeats a credential too short to search for is withheld", async () => {
  const server = await answering(
    http(401, JSON.stringify({ error: "unauthorized_client", error_description: "not abc12" })),
  );
  const error = await failure(
    createApinizerClient({
      managerUrl: server.url,
      username: "u",
      password: "abc12",
    }).auth.getToken(),
  );
  expect(error).toMatchObject({ kind: "credentials", vendorCode: "unauthorized_client" });
  expect(leaks(error, ["abc12"])).toEqual([]);
});
