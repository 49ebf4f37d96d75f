/**
 * API calls with credentials: what the client puts on a request, redirects, and the recovery from a
 * 401.
 */
import type net from "node:net";
import { gzipSync } from "node:zlib";
import {
  apinizer as apinizerProvider,
  ConfigurationError,
  createApinizerClient,
  createClient,
  createGenLogsClient,
  createPetjeafClient,
  NetworkError,
  RedirectError,
  type CommonOptions,
  type Provider,
  type ProviderMeta,
} from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";
import { http, startRawServer, type RawServer } from "./support/raw-server.ts";
import { until } from "./support/wait.ts";

let sandbox: Sandbox;
const servers: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(async () => {
  await Promise.all([sandbox.close(), ...servers.splice(0).map((server) => server.close())]);
});
async function raw(answer: (socket: net.Socket, n: number) => void): Promise<RawServer> {
  const server = await startRawServer(answer);
  servers.push(server);
  return server;
}
const TOKEN = http(200, JSON.stringify({ access_token: "token-1", expires_in: 3600 }));
const TOKEN_2 = http(200, JSON.stringify({ access_token: "token-2", expires_in: 3600 }));
const static_ = (server: RawServer, options: CommonOptions = {}) =>
  createApinizerClient({ managerUrl: server.url, token: "made-by-hand", ...options });
const apinizer = (options: CommonOptions = {}) =>
  createApinizerClient({ ...sandbox.apinizer.options, now: sandbox.now, ...options });
const tokens = (): number => sandbox.apinizer.count("createToken");

test("T-20 a 401 renews the token and sends the call again, body and all", async () => {
  const server = await raw(
    (socket, n) => void socket.end([TOKEN, http(401, "{}"), TOKEN_2, http(200, "{}")][n - 1]!),
  );
  const client = createApinizerClient({ managerUrl: server.url, username: "u", password: "p" });
  const response = await client.fetch("/anything/", {
    method: "PUT",
    body: "the body",
    headers: { "x-mine": "kept" },
  });
  expect(response.status).toBe(200);
  const [, first = "", , second = ""] = server.requests;
  expect(first).toMatch(/^PUT \/apiops\/anything\/ /);
  expect([first, second].map((text) => /authorization: (.*)\r/i.exec(text)?.[1])).toEqual([
    "Bearer token-1",
    "Bearer token-2",
  ]);
  expect(second.replace("token-2", "token-1")).toBe(first);
});

test("T-20 a second 401 is returned as it is", async () => {
  const server = await raw(
    (socket, n) =>
      void socket.end(n === 1 ? TOKEN : n === 3 ? TOKEN_2 : http(401, `{"status":"FAILURE"}`)),
  );
  const { response, error } = await createApinizerClient({
    managerUrl: server.url,
    username: "u",
    password: "p",
  }).GET("/projects/");
  expect(response.status).toBe(401);
  expect(error).toEqual({ status: "FAILURE" });
  expect(server.requests).toHaveLength(4);
});

test("T-20 1,000 staggered 401s for one stale token make one token request", async () => {
  // On a busy machine the answer may take long between so many others; a second attempt would be a
  // second request.
  const client = apinizer({ timeouts: { attempt: 60_000, total: 60_000 } });
  await client.auth.getToken();
  sandbox.apinizer.revokeAccessTokens();
  const answers = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i / 5));
      return (await client.GET("/projects/")).response.status;
    }),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
  expect(tokens()).toBe(2);
});

test("T-20 at most one forced renewal in 30 s", async () => {
  const client = apinizer();
  for (let i = 0; i < 5; i += 1) {
    sandbox.apinizer.revokeAccessTokens();
    await client.GET("/projects/");
  }
  expect(tokens()).toBe(2);
  sandbox.advance(31_000);
  sandbox.apinizer.revokeAccessTokens();
  expect((await client.GET("/projects/")).response.status).toBe(200);
  expect(tokens()).toBe(3);
});

