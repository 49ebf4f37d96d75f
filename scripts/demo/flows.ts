/**
 * The flows of the demo: every provider with every grant, on the sandbox, or at the live vendor
 * where the environment has credentials.
 */
import { createServer } from "node:http";
import {
  createApinizerClient,
  createGenLogsClient,
  createMemoryStore,
  createPetjeafClient,
  type PetjeafClient,
  type PetjeafSession,
  type Token,
} from "../../src/index.ts";
import type { Sandbox, SandboxVendor } from "../../src/sandbox/index.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the steps of the demo do with a flow, for every vendor. */
export interface Subject {
  getToken(): Promise<Token>;
  /** Makes a typed call. @returns the status, and the data in a few words */
  call(): Promise<{ status: number; brought: string }>;
  /** Advances the clock past the end of the token's lifetime. */
  expire(token: Token): void;
  /** Revokes the token without telling the client. A string: why that is not possible. */
  readonly revokeBehind: string | (() => Promise<void>);
  /** Revokes the token. A string: why that is not possible. */
  readonly revoke: string | (() => Promise<void>);
  /** Requests so far, as the sandbox counts them, or as they were sent to a live vendor. */
  count(): { readonly tokens: number; readonly calls: number };
}

export interface Flow {
  readonly provider: string;
  readonly grant: string;
  readonly live: boolean;
  readonly start: () => Promise<Subject>;
}

