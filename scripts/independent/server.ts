/**
 * oidc-provider, with rotation and reuse detection, as the token server of the harnesses: behind a
 * gate that keeps the log.
 */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createPetjeafClient } from "../../src/index.ts";
import type { LogEntry } from "../../src/sandbox/index.ts";
import type { TokenServer } from "../processes/controller.ts";

/** As far as it is used; the package is not in the main install, nor are its types. */
export interface OidcProvider {
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
  on(event: string, listener: (...args: unknown[]) => void): void;
  readonly Grant: new (fields: object) => {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  };
  readonly AuthorizationCode: new (fields: object) => { save(): Promise<string> };
  readonly Client: { find(id: string): Promise<unknown> };
}

const CLIENT = { clientId: "independent-client", clientSecret: "not-a-real-secret" };
const REDIRECT = "https://app.example/callback";
const SCOPE = "openid profile offline_access";
const HOUR = 3_600_000;

type OidcProviderClass = new (issuer: string, settings: object) => OidcProvider;

/** Ends the process with code 2 if oidc-provider is not installed. */
export async function loadOidcProvider(): Promise<OidcProviderClass> {
  const name: string = "oidc-provider"; // A literal would need the package in the main type check.
  try {
    return ((await import(name)) as { default: OidcProviderClass }).default;
  } catch {
    console.error("oidc-provider is not installed. Run: npm --prefix scripts/independent ci");
    process.exit(2);
  }
}

export const listen = async (server: ReturnType<typeof createServer>): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

export async function startOidcServer(): Promise<TokenServer> {
  const Provider = await loadOidcProvider();
  const inner = createServer();
  const behind = await listen(inner);
  const provider = new Provider(behind, {
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [REDIRECT],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    // The addresses that the client of a described vendor knows, so that it is the real client that
    // runs.
    routes: { token: "/oauth2/tokens", userinfo: "/users/me" },
    scopes: ["openid", "profile", "offline_access"],
    rotateRefreshToken: true,
    issueRefreshToken: () => true,
    pkce: { required: () => false },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: async () => ({ sub: accountId }),
    }),
    ttl: {
      AccessToken: 3600,
      RefreshToken: 14 * 86_400,
      Grant: 14 * 86_400,
      AuthorizationCode: 60,
      IdToken: 3600,
    },
    features: { devInteractions: { enabled: false } },
    jwks: {
      keys: [
        generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }),
      ],
    },
    cookies: { keys: ["not-a-real-key"] },
  });
  inner.on("request", provider.callback());

  const log: LogEntry[] = [];
  const numbers = new Map<string, number>();
  const used = new Set<number>();
  let requests = 0;
  let offset = 0;
  let slow: { readonly ms: number; readonly when: "before" | "after" } | undefined;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  const gate = createServer(
    (request, response) => void pass(request, response).catch(() => response.destroy()),
  );
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const token = request.url === "/oauth2/tokens";
    const delay = token ? slow : undefined;
    if (token) {
      requests += 1;
      slow = undefined;
    }
    if (delay?.when === "before") await pause(delay.ms);
    const { authorization, "content-type": type } = request.headers;
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(type === undefined ? {} : { "content-type": type }),
    };
    const answer = await fetch(behind + (request.url ?? ""), {
      method: request.method ?? "GET",
      headers,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const text = await answer.text();
    if (token) {
      const entry = note(
        new URLSearchParams(Buffer.concat(chunks).toString()).get("refresh_token"),
        text,
        request.headers["user-agent"] ?? "",
      );
      response.once("close", () => {
        entry.delivered = response.writableFinished;
      });
    }
    if (delay?.when === "after") await pause(delay.ms);
    response
      .writeHead(answer.status, {
        "content-type": answer.headers.get("content-type") ?? "application/json",
      })
      .end(text);
  }

  function note(refreshToken: string | null, text: string, userAgent: string): LogEntry {
    const { refresh_token: issued } = JSON.parse(text) as { refresh_token?: string };
    const sent = refreshToken === null ? undefined : numbers.get(refreshToken);
    if (issued !== undefined) numbers.set(issued, numbers.size + 1);
    const entry: LogEntry = {
      event:
        issued !== undefined
          ? sent === undefined
            ? "issued"
            : "rotated"
          : sent !== undefined && used.has(sent)
            ? "reused"
            : "refused",
      ...(sent === undefined ? {} : { sent }),
      ...(issued === undefined ? {} : { committed: numbers.size }),
      at: Date.now(),
      delivered: undefined,
      userAgent,
    };
    if (sent !== undefined) used.add(sent);
    log.push(entry);
    return entry;
  }

  const url = await listen(gate);
  const client = { ...CLIENT, baseUrl: url, authorizeUrl: `${url}/auth` };
  return {
    client,
    log,
    canGrace: false,
    setGrace: () => undefined,
    delay: (ms, when) => {
      slow = { ms, when };
    },
    async consent(store, key) {
      const accountId = crypto.randomUUID();
      const grant = new provider.Grant({ accountId, clientId: CLIENT.clientId });
      grant.addOIDCScope(SCOPE);
      const code = await new provider.AuthorizationCode({
        accountId,
        client: await provider.Client.find(CLIENT.clientId),
        grantId: await grant.save(),
        redirectUri: REDIRECT,
        scope: SCOPE,
        gty: "authorization_code",
      }).save();
      const app = createPetjeafClient({ ...client, store, now: () => Date.now() + offset });
      await app.exchange(`?${new URLSearchParams({ code, state: "s" }).toString()}`, {
        state: "s",
        redirectUri: REDIRECT,
        key,
      });
      await app.close();
    },
    requests: () => requests,
    get offset() {
      return offset;
    },
    expire: () => {
      offset += HOUR;
    }, // For the clients; the server's own tokens live on.
    async close() {
      for (const server of [gate, inner]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