test("T-20 a body that cannot be had again is not sent again: the 401 comes back, and the next call has a new token", async () => {
  const server = await raw(
    (socket, n) => void socket.end([TOKEN, http(401, "{}"), TOKEN_2, http(200, "{}")][n - 1]!),
  );
  const client = createApinizerClient({ managerUrl: server.url, username: "u", password: "p" });
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("once"));
      controller.close();
    },
  });
  await client.auth.getToken();
  // A chunked body: the raw server sees its end by itself.
  expect((await client.fetch("/upload/", { method: "POST", body, duplex: "half" })).status).toBe(
    401,
  );
  expect((await client.fetch("/projects/")).status).toBe(200);
  expect(server.requests.map((text) => text.split(" ")[0])).toEqual([
    "POST",
    "POST",
    "POST",
    "GET",
  ]);
  expect(server.requests[3]).toContain("Bearer token-2");
});

test("T-20 a static token cannot be renewed: the 401 is returned", async () => {
  const server = await raw((socket) => void socket.end(http(401, "{}")));
  expect((await static_(server).GET("/projects/")).response.status).toBe(401);
  expect(server.requests).toHaveLength(1);
});

test("T-20 a static token from a function is asked for again", async () => {
  const server = await raw(
    (socket, n) => void socket.end(n === 1 ? http(401, "{}") : http(200, "{}")),
  );
  let n = 0;
  const client = createApinizerClient({
    managerUrl: server.url,
    token: () => `made-by-hand-${(n += 1)}`,
  });
  expect((await client.GET("/projects/")).response.status).toBe(200);
  expect(server.requests[1]).toContain("Bearer made-by-hand-2");
});

/** A vendor whose API refuses every token, with an answer whose body tells when it is cancelled. */
function refusing(renewal: () => Promise<Response>): {
  readonly fetch: typeof globalThis.fetch;
  readonly cancelled: () => number;
} {
  let logins = 0;
  let cancelled = 0;
  return {
    fetch: async (input) => {
      if ((input as string).endsWith("/auth/token"))
        return (logins += 1) === 1
          ? Response.json({ access_token: "token-1", expires_in: 3600 })
          : renewal();
      return new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(8)),
          cancel: () => {
            cancelled += 1;
          },
        }),
        { status: 401 },
      );
    },
    cancelled: () => cancelled,
  };
}

test("T-20 where the renewal after a 401 fails, the body of the 401 is not left open", async () => {
  const { fetch, cancelled } = refusing(async () =>
    Response.json({ error: "unauthorized_client" }, { status: 401 }),
  );
  const client = createApinizerClient({
    managerUrl: "https://m.example",
    username: "u",
    password: "p",
    fetch,
  });
  expect(await failure(client.fetch("/projects/"))).toMatchObject({ kind: "credentials" });
  expect(cancelled()).toBe(1);
});

test("T-20 where the caller gives up during the renewal after a 401, the body of the 401 is not left open", async () => {
  const abort = new AbortController();
  const { fetch, cancelled } = refusing(async () => {
    abort.abort(new Error("enough"));
    return Response.json({ access_token: "token-2", expires_in: 3600 });
  });
  const client = createApinizerClient({
    managerUrl: "https://m.example",
    username: "u",
    password: "p",
    fetch,
  });
  await expect(client.fetch("/projects/", { signal: abort.signal })).rejects.toThrow("enough");
  expect(cancelled()).toBe(1);
});

test("T-20 a 401 that comes once the client was closed is returned as it is", async () => {
  const server = await raw((socket, n) => {
    if (n === 1) socket.end(TOKEN);
    else setTimeout(() => socket.end(http(401, `{"status":"FAILURE"}`)), 100);
  });
  const client = createApinizerClient({ managerUrl: server.url, username: "u", password: "p" });
  await client.auth.getToken();
  const call = client.GET("/projects/");
  await until(() => server.requests.length === 2);
  await client.auth.close(); // It waits for requests of tokens, and not for those of the API.
  const { response, error } = await call;
  expect(response.status).toBe(401);
  expect(error).toEqual({ status: "FAILURE" });
  expect(server.requests).toHaveLength(2);
});