const plural = (count = 0, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const NO_REVOCATION = "the vendor offers none";

export function flows(sandbox: Sandbox, env: Environment, say: (line: string) => void): Flow[] {
  return [...genlogs(sandbox, env), ...apinizer(sandbox, env), ...petjeaf(sandbox, env, say)];
}

/**
 * Values of a provider's variables. Undefined if none is set: the sandbox is used.
 * @throws Error if only some are set
 */
function credentials<const N extends string>(
  env: Environment,
  names: readonly N[],
): Record<N, string> | undefined {
  const missing = names.filter((name) => !env[name]);
  if (missing.length === names.length) return undefined;
  if (missing.length > 0)
    throw new Error(`${missing.join(", ")} missing: set all of ${names.join(", ")}, or none`);
  return Object.fromEntries(names.map((name) => [name, env[name] ?? ""])) as Record<N, string>;
}

/** The clock of a flow, and the counts of its requests. */
interface World {
  readonly now: () => number;
  readonly fetch: typeof globalThis.fetch;
  readonly expire: (token: Token) => void;
  readonly count: Subject["count"];
}

function sandboxWorld(
  sandbox: Sandbox,
  vendor: SandboxVendor,
  tokenOperations: readonly string[],
): World {
  const tokens = (): number =>
    tokenOperations.reduce((sum, operation) => sum + vendor.count(operation), 0);
  return {
    now: sandbox.now,
    fetch: globalThis.fetch,
    expire: ({ expiresAt }) => sandbox.advance((expiresAt ?? sandbox.now()) - sandbox.now() + 1000),
    count: () => ({ tokens: tokens(), calls: vendor.count() - tokens() }),
  };
}

/** The clock of a live vendor cannot be advanced. The client renews by its own clock, which can. */
function liveWorld(isToken: (url: URL, method: string) => boolean): World {
  let offset = 0,
    tokens = 0,
    calls = 0;
  return {
    now: () => Date.now() + offset,
    expire: ({ expiresAt }) => {
      if (expiresAt === undefined)
        throw new Error("the vendor gave no expiry, so the token cannot expire");
      offset += expiresAt - (Date.now() + offset) + 1000;
    },
    fetch: (input, init) => {
      const url = new URL(input instanceof Request ? input.url : String(input));
      if (isToken(url, input instanceof Request ? input.method : (init?.method ?? "GET")))
        tokens += 1;
      else calls += 1;
      return globalThis.fetch(input, init);
    },
    count: () => ({ tokens, calls }),
  };
}

function genlogs(sandbox: Sandbox, env: Environment): Flow[] {
  const given = credentials(env, ["GENLOGS_API_KEY", "GENLOGS_EMAIL", "GENLOGS_PASSWORD"]);
  const vendor = sandbox.genlogs;
  const flow = (
    grant: string,
    credentialsIn: "body" | "query" | undefined,
    renew: "login" | "refresh-token",
  ): Flow => ({
    provider: "GenLogs",
    grant,
    live: given !== undefined,
    start: async () => {
      vendor.settings.credentialsIn = credentialsIn ?? "body";
      const world = given
        ? liveWorld(({ pathname }) => pathname.startsWith("/auth/token"))
        : sandboxWorld(sandbox, vendor, ["createToken", "refreshToken"]);
      const options = given
        ? {
            apiKey: given.GENLOGS_API_KEY,
            email: given.GENLOGS_EMAIL,
            password: given.GENLOGS_PASSWORD,
            ...(env["GENLOGS_BASE_URL"] ? { baseUrl: env["GENLOGS_BASE_URL"] } : {}),
            ...(credentialsIn ? { credentialsIn } : {}),
          }
        : vendor.options; // On the sandbox the default `auto` finds the right place.
      const client = createGenLogsClient({ ...options, renew, now: world.now, fetch: world.fetch });
      return {
        getToken: () => client.auth.getToken(),
        call: async () => {
          const { data, response } = await client.GET("/carrier/recommendations", {
            params: { query: { origin_city: "Nashville", origin_state: "TN" } },
          });
          return {
            status: response.status,
            brought: plural(data?.recommendations.length, "carrier"),
          };
        },
        expire: world.expire,
        count: world.count,
        revoke: NO_REVOCATION,
        revokeBehind: given ? NO_REVOCATION : async () => vendor.revokeAccessTokens(),
      };
    },
  });
  return [
    flow("password, in the body", "body", "login"),
    flow("password, in the query", "query", "login"),
    flow("refresh token", undefined, "refresh-token"),
  ];
}

function apinizer(sandbox: Sandbox, env: Environment): Flow[] {
  const given = credentials(env, [
    "APINIZER_MANAGER_URL",
    "APINIZER_USERNAME",
    "APINIZER_PASSWORD",
  ]);
  const vendor = sandbox.apinizer;
  return [
    {
      provider: "Apinizer",
      grant: "client credentials",
      live: given !== undefined,
      start: async () => {
        const world = given
          ? liveWorld(({ pathname }) => pathname.endsWith("/auth/token"))
          : sandboxWorld(sandbox, vendor, ["createToken"]);
        const options = given
          ? {
              managerUrl: given.APINIZER_MANAGER_URL,
              username: given.APINIZER_USERNAME,
              password: given.APINIZER_PASSWORD,
            }
          : vendor.options;
        const client = createApinizerClient({ ...options, now: world.now, fetch: world.fetch });
        return {
          getToken: () => client.auth.getToken(),
          call: async () => {
            const { data, response } = await client.GET("/projects/");
            return {
              status: response.status,
              brought: plural(data?.resultList?.length, "project"),
            };
          },
          expire: world.expire,
          count: world.count,
          revoke: NO_REVOCATION,
          revokeBehind: given ? NO_REVOCATION : async () => vendor.revokeAccessTokens(),
        };
      },
    },
  ];
}

function petjeaf(sandbox: Sandbox, env: Environment, say: (line: string) => void): Flow[] {
  const given = credentials(env, [
    "PETJEAF_CLIENT_ID",
    "PETJEAF_CLIENT_SECRET",
    "PETJEAF_REDIRECT_URI",
  ]);
  const vendor = sandbox.petjeaf;
  const consent = given
    ? (url: string) => waitForCallback(url, given.PETJEAF_REDIRECT_URI, say)
    : followConsent;
  const redirectUri = given?.PETJEAF_REDIRECT_URI ?? "https://app.example/callback";
  const flow = (grant: string, restored: boolean): Flow => ({
    provider: "Petje.af",
    grant,
    live: given !== undefined,
    start: async () => {
      const world = given
        ? liveWorld(
            ({ pathname }, method) => pathname.endsWith("/oauth2/tokens") && method === "POST",
          )
        : sandboxWorld(sandbox, vendor, ["createToken"]);
      const options = {
        ...(given
          ? {
              clientId: given.PETJEAF_CLIENT_ID,
              clientSecret: given.PETJEAF_CLIENT_SECRET,
              ...(env["PETJEAF_BASE_URL"] ? { baseUrl: env["PETJEAF_BASE_URL"] } : {}),
              ...(env["PETJEAF_AUTHORIZE_URL"]
                ? { authorizeUrl: env["PETJEAF_AUTHORIZE_URL"] }
                : {}),
            }
          : vendor.options),
        store: createMemoryStore(),
        now: world.now,
        fetch: world.fetch,
      };
      const app = createPetjeafClient(options);
      let session: PetjeafSession | undefined;
      const open = async (): Promise<PetjeafSession> => {
        if (session) return session;
        session = await authorize(app, redirectUri, consent);
        if (restored) {
          // As after a restart: a new client, the same store, and an expired token.
          world.expire(await session.auth.getToken());
          session = createPetjeafClient(options).session(session.key);
        }
        return session;
      };
      return {
        getToken: async () => (await open()).auth.getToken(),
        call: async () => {
          const { data, response } = await (await open()).GET("/users/me");
          return { status: response.status, brought: data === undefined ? "nobody" : "1 user" };
        },
        expire: world.expire,
        count: world.count,
        revokeBehind: async () => {
          if (given) await (await open()).fetch("/oauth2/tokens", { method: "DELETE" });
          else vendor.revokeAccessTokens();
        },
        revoke: async () => (await open()).auth.revoke(),
      };
    },
  });
  return [flow("authorization code", false), flow("refresh token, restored", true)];
}

async function authorize(
  app: PetjeafClient,
  redirectUri: string,
  consent: (url: string) => Promise<string>,
): Promise<PetjeafSession> {
  const { url, state } = app.authorizationUrl({
    scope: ["profile.read", "memberships.read"],
    redirectUri,
  });
  return app.exchange(await consent(url), { state, redirectUri });
}

/** The user of the sandbox gives consent at once. */
async function followConsent(url: string): Promise<string> {
  const { headers } = await fetch(url, { redirect: "manual" });
  return headers.get("location") ?? "";
}

/** Waits for a person to give consent in a browser, and for the callback on this machine. */
async function waitForCallback(
  url: string,
  redirectUri: string,
  say: (line: string) => void,
): Promise<string> {
  const { hostname, port, pathname } = new URL(redirectUri);
  if (!["127.0.0.1", "localhost"].includes(hostname))
    throw new Error(
      "PETJEAF_REDIRECT_URI must be an address of this machine, such as http://127.0.0.1:8977/callback, registered with the vendor",
    );
  return new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      const callback = new URL(request.url ?? "/", redirectUri);
      if (callback.pathname !== pathname) return void response.writeHead(404).end();
      response.end("Thank you. You can close this page.");
      done(() => resolve(callback.href));
    });
    const timer = setTimeout(
      () => done(() => reject(new Error("no consent was given within 3 minutes"))),
      180_000,
    );
    const done = (then: () => void): void => {
      clearTimeout(timer);
      server.close(then);
      server.closeIdleConnections();
    };
    server
      .once("error", reject)
      .listen(Number(port || 80), hostname, () =>
        say(`Open this page and give consent:\n  ${url}`),
      );
  });
}
