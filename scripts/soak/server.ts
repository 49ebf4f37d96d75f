/**
 * The vendors, in a process of their own, so that what they remember does not count as the clients'
 * memory: two sandboxes, with tokens that live 3 s and 30 s, behind a gate that does harm. Each
 * request has a number, and the gate tells which numbers it did harm to: nothing else that fails is
 * excused.
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
 * How many of a thousand requests come to each harm. Token requests are rare, and get their share.
 */
const RATES: readonly (readonly [harm: Harm, ofCalls: number, ofTokenRequests: number])[] = [
  ["503", 3, 40],
  ["503 with Retry-After", 1, 20],
  ["429", 2, 20],
  ["cut before", 2, 20],
  ["cut after", 1, 20],
];
/**
 * ms from the start, and between two. A client renews once in 30 s because of a 401 (rule T-20): it
 * can get over each.
 */
const FIRST_REVOCATION = 1000,
  REVOCATION = 40_000;

const sandboxes = new Map<Life, Sandbox>();
for (const life of LIVES) {
  const sandbox = await startSandbox();
  for (const name of PROVIDERS) sandbox[name].settings.tokenLifetime = life;
  // An answer that is cut off costs no session, so that the same one lasts for the whole run.
  sandbox.petjeaf.rotation.grace = 3600;
  sandboxes.set(life, sandbox);
}

const revoked = new Set<string>();
/**
 * Until when each access token is good at least, epoch ms: its life begins after its request came.
 */
const goodUntil = new Map<string, number>();
const nextRevocation = new Map<string, number>();
const began = performance.now();

/** A number below 1000, for whatever is asked next: the same in every run. */
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

/** Whether the token of this call counts as revoked: once in a while, the one that is in use. */
function isRevoked(client: string, accessToken: string): boolean {
  const due = began + (nextRevocation.get(client) ?? FIRST_REVOCATION);
  if (performance.now() >= due) {
    nextRevocation.set(client, performance.now() - began + REVOCATION);
    revoked.add(accessToken);
  }
  return revoked.has(accessToken);
}

/** In every vendor's shape at once. The number comes back in the client's errors. */
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

const gate = createServer(
  (request, response) =>
    void pass(request, response).catch((error: unknown) => {
      // A fault of the gate is no harm that was meant: it has to be seen.
      if (!response.headersSent) response.writeHead(599).end(`gate: ${String(error)}`);
    }),
);
// A connection that ends by itself would look like one that was cut.
gate.keepAliveTimeout = 3_600_000;
await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", 4096, resolve));
const url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;

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
  gate.closeAllConnections();
  gate.close();
  for (const sandbox of sandboxes.values()) void sandbox.close();
  process.disconnect();
});
process.on("disconnect", () => process.exit());
tell({
  is: "ready",
  options: [...sandboxes].map(([life, sandbox]) => ({ life, options: optionsOf(life, sandbox) })),
});