test("T-21 a 403 renews nothing, but for GenLogs at or past the token's expiry", async () => {
  const client = createGenLogsClient({ ...sandbox.genlogs.options, now: sandbox.now });
  await client.auth.getToken();
  const call = () => client.GET("/carrier/recommendations");
  sandbox.genlogs.fail({
    operation: "getCarrierRecommendations",
    status: 403,
    body: { message: "Permission required" },
  });
  expect((await call()).response.status).toBe(403);
  expect(sandbox.genlogs.count("createToken")).toBe(1);
  // The token runs out while the call is under way.
  sandbox.genlogs.fail({
    operation: "getCarrierRecommendations",
    status: 403,
    body: { message: "Token expired" },
    delay: 100,
  });
  const pending = call();
  await new Promise((resolve) => setTimeout(resolve, 50));
  sandbox.advance(3_601_000);
  expect((await pending).response.status).toBe(200);
  expect(sandbox.genlogs.count("createToken")).toBe(2);
});

test("T-22 a call whose token cannot be had is not sent", async () => {
  const client = createApinizerClient({ ...sandbox.apinizer.options, password: "wrong-password" });
  expect(await failure(client.GET("/projects/"))).toMatchObject({ kind: "credentials" });
  expect(await failure(client.fetch("/projects/"))).toMatchObject({ kind: "credentials" });
  expect(sandbox.apinizer.count("listProjects")).toBe(0);
});

test("a public operation takes no token", async () => {
  const client = createApinizerClient({ ...sandbox.apinizer.options, password: "wrong-password" });
  expect((await client.GET("/test/healthcheck")).data).toBe("OK");
  expect(tokens()).toBe(0);
});

test("a path that the spec does not know takes a token", async () => {
  const server = await raw((socket) => void socket.end(http(200, "{}")));
  await static_(server).fetch("/test/healthcheck/");
  expect(server.requests[0]).toContain("Bearer made-by-hand");
});

test("GenLogs' calls carry Access-Token and x-api-key, and no Authorization", async () => {
  const server = await raw(
    (socket, n) =>
      void socket.end(
        n === 1
          ? http(
              200,
              JSON.stringify({
                access_token_data: { token: "gl-token", expires: "2100-01-01T00:00:00" },
              }),
            )
          : http(200, `{"real_time_locs":[],"recommendations":[]}`),
      ),
  );
  await createGenLogsClient({
    apiKey: "gl-key",
    email: "e",
    password: "p",
    baseUrl: server.url,
  }).GET("/carrier/recommendations", { params: { query: { origin_city: "St. Louis+" } } });
  const [login = "", call = ""] = server.requests;
  expect(login).toContain("x-api-key: gl-key");
  expect(login).not.toMatch(/access-token|authorization/i);
  expect(call).toMatch(/^GET \/carrier\/recommendations\?origin_city=St\.%20Louis%2B /);
  expect(call).toMatch(/^access-token: gl-token\r$/im);
  expect(call).toContain("x-api-key: gl-key");
  expect(call).not.toMatch(/authorization/i);
});

