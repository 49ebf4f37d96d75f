/**
 * The recipes of docs/recipes.md: a private CA and a corporate proxy, with an undici dispatcher in
 * the `fetch` option.
 */
import https from "node:https";
import net from "node:net";
import { generate } from "selfsigned";
import { Agent, fetch as undiciFetch, ProxyAgent, type Dispatcher } from "undici";
import { createApinizerClient, NetworkError } from "../src/index.ts";
import { failure } from "./support/clients.ts";

const HOST = "manager.example";
let ca: string;
let port: number;
let server: https.Server;
const seen: string[] = [];

beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: "commonName", value: HOST }], {
    extensions: [
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: HOST },
          { type: 2, value: "localhost" },
        ],
      },
    ],
  });
  ca = cert;
  server = https.createServer({ key, cert }, (request, response) => {
    request.resume().on("end", () => {
      seen.push(`${request.method ?? ""} ${request.url ?? ""}`);
      response.setHeader("content-type", "application/json");
      response.end(
        request.method === "POST"
          ? `{"access_token":"a-token","expires_in":3600}`
          : `{"status":"SUCCESS","resultList":[]}`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as net.AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void seen.splice(0));

/** As docs/recipes.md has it. */
const through = (dispatcher: Dispatcher): typeof fetch =>
  ((url: string, init: object) =>
    undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch;
const client = (managerUrl: string, fetch?: typeof globalThis.fetch) =>
  createApinizerClient({
    managerUrl,
    username: "user",
    password: "not-a-real-password",
    ...(fetch ? { fetch } : {}),
  });

test("a certificate that is not trusted is a network error that says so, and is not retried", async () => {
  const error = await failure(client(`https://localhost:${port}`).auth.getToken());
  expect(error).toBeInstanceOf(NetworkError);
  expect(error).toMatchObject({
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    retryable: false,
    maybeReceived: false,
  });
  expect(seen).toEqual([]);
});

test("a private CA", async () => {
  const agent = new Agent({ connect: { ca } });
  const { response } = await client(`https://localhost:${port}`, through(agent)).GET("/projects/");
  expect(response.status).toBe(200);
  expect(seen).toEqual(["POST /apiops/auth/token", "GET /apiops/projects/"]);
  await agent.destroy();
});

test("a corporate proxy, with a private CA behind it", async () => {
  const connects: string[] = [];
  const sockets = new Set<net.Socket>();
  const proxy = net.createServer((socket) => {
    sockets.add(socket);
    socket
      .on("error", () => undefined)
      .once("data", (head) => {
        connects.push(head.toString().split("\r\n")[0] ?? "");
        const upstream = net
          .connect(port, "127.0.0.1", () => {
            socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
            socket.pipe(upstream).pipe(socket);
          })
          .on("error", () => undefined);
      });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const agent = new ProxyAgent({
    uri: `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`,
    requestTls: { ca },
  });
  try {
    const { response } = await client(`https://${HOST}`, through(agent)).GET("/projects/");
    expect(response.status).toBe(200);
    expect(new Set(connects)).toEqual(new Set([`CONNECT ${HOST}:443 HTTP/1.1`]));
    expect(seen).toEqual(["POST /apiops/auth/token", "GET /apiops/projects/"]);
  } finally {
    await agent.destroy();
    proxy.close();
    for (const socket of sockets) socket.destroy();
  }
});
