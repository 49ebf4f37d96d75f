/**
 * Every failure of a request or an answer is a typed error that names operation and host, however
 * the answer is read.
 */
import type net from "node:net";
import { gzipSync } from "node:zlib";
import {
  ConfigurationError,
  ContractError,
  createApinizerClient,
  createGenLogsClient,
  createPetjeafClient,
  NetworkError,
  type ApinizerClient,
} from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure, storeWith } from "./support/clients.ts";
import { http, startRawServer, type RawServer } from "./support/raw-server.ts";
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
const byHand = (managerUrl: string, fetch?: unknown): ApinizerClient =>
  createApinizerClient({
    managerUrl,
    token: "t",
    ...(fetch ? { fetch: fetch as typeof globalThis.fetch } : {}),
  });
const hostOf = ({ url }: RawServer): string => new URL(url).host;

/** Good but for its checksum, so that the decompression fails once all of it was read. */
const broken = (): Buffer => {
  const bytes = gzipSync(
    JSON.stringify({
      status: "SUCCESS",
      resultList: Array.from({ length: 5000 }, (_, i) => ({ name: `project-${i * 7919}` })),
    }),
  );
  bytes.fill(0xff, bytes.length - 8);
  return Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${bytes.length}\r\nconnection: close\r\n\r\n`,
    ),
    bytes,
  ]);
};
const readers: [
  how: string,
  read: (client: ApinizerClient, init?: RequestInit) => Promise<unknown>,
][] = [
  ["client.GET", (client, init = {}) => client.GET("/projects/", init as Record<string, unknown>)],
  ["text()", async (client, init) => (await client.fetch("/projects/", init)).text()],
  ["json()", async (client, init) => (await client.fetch("/projects/", init)).json()],
  ["arrayBuffer()", async (client, init) => (await client.fetch("/projects/", init)).arrayBuffer()],
  [
    "a clone's text()",
    async (client, init) => (await client.fetch("/projects/", init)).clone().text(),
  ],
  [
    "body, chunk by chunk",
    async (client, init) => {
      for await (const chunk of (await client.fetch("/projects/", init)).body!) void chunk;
    },
  ],
  [
    "parseAs: stream",
    async (client, init) =>
      new Response(
        (
          await client.GET("/projects/", {
            parseAs: "stream",
            ...(init as Record<string, unknown>),
          })
        ).data,
      ).text(),
  ],
];

describe.each(readers)("an answer's body that fails is a typed error: %s", (_, read) => {
  test("one that cannot be decompressed breaks the contract", async () => {
    const server = await raw((socket) => void socket.end(broken()));
    const error = await failure(read(byHand(server.url)));
    expect(error).toBeInstanceOf(ContractError);
    expect(error).toMatchObject({
      kind: "contract",
      pointer: "",
      status: 200,
      operation: "listProjects",
      host: hostOf(server),
      message: expect.stringContaining("cannot be decompressed"),
    });
  });

  test.each([
    ["with a length", http(200, `{"status":"SUCCESS"}`, { "content-length": "500" })],
    ["in chunks", `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a"`],
  ])("one that is cut, %s, is a network error", async (__, text) => {
    const server = await raw((socket) => void socket.end(text));
    const error = await failure(read(byHand(server.url)));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({
      kind: "network",
      retryable: true,
      maybeReceived: true,
      operation: "listProjects",
      host: hostOf(server),
    });
  });

  test("an abort by the caller is the signal's reason", async () => {
    const reason = new Error("enough");
    const abort = new AbortController();
    const server = await raw(
      (socket) =>
        void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"a"`, () =>
          setTimeout(() => abort.abort(reason), 100),
        ),
    );
    await expect(read(byHand(server.url), { signal: abort.signal })).rejects.toBe(reason);
  });
});

test("a body that is read is the whole of it, with a length or in chunks, at once or into a buffer of the reader's", async () => {
  const text = JSON.stringify({ status: "SUCCESS", resultMessage: "é".repeat(100_000) });
  const chunks = Buffer.from(text);
  const server = await raw(
    (socket, n) =>
      void socket.end(
        n % 2 === 0
          ? http(200, text)
          : Buffer.concat([
              Buffer.from(
                `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n${chunks.length.toString(16)}\r\n`,
              ),
              chunks,
              Buffer.from("\r\n0\r\n\r\n"),
            ]),
      ),
  );
  for (let i = 0; i < 2; i += 1) {
    expect(await (await byHand(server.url).fetch("/projects/")).text()).toBe(text);
    const reader = (await byHand(server.url).fetch("/projects/")).body!.getReader({ mode: "byob" });
    const parts: Buffer[] = [];
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(10_000));
      if (done) break;
      parts.push(Buffer.from(value));
    }
    expect(Buffer.concat(parts).toString()).toBe(text);
  }
});

describe("a `fetch` option that gives no Response is a configuration error that names it", () => {
  const gifts: [what: string, gift: unknown][] = [
    ["nothing", undefined],
    ["a text", "{}"],
    ["a plain object", { ok: true, data: {} }],
    [
      "an object without Headers",
      { status: 200, ok: true, headers: {}, body: null, text: async () => "{}" },
    ],
    [
      "an object whose members throw",
      new Proxy(
        {},
        {
          get: (_, name) => {
            if (name === "then") return undefined;
            throw new Error("canary");
          },
        },
      ),
    ],
  ];
  test.each(gifts)("%s", async (_, gift) => {
    const given = async (): Promise<never> => gift as never;
    const uses = [
      byHand("https://m.example", given).GET("/projects/"),
      byHand("https://m.example", given).fetch("/projects/"),
      createApinizerClient({
        managerUrl: "https://m.example",
        username: "u",
        password: "p",
        fetch: given,
      }).auth.getToken(),
    ];
    for (const use of uses) {
      const error = await failure(use);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ option: "fetch", host: "m.example", retryable: false });
      expect(leaks(error, ["canary"])).toEqual([]);
    }
  });

  test("an answer without web streams for a token, without text() for a typed call, or of something else than bytes", async () => {
    const like = {
      status: 200,
      ok: true,
      headers: new Headers(),
      body: { pipe: () => undefined },
      json: async () => ({}),
    };
    expect(
      await failure(
        createApinizerClient({
          managerUrl: "https://m.example",
          username: "u",
          password: "p",
          fetch: async () => like as never,
        }).auth.getToken(),
      ),
    ).toMatchObject({ kind: "configuration", option: "fetch" });
    expect(
      await failure(byHand("https://m.example", async () => like).GET("/projects/")),
    ).toMatchObject({ kind: "configuration", option: "fetch", operation: "listProjects" });
    const texts = async (): Promise<Response> =>
      new Response(
        new ReadableStream({
          start: (controller) => {
            controller.enqueue("{}" as never);
            controller.close();
          },
        }),
      );
    expect(await failure(byHand("https://m.example", texts).GET("/projects/"))).toMatchObject({
      kind: "configuration",
      option: "fetch",
    });
  });
});

describe("a stream as a body needs no `duplex`", () => {
  const stream = (): ReadableStream =>
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode("once"));
        controller.close();
      },
    });
  async function* generator(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode("once");
  }

  test.each([
    ["a ReadableStream", stream],
    ["an async iterable", generator],
  ])("%s", async (_, make) => {
    const bodies: unknown[] = [];
    const fetch = async (
      __: unknown,
      init: RequestInit & { duplex?: string },
    ): Promise<Response> => {
      bodies.push(await new Response(init.body).text(), init.duplex);
      return Response.json({});
    };
    const client = byHand("https://m.example", fetch);
    expect((await client.fetch("/upload/", { method: "POST", body: make() as never })).status).toBe(
      200,
    );
    expect(
      (
        await client.fetch("/upload/", {
          method: "POST",
          body: make() as never,
          duplex: undefined,
        } as unknown as RequestInit)
      ).status,
    ).toBe(200);
    expect(bodies).toEqual(["once", "half", "once", "half"]);
    expect(
      (
        (await client.request(
          "post",
          "/upload/" as never,
          { body: make(), bodySerializer: (body: unknown) => body } as never,
        )) as { response: Response }
      ).response.status,
    ).toBe(200);
    expect(bodies[4]).toBe("once");
  });
});

describe("an error names the operation and the host, and never a path or a query", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.close());

  test("of a token request: a refusal, a cut, a breach, a redirect, and each copy of it", async () => {
    const answers: [string, RegExp][] = [
      [
        http(401, `{"detail":"no"}`),
        /^genlogs: createToken at 127\.0\.0\.1:\d+: The credentials were refused \(401, no\)\.$/,
      ],
      ["", /^genlogs: createToken at 127\.0\.0\.1:\d+: The token endpoint could not be reached/],
      [
        http(200, "{}"),
        /^genlogs: createToken at 127\.0\.0\.1:\d+: The token answer breaks the contract at \/access_token_data/,
      ],
      [
        http(302, "", { location: "/elsewhere?canary" }),
        /^genlogs: createToken at 127\.0\.0\.1:\d+: The token endpoint redirected/,
      ],
    ];
    for (const [text, message] of answers) {
      const server = await raw((socket) => void socket.end(text));
      const client = createGenLogsClient({
        apiKey: "k",
        email: "e@example.com",
        password: "canary-password",
        credentialsIn: "query",
        baseUrl: server.url,
      });
      const errors = await Promise.all([
        failure(client.auth.getToken()),
        failure(client.auth.getToken()),
      ]);
      for (const error of errors) {
        expect(error).toMatchObject({
          provider: "genlogs",
          operation: "createToken",
          host: hostOf(server),
          message: expect.stringMatching(message),
        });
        expect(leaks(error, ["canary"])).toEqual([]);
      }
      expect((await client.auth.explain()).lastFailure?.message).toMatch(message);
    }
  });

  test("of a token request that does not end in time, and of a refresh", async () => {
    const server = await raw(() => undefined);
    const refresh = createPetjeafClient({
      clientId: "c",
      clientSecret: "s",
      baseUrl: server.url,
      store: storeWith("r"),
      timeouts: { attempt: 1000, total: 3000 },
    }).session("me");
    expect((await failure(refresh.auth.getToken())).message).toBe(
      `petjeaf: createToken at ${hostOf(server)}: The token endpoint did not answer in time.`,
    );
  });

  test("of an API call, thrown or made by toError; without an operation, where the spec knows none", async () => {
    const client = createApinizerClient(sandbox.apinizer.options);
    const host = new URL(sandbox.url).host;
    sandbox.apinizer.fail({
      operation: "listProjects",
      status: 400,
      body: { status: "FAILURE", resultMessage: "No" },
    });
    const refused = await client.GET("/projects/");
    expect(client.toError(refused)).toMatchObject({
      kind: "rejected",
      operation: "listProjects",
      host,
      message: `apinizer: listProjects at ${host}: The call was refused (400, FAILURE: No).`,
    });
    const unknown = await client.fetch("/canary/?canary=1");
    expect(client.toError({ response: unknown })).toMatchObject({
      status: 404,
      host,
      message: `apinizer: ${host}: The call was refused (404).`,
    });
    expect(client.toError({ response: unknown }).operation).toBeUndefined();
    expect(client.toError({ response: unknown.clone() }).host).toBe(host);
    expect(client.toError({ response: new Response("", { status: 404 }) })).toMatchObject({
      provider: "apinizer",
      message: "apinizer: The call was refused (404).",
    });
    const down = byHand("http://127.0.0.1:9");
    expect(await failure(down.GET("/projects/"))).toMatchObject({
      kind: "network",
      operation: "listProjects",
      host: "127.0.0.1:9",
      message: expect.stringMatching(
        /^apinizer: listProjects at 127\.0\.0\.1:9: The API could not/,
      ),
    });
  });

  test("of an answer that a middleware put in its place", async () => {
    const client = byHand("https://m.example", async () => Response.json({}));
    client.use({ onResponse: () => new Response("<html>", { status: 502 }) });
    expect(client.toError(await client.GET("/projects/"))).toMatchObject({
      kind: "server",
      operation: "listProjects",
      host: "m.example",
    });
  });

  test("S-03 of a redirect: the host that was asked, not the one that an answer named", async () => {
    const server = await raw(
      (socket) => void socket.end(http(302, "", { location: "http://canary.localhost:9/x" })),
    );
    const error = await failure(byHand(server.url).GET("/projects/"));
    expect(error).toMatchObject({
      kind: "network",
      operation: "listProjects",
      host: hostOf(server),
      message: expect.stringContaining("The server that a redirect led to could not be reached"),
    });
    expect(leaks(error, ["canary"])).toEqual([]);
  });
});