describe("S-02 redirects of API calls", () => {
  test("to the same origin keep the credentials", async () => {
    const server = await raw(
      (socket, n) =>
        void socket.end(n === 1 ? http(307, "", { location: "/apiops/moved/" }) : http(200, "{}")),
    );
    await static_(server).fetch("/projects/", { method: "POST", body: "b" });
    expect(server.requests[1]).toMatch(/^POST \/apiops\/moved\/ /);
    expect(server.requests[1]).toContain("Bearer made-by-hand");
    expect(server.requests[1]).toMatch(/\r\n\r\nb$/);
  });

  test.each([301, 302, 303, 307, 308])("a %i to another origin drops them", async (status) => {
    const other = await raw((socket) => void socket.end(http(200, `{"status":"SUCCESS"}`)));
    const server = await raw(
      (socket, n) =>
        void socket.end(
          n === 1
            ? http(
                200,
                JSON.stringify({
                  access_token_data: { token: "gl-token", expires: "2100-01-01T00:00:00" },
                }),
              )
            : http(status, "", { location: `${other.url}/elsewhere` }),
        ),
    );
    const client = createGenLogsClient({
      apiKey: "gl-key",
      email: "e",
      password: "p",
      baseUrl: server.url,
    });
    await client.fetch("/carrier/recommendations", {
      headers: {
        cookie: "session=1",
        authorization: "Bearer mine",
        "x-custom-auth": "canary-of-mine",
        "accept-language": "nl",
      },
    });
    expect(other.requests).toHaveLength(1);
    expect(other.requests[0]).not.toMatch(/gl-token|gl-key|session=1|Bearer/);
    expect(other.requests[0]).toContain("accept-language: nl");
  });

  test("to another origin leave every header behind that may be a credential, and on the way back too", async () => {
    let home = "";
    const other = await raw(
      (socket) => void socket.end(http(302, "", { location: `${home}/apiops/home/` })),
    );
    const server = await raw(
      (socket, n) =>
        void socket.end(
          n === 1 ? http(302, "", { location: `${other.url}/elsewhere` }) : http(200, "{}"),
        ),
    );
    home = server.url;
    expect(
      (
        await static_(server).fetch("/projects/", {
          headers: { "x-custom-auth": "canary-of-mine", "x-trace": "t-1", range: "bytes=0-9" },
        })
      ).status,
    ).toBe(200);
    expect(server.requests[0]).toContain("x-custom-auth: canary-of-mine");
    for (const request of [other.requests[0], server.requests[1]]) {
      expect(request).not.toMatch(/canary-of-mine|x-trace|made-by-hand/);
      expect(request).toContain("range: bytes=0-9");
    }
  });

  test("a 401 from another origin says nothing about our token", async () => {
    const other = await raw((socket) => void socket.end(http(401, "{}")));
    const server = await raw(
      (socket, n) =>
        void socket.end(n === 1 ? TOKEN : http(302, "", { location: `${other.url}/elsewhere` })),
    );
    expect(
      (
        await createApinizerClient({ managerUrl: server.url, username: "u", password: "p" }).fetch(
          "/projects/",
        )
      ).status,
    ).toBe(401);
    expect(server.requests).toHaveLength(2);
  });

  test("a 303, and a 301 or 302 after POST, become GET without body", async () => {
    for (const status of [301, 302, 303]) {
      const server = await raw(
        (socket, n) =>
          void socket.end(
            n === 1 ? http(status, "", { location: "/apiops/result/" }) : http(200, "{}"),
          ),
      );
      await static_(server).fetch("/projects/", {
        method: "POST",
        body: "b",
        headers: { "content-type": "text/plain" },
      });
      expect(server.requests[1]).toMatch(/^GET \/apiops\/result\/ /);
      expect(server.requests[1]).not.toMatch(/content-type|content-length/i);
    }
  });

  test("endless ones, unreadable ones and those away from https are refused", async () => {
    const loop = await raw(
      (socket) => void socket.end(http(302, "", { location: "/apiops/again/" })),
    );
    expect(await failure(static_(loop).fetch("/projects/"))).toBeInstanceOf(RedirectError);
    expect(loop.requests).toHaveLength(21);
    const unreadable = await raw(
      (socket) => void socket.end(http(302, "", { location: "http://" })),
    );
    expect(await failure(static_(unreadable).fetch("/projects/"))).toBeInstanceOf(RedirectError);
    const responses = [
      new Response(null, {
        status: 302,
        headers: { location: "http://manager.example/apiops/projects/" },
      }),
    ];
    const client = createApinizerClient({
      managerUrl: "https://manager.example",
      token: "made-by-hand",
      fetch: async () => responses.pop()!,
    });
    expect(await failure(client.fetch("/projects/"))).toMatchObject({ kind: "redirect" });
  });

  test("the caller's own redirect mode is kept", async () => {
    const server = await raw(
      (socket) => void socket.end(http(302, "", { location: "/apiops/again/" })),
    );
    expect((await static_(server).fetch("/projects/", { redirect: "manual" })).status).toBe(302);
    expect(
      await failure(static_(server).fetch("/projects/", { redirect: "error" })),
    ).toBeInstanceOf(RedirectError);
  });
});

test("S-02 a request to another origin is refused, not sent with credentials", async () => {
  const server = await raw((socket) => void socket.end(http(200, "{}")));
  const client = createApinizerClient({
    managerUrl: "https://manager.example",
    token: "made-by-hand",
  });
  for (const input of [server.url, new URL(server.url), new Request(server.url)])
    expect(await failure(client.fetch(input))).toBeInstanceOf(ConfigurationError);
  expect(server.requests).toHaveLength(0);
});

