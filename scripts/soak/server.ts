/**
 * The vendors in a separate process, so that their memory is not measured as memory of the clients:
 * two sandboxes, with tokens that live 3 s and 30 s, behind a proxy that harms requests. Each
 * request has a number, and the proxy reports the numbers of the requests that it harms. No other
 * failure is excused.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import {
  isTokenPath,
  LIVES,
  NUMBER,
  SENT,
  PROVIDERS,
  type FromServer,
  type Harm,
  type Life,
  type Options,
  type ProviderName,
} from "./protocol.ts";

const tell = (message: FromServer): void => void process.send?.(message);

/**
 * How many of a thousand requests suffer each harm. Token requests are rare, so that their rates
 * are higher.
 */
const RATES: readonly (readonly [harm: Harm, ofCalls: number, ofTokenRequests: number])[] = [
  ["503", 3, 40],
  ["503 with Retry-After", 1, 20],
  ["429", 2, 20],
  ["cut before", 2, 20],
  ["cut after", 1, 20],
];
/**
 * ms from the start to the first revocation, and between two revocations. A client renews at most
 * once in 30 s because of a 401 (rule T-20), so that it recovers from each revocation.
 */
const FIRST_REVOCATION = 1000,
  REVOCATION = 40_000;

const sandboxes = new Map<Life, Sandbox>();
for (const life of LIVES) {
  const sandbox = await startSandbox();
  for (const name of PROVIDERS) sandbox[name].settings.tokenLifetime = life;
  // With grace, a cut answer costs no session, so that one session lasts for the whole run.
  sandbox.petjeaf.rotation.grace = 3600;
  sandboxes.set(life, sandbox);
}

const revoked = new Set<string>();
/**
 * The earliest end of each access token, epoch ms, counted from the arrival of its token request.
 */
const goodUntil = new Map<string, number>();
const nextRevocation = new Map<string, number>();
const began = performance.now();

/** The next pseudo-random number below 1000; the sequence is the same in every run. */
let seed = 1;
function chance(): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % 1000;
}

function chooseHarm(token: boolean): Harm | undefined {
  let at = chance();
  for (const [harm, ofCalls, ofTokenRequests] of RATES) {
    at -= token ? ofTokenRequests : ofCalls;
    if (at < 0) return harm;
  }
  return undefined;
}

/** Whether the token of this call is revoked. From time to time, the token in use is revoked. */
function isRevoked(client: string, accessToken: string): boolean {
  const due = began + (nextRevocation.get(client) ?? FIRST_REVOCATION);
  if (performance.now() >= due) {
    nextRevocation.set(client, performance.now() - began + REVOCATION);
    revoked.add(accessToken);
  }
  return revoked.has(accessToken);
}

/** An error in the form of every vendor at once. The error of the client contains the number. */
const problem = (number: string) =>
  JSON.stringify({
    detail: `injected-${number}`,
    error: "injected",
    error_description: `injected-${number}`,
    status: "FAILURE",
    resultMessage: `injected-${number}`,
  });

async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, life = "", vendor = "", ...rest] = (request.url ?? "").split("/");
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const number = String(request.headers[NUMBER] ?? "");
  const token = isTokenPath(rest.join("/"));
  const sent = Number(request.headers[SENT] ?? Infinity);
  const accessToken = String(
    request.headers["access-token"] ?? request.headers.authorization ?? "",
  ).replace(/^Bearer /, "");
  const harm =
    token || accessToken === "" || !isRevoked(`${life}/${vendor}`, accessToken)
      ? chooseHarm(token)
      : "revoked";
  if (harm !== undefined && number !== "") {
    tell({ is: "harm", number, harm });
    const refuse = (status: number, headers: Readonly<Record<string, string>> = {}): void =>
      void response
        .writeHead(status, { "content-type": "application/json", ...headers })
        .end(problem(number));
    if (harm === "revoked") return refuse(401);
    if (harm === "503") return refuse(503);
    if (harm === "503 with Retry-After") return refuse(503, { "retry-after": "1" });
    if (harm === "429") return refuse(429, { "retry-after": "1" });
    if (harm === "cut before") return void request.socket.destroy();
  }
  const headers = new Headers(
    Object.entries(request.headers)
      .filter(
        ([name]) =>
          ![NUMBER, SENT, "host", "connection", "content-length", "transfer-encoding"].includes(
            name,
          ),
      )
      .map(([name, value]): [string, string] => [name, String(value)]),
  );
  const url = `${sandboxes.get(Number(life) as Life)?.url ?? ""}/${vendor}/${rest.join("/")}`;
  const came = Date.now();
  const answer = await fetch(url, {
    method: request.method ?? "GET",
    headers,
    redirect: "manual",
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  });
  const text = await answer.text();
  if (token && answer.ok) goodUntil.set(accessTokenOf(text), came + Number(life) * 1000);
  if (!token && answer.status === 401 && sent < (goodUntil.get(accessToken) ?? 0))
    tell({ is: "harm", number, harm: "expired on the way" });
  if (harm === "cut after" && number !== "") return void request.socket.destroy();
  response.sendDate = false;
  response
    .writeHead(
      answer.status,
      Object.fromEntries(
        ["content-type", "date", "location"].flatMap((name) =>
          answer.headers.has(name) ? [[name, answer.headers.get(name)!]] : [],
        ),
      ),
    )
    .end(text);
}

function accessTokenOf(text: string): string {
  const { access_token, access_token_data } = JSON.parse(text) as {
    access_token?: string;
    access_token_data?: { token: string };
  };
  return access_token ?? access_token_data?.token ?? "";
}

const proxy = createServer(
  (request, response) =>
    void pass(request, response).catch((error: unknown) => {
      // A failure of the proxy itself is not an injected harm: it must become visible.
      if (!response.headersSent) response.writeHead(599).end(`proxy: ${String(error)}`);
    }),
);
// An idle connection that closes would look like a cut connection.
proxy.keepAliveTimeout = 3_600_000;
await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", 4096, resolve));
const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

const optionsOf = (life: Life, { url: own, genlogs, apinizer, petjeaf }: Sandbox): Options => {
  const behind = <T extends object>(options: T): T =>
    JSON.parse(JSON.stringify(options).replaceAll(own, `${url}/${life}`)) as T;
  return {
    genlogs: behind(genlogs.options),
    apinizer: behind(apinizer.options),
    petjeaf: behind(petjeaf.options),
  };
};
const requestsOf = (life: Life, name: ProviderName): number =>
  ["createToken", ...(name === "genlogs" ? ["refreshToken"] : [])].reduce(
    (sum, operation) => sum + (sandboxes.get(life)?.[name].count(operation) ?? 0),
    0,
  );

process.on("message", (message: "count" | "stop") => {
  if (message === "count")
    return tell({
      is: "count",
      tokenRequests: LIVES.flatMap((life) =>
        PROVIDERS.map((provider) => ({ life, provider, count: requestsOf(life, provider) })),
      ),
    });
  proxy.closeAllConnections();
  proxy.close();
  for (const sandbox of sandboxes.values()) void sandbox.close();
  process.disconnect();
});
process.on("disconnect", () => process.exit());
tell({
  is: "ready",
  options: [...sandboxes].map(([life, sandbox]) => ({ life, options: optionsOf(life, sandbox) })),
});