describe("S-02 credentials stay below the base URL, and a path with dot segments is refused before it is read", () => {
  const sent: string[] = [];
  const fetch = async (input: unknown): Promise<Response> => {
    sent.push(String(input));
    return Response.json({});
  };
  const manager = () =>
    createApinizerClient({ managerUrl: "https://manager.example", token: "made-by-hand", fetch });
  beforeEach(() => sent.splice(0));

  test.each([
    "/../admin",
    "/projects/../../admin",
    "/projects/..",
    "/..",
    "/.",
    "/./x",
    "/%2e%2e/admin",
    "/.%2E/admin",
    "/\\../admin",
    "/..\\admin",
    "/.\t./admin",
    "/.\n./admin",
    "/..%2fadmin",
    "/a%2F..%2Fb",
    "/..;a=b/admin",
    "/..?x=1",
    "/..#x",
    "/projects/.. ",
    "/projects/..\0",
    "/projects/%2e%2e ",
    "/projects/..%20",
    "/projects/..%00/x",
    "/projects/%252e%252e/x",
    "/projects/%25252e%25252e/x",
    "/projects/%25%32%65%2e",
    "/a%252f..%252fb",
    "https://manager.example/apiops/projects/.. ",
    "/ ..",
    "/a/..%3bx/b",
    "https://manager.example/apiops/../admin",
    "https:\\\\manager.example\\apiops\\..\\admin",
    "https://manager.example/admin",
    "https://manager.example/apiopsx/",
    "https://manager.example/apiops",
    "https://manager.example/",
  ])("client.fetch(%j)", async (input) => {
    const error = await failure(manager().fetch(input));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(sent).toEqual([]);
  });

  test.each([
    new URL("https://manager.example/admin"),
    new Request("https://manager.example/apiops/../admin"),
  ])("client.fetch(%s), that was read elsewhere", async (input) => {
    expect(await failure(manager().fetch(input))).toMatchObject({
      kind: "configuration",
      option: "baseUrl",
    });
    expect(sent).toEqual([]);
  });

  test.each([
    "https://manager.example/apiops/projects/..%2f..%2fadmin",
    "https://manager.example/apiops/a/..;/b",
  ])(
    "a request to %s that somebody else made, with one that another server would read",
    async (url) => {
      expect(await failure(manager().fetch(new Request(url)))).toMatchObject({
        kind: "configuration",
        option: "path",
      });
      const client = manager();
      client.use({ onRequest: () => new Request(url) });
      expect(await failure(client.GET("/projects/"))).toMatchObject({
        kind: "configuration",
        option: "path",
      });
      expect(sent).toEqual([]);
    },
  );

  test("a call with a `Request` of its own is looked at as well, and what a middleware throws is its own", async () => {
    const made: string[] = [];
    class OwnRequest extends Request {
      constructor(...args: ConstructorParameters<typeof Request>) {
        super(...args);
        made.push(args[0] as string);
      }
    }
    for (const Own of [undefined, OwnRequest] as const) {
      const client = manager();
      const meta = { Request: Own } as Record<string, unknown>;
      expect(
        await failure(
          client.GET("/projects/{x}/b" as "/projects/", {
            ...meta,
            params: { path: { x: ".." } } as never,
          }),
        ),
      ).toMatchObject({ kind: "configuration", option: "path" });
      expect((await client.GET("/projects/", meta)).response.status).toBe(200);
      expect(sent.splice(0)).toHaveLength(1);
      for (const message of ["mine", "terminated"]) {
        const throwing = manager();
        throwing.use({
          onResponse: () => {
            throw new Error(message);
          },
        });
        expect(await failure(throwing.GET("/projects/", meta))).toEqual(new Error(message));
      }
      sent.splice(0);
    }
    expect(made).toHaveLength(3);
  });

  test.each([
    "/projects/a..b/",
    "/projects/.../",
    "/projects/.env/",
    "/projects/..%20x/",
    "/100%25..%25/",
    "/projects/%ff../",
    "/projects/?path=../x",
    "/projects/#../x",
    "https://manager.example/apiops/projects/",
    "/a;b/..c;/",
  ])("client.fetch(%j) is sent", async (input) => {
    expect((await manager().fetch(input)).status).toBe(200);
    expect(sent).toHaveLength(1);
  });

  test.each(["..", ".", "../..", "..\\..", "../admin"])("a path parameter %j", async (id) => {
    const meta: ProviderMeta = {
      ...apinizerProvider.meta,
      operations: { "GET /projects/{id}/x": { id: "x", security: ["bearer"] } },
    };
    const client = createClient(
      { ...apinizerProvider, meta } as unknown as Provider<
        Paths,
        { managerUrl: string; token: string }
      >,
      { managerUrl: "https://manager.example", token: "made-by-hand", fetch },
    );
    expect(
      await failure(client.GET("/projects/{id}/x", { params: { path: { id } } })),
    ).toMatchObject({ kind: "configuration", option: "path" });
    expect(sent).toEqual([]);
    expect(
      (
        await client.GET("/projects/{id}/x", {
          params: { path: { id: `a${id.replaceAll(".", "")}` } },
        })
      ).response.status,
    ).toBe(200);
  });

  test.each([
    ["input", () => manager().fetch("//user:canary-password@host/x")],
    [
      "input",
      () => manager().fetch("https://user:canary-password@manager.example/apiops/projects/"),
    ],
    ["input", () => manager().fetch("https://user:canary-password@")],
    [
      "baseUrl",
      () =>
        manager().GET("/projects/", {
          baseUrl: "https://user:canary-password@manager.example/apiops",
        }),
    ],
    [
      "baseUrl",
      () =>
        manager().GET("/projects/", { baseUrl: "//user:canary-password@manager.example/apiops" }),
    ],
    ["baseUrl", () => manager().GET("/projects/", { baseUrl: "https://manager.example" })],
    [
      "init",
      () => manager().fetch("/projects/", { headers: { "x-custom": "canary-password\n" + "x" } }),
    ],
    ["init", () => manager().fetch("/projects/", { method: "canary-password " })],
    ["init", () => manager().GET("/projects/", { headers: { "x custom": "canary-password" } })],
    [
      "init",
      () =>
        manager().GET("/projects/", { params: { query: { a: "canary-password\ud800" } } as never }),
    ],
    [
      "init",
      () =>
        manager().GET("/projects/canary-password{x}" as "/projects/", {
          params: { path: { x: "\ud800" } } as never,
        }),
    ],
    ["init", () => manager().POST("/projects/" as never, { body: { n: 1n } } as never)],
  ])(
    "S-03 an address or options that cannot be used (`%s`) are a configuration error that quotes nothing",
    async (option, use) => {
      const error = await failure(use());
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ option });
      expect(leaks(error, ["canary-password"])).toEqual([]);
      expect(sent).toEqual([]);
    },
  );
});

describe("the size of an answer is bounded", () => {
  const chunked = (body: Buffer | string, headers = ""): Buffer => {
    const bytes = Buffer.from(body);
    return Buffer.concat([
      Buffer.from(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n${headers}\r\n${bytes.length.toString(16)}\r\n`,
      ),
      bytes,
      Buffer.from("\r\n0\r\n\r\n"),
    ]);
  };
  const json = (size: number): string =>
    `{"status":"SUCCESS","resultList":"${"a".repeat(size - 36)}"}`;
  const bomb = gzipSync(json(40 << 20));
  const client = (server: RawServer, maxAnswerBytes?: number) =>
    createApinizerClient({
      managerUrl: server.url,
      token: "made-by-hand",
      ...(maxAnswerBytes === undefined ? {} : { maxAnswerBytes }),
    });
  const tooLarge = {
    name: "ContractError",
    kind: "contract",
    pointer: "",
    message: expect.stringContaining("maxAnswerBytes"),
  };

  test.each([
    ["announced", http(200, json(1001))],
    ["in chunks", chunked(json(1001))],
    ["compressed", chunked(gzipSync(json(1001)), "content-encoding: gzip\r\n")],
    [
      "compressed, with the length of what is sent",
      http(200, "", {
        "content-length": String(gzipSync(json(1001)).length),
        "content-encoding": "gzip",
      }) + gzipSync(json(1001)).toString("latin1"),
    ],
  ])("one that is larger, %s, is a contract error; one byte less is not", async (_, answer) => {
    const server = await raw(
      (socket) =>
        void socket.end(typeof answer === "string" ? Buffer.from(answer, "latin1") : answer),
    );
    expect(await failure(client(server, 1000).GET("/projects/"))).toMatchObject(tooLarge);
    expect(
      await failure((async () => (await client(server, 1000).fetch("/projects/")).text())()),
    ).toMatchObject(tooLarge);
    expect(
      await failure(
        (async () =>
          new Response(
            (await client(server, 1000).GET("/projects/", { parseAs: "stream" })).data,
          ).text())(),
      ),
    ).toMatchObject(tooLarge);
    expect((await client(server, 1001).GET("/projects/")).data).toMatchObject({
      status: "SUCCESS",
    });
  });

  test("by default nobody's 40 kB become 40 MiB", async () => {
    expect(bomb.length).toBeLessThan(50_000);
    const server = await raw(
      (socket) => void socket.end(chunked(bomb, "content-encoding: gzip\r\n")),
    );
    expect(await failure(client(server).GET("/projects/"))).toMatchObject(tooLarge);
    expect((await client(server, Infinity).fetch("/projects/")).status).toBe(200);
  });

  test("an error's answer is bounded as well", async () => {
    const server = await raw(
      (socket) =>
        void socket.end(
          Buffer.from(chunked(json(1001)).toString().replace("200 OK", "500 Failed")),
        ),
    );
    expect(await failure(client(server, 1000).GET("/projects/"))).toMatchObject({
      ...tooLarge,
      status: 500,
    });
  });

  test.each([
    ["HTTP/1.1 999 Request denied", 999, "Request denied"],
    ["HTTP/1.1 600 x", 600, "x"],
    ["HTTP/1.1 400 F\xfcr", 400, "F\xfcr"],
    ["HTTP/1.1 404 a\x01b", 404, "a\x01b"],
  ])(
    "an answer that begins with %j is counted too, and an error by its status",
    async (line, status) => {
      const text = Buffer.from(
        `${line}\r\n${chunked(json(1001)).toString("latin1").split("\r\n").slice(1).join("\r\n")}`,
        "latin1",
      );
      const server = await raw((socket) => void socket.end(text));
      const answer = await client(server).fetch("/projects/");
      expect(answer).toMatchObject({ status, ok: false });
      expect(answer.clone()).toMatchObject({ status, ok: false });
      const one = client(server);
      expect(one.toError(await one.GET("/projects/"))).toMatchObject({ status });
      expect(await failure(client(server, 1000).GET("/projects/"))).toMatchObject(tooLarge);
    },
  );

  test("a chunk that is none is a network error, and what cannot be decompressed breaks the contract", async () => {
    const server = await raw(
      (socket) =>
        void socket.end(Buffer.concat([chunked(json(500)).subarray(0, -5), Buffer.from("zz\r\n")])),
    );
    expect(await failure(client(server).GET("/projects/"))).toMatchObject({
      kind: "network",
      maybeReceived: true,
    });
    // As undici says it of broken gzip and brotli. (Garbage from the first byte on hangs `fetch` of
    // Node 20, with and without this package.)
    for (const code of [
      "Z_DATA_ERROR",
      "Z_BUF_ERROR",
      "ERR__ERROR_FORMAT_PADDING_1",
      "ERR_BROTLI_DECODER_ERROR_UNREACHABLE",
      "ZSTD_error_prefix_unknown",
    ]) {
      const fetch = async (): Promise<Response> =>
        new Response(
          new ReadableStream({
            pull: (controller) => {
              controller.error(
                new TypeError("terminated", { cause: Object.assign(new Error("x"), { code }) }),
              );
            },
          }),
        );
      expect(
        await failure(
          createApinizerClient({
            managerUrl: "https://m.example",
            token: "made-by-hand",
            fetch,
          }).GET("/projects/"),
        ),
      ).toMatchObject({ kind: "contract", code: code.toUpperCase(), retryable: false });
    }
  });

  test("what is counted is otherwise the answer that came: address, status, headers, and a copy of it too", async () => {
    const server = await raw((socket) => void socket.end(chunked(json(100), "x-mine: 1\r\n")));
    const answer = await client(server).fetch("/projects/");
    for (const one of [answer, answer.clone(), answer.clone().clone()]) {
      expect(one).toMatchObject({
        url: `${server.url}/apiops/projects/`,
        status: 200,
        redirected: false,
        ok: true,
      });
      expect(one.headers.get("x-mine")).toBe("1");
      expect(await one.json()).toMatchObject({ status: "SUCCESS" });
    }
  });

  test("inside, where a server may look that it is handed on to, it is the answer that came, too", async () => {
    const server = await raw(
      (socket) =>
        void socket.end(Buffer.from(chunked(json(100)).toString().replace("200 OK", "404 Nope"))),
    );
    const answer = await client(server).fetch("/projects/");
    for (const one of [answer, answer.clone()]) {
      const inside = (name: "status" | "statusText" | "ok"): unknown =>
        Object.getOwnPropertyDescriptor(Response.prototype, name)!.get!.call(one);
      expect([inside("status"), inside("statusText"), inside("ok")]).toEqual([404, "Nope", false]);
    }
  });

  test("one of a `fetch` that has no web streams is given as it came", async () => {
    const own = {
      status: 200,
      ok: true,
      headers: new Headers(),
      body: { pipe: () => undefined },
      json: async () => ({}),
    };
    expect(
      await createApinizerClient({
        managerUrl: "https://m.example",
        token: "made-by-hand",
        fetch: async () => own as never,
      }).fetch("/projects/"),
    ).toBe(own);
  });

  test("one that is cut while it is read is a network error all the same", async () => {
    const server = await raw(
      (socket) => void socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a"'),
    );
    expect(await failure(client(server).GET("/projects/"))).toMatchObject({ kind: "network" });
  });

  test.each([0, -1, 1.5, "1", Number.NaN])("a limit of %p is a configuration error", (limit) => {
    expect(() =>
      createApinizerClient({
        managerUrl: "https://m.example",
        token: "t",
        maxAnswerBytes: limit as number,
      }),
    ).toThrow(expect.objectContaining({ kind: "configuration", option: "maxAnswerBytes" }));
  });
});

interface Paths {
  "/projects/{id}/x": {
    get: {
      parameters: { path: { id: string } };
      responses: {
        200: { headers: Record<string, unknown>; content: { "application/json": object } };
      };
    };
  };
}

test("an API call that fails on the way is a typed network error; one that the caller aborts is the caller's", async () => {
  const server = await raw((socket, n) => void (n === 1 ? socket.destroy() : undefined));
  const error = await failure(static_(server).GET("/projects/"));
  expect(error).toBeInstanceOf(NetworkError);
  expect(error).toMatchObject({ provider: "apinizer", retryable: true });
  const reason = new Error("enough");
  const abort = new AbortController();
  setTimeout(() => abort.abort(reason), 50);
  await expect(static_(server).GET("/projects/", { signal: abort.signal })).rejects.toBe(reason);
});

test("an answer that is no JSON is a contract error that does not repeat it", async () => {
  const server = await raw((socket) => void socket.end(http(200, "<html>canary</html>")));
  const error = await failure(static_(server).GET("/projects/"));
  expect(error).toMatchObject({ kind: "contract", pointer: "" });
  expect(JSON.stringify(error) + error.message + String(error.stack)).not.toContain("canary");
});

test("form bodies of typed calls are form-encoded, whatever headers the caller adds", async () => {
  const server = await raw((socket) => void socket.end(http(400, "{}")));
  const app = createPetjeafClient({ clientId: "c", clientSecret: "s", baseUrl: server.url });
  const body = {
    grant_type: "authorization_code",
    client_id: "c",
    client_secret: "a b+c",
    code: "x&y",
  } as const;
  for (const headers of [
    undefined,
    { "content-type": "application/json", "x-mine": "1" },
    new Headers({ "x-mine": "1" }),
    [["x-mine", "1"]] as [string, string][],
  ]) {
    await app.session("k").POST("/oauth2/tokens", { body, ...(headers ? { headers } : {}) });
    const request = server.requests.at(-1) ?? "";
    expect(request).toMatch(/content-type: application\/x-www-form-urlencoded\r\n/i);
    expect(request).toMatch(
      /\r\n\r\ngrant_type=authorization_code&client_id=c&client_secret=a\+b%2Bc&code=x%26y$/,
    );
    expect(/x-mine: 1/.test(request)).toBe(headers !== undefined);
  }
});
