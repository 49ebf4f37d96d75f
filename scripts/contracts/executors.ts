/**
 * One case, three of its four executors; the fourth, any base URL, is scripts/cases.ts. Each
 * returns what is wrong.
 */
import { isDeepStrictEqual } from "node:util";
import nock from "nock";
import { startSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import {
  compare,
  complaints,
  drive,
  judge,
  type Contract,
  type Target,
} from "../../src/testing/index.ts";
import { encodeBody } from "../../src/testing/case.ts";
import { createPetjeafClient, type Token } from "../../src/index.ts";
import type { NamedCase } from "./load.ts";

export type Executor = "spec" | "client" | "sandbox";
/**
 * Null: the executor has nothing to say of this case, for the reason that the parity table's legend
 * gives.
 */
export type Result = readonly string[] | null;

const ACCOUNTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  genlogs: {
    apiKey: "sandbox-api-key-0001",
    email: "sandbox+user@example.com",
    password: "sandbox+password & 100%",
  },
  apinizer: { username: "sandbox_user", password: "sandbox+password & 100%" },
  petjeaf: { clientId: "sandbox-client", clientSecret: "sandbox+secret & 100%" },
};
/** Short, so that a failure which is retried does not hold up the run. */
const TIMEOUTS = { attempt: 20_000, total: 20_000 };

nock.disableNetConnect();
nock.enableNetConnect(/^127\.0\.0\.1/);
const CREDENTIAL_HEADERS = ["authorization", "access-token", "x-api-key", "content-type", "cookie"];

export function onSpec(contract: Contract, testCase: NamedCase): Result {
  return complaints(judge(contract, testCase), testCase.conforms);
}

/**
 * What leaves the client is the case's request, byte for byte where it matters, and what comes out
 * is the case's outcome.
 */
export async function onClient(
  provider: string,
  contract: Contract,
  testCase: NamedCase,
  all: readonly NamedCase[],
): Promise<Result> {
  if (testCase.conforms === "request") return null;
  const { request, then } = testCase;
  const { origin, pathname } = new URL(request.url);
  const place = contract.locate(request.method, request.url);
  if (!place) return [`${request.url} is not in the spec`];
  const next = all.find(({ name }) => name === then);
  if (then !== undefined && !next) return [`there is no case ${then}`];
  const baseUrl = origin + pathname.slice(0, pathname.length - place.operation.path.length);
  const problems: string[] = [];
  answer(testCase);
  if (next) answer(next);
  try {
    const target: Target = {
      provider,
      baseUrl,
      path: place.operation.path,
      account: ACCOUNTS[provider] ?? {},
      common: { timeouts: TIMEOUTS },
      ...startOf(testCase),
    };
    const outcome = await drive(testCase, target);
    return [...new Set(problems), ...compare(testCase, outcome, true)];
  } finally {
    nock.cleanAll();
  }

  /**
   * Answers as the case says, as often as it is asked, and looks at the first request: a later one
   * may carry a newer token.
   */
  function answer(one: NamedCase): void {
    const {
      response,
      request: { url, method },
    } = one;
    const text = encodeBody(response.headers["content-type"], response.body) ?? "";
    let first = true;
    nock(new URL(url).origin)
      .persist()
      .intercept((uri) => uri.split("?")[0] === new URL(url).pathname, method)
      .reply(function (uri, body) {
        if (first)
          problems.push(
            ...differences(one, {
              url: new URL(url).origin + uri,
              headers: this.req.headers,
              body: typeof body === "string" ? body : JSON.stringify(body),
            }),
          );
        first = false;
        return [response.status, text, { ...response.headers }];
      });
  }
}

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

function differences({ request }: NamedCase, { url, headers, body }: Sent): string[] {
  const sent = Object.fromEntries(
    CREDENTIAL_HEADERS.filter((name) => headers[name] !== undefined).map((name) => [
      name,
      String(headers[name]),
    ]),
  );
  const wanted = new Headers(request.headers);
  const expected = Object.fromEntries(
    CREDENTIAL_HEADERS.filter((name) => wanted.has(name)).map((name) => [name, wanted.get(name)]),
  );
  const decode = (text: string): unknown =>
    sent["content-type"] === "application/json"
      ? JSON.parse(text)
      : Object.fromEntries(new URLSearchParams(text));
  return [
    ...(url === request.url ? [] : [`sent to ${url}`]),
    ...(isDeepStrictEqual(sent, expected) ? [] : [`sent with the headers ${JSON.stringify(sent)}`]),
    ...(isDeepStrictEqual(decode(body), request.body ?? {}) ? [] : [`sent the body ${body}`]),
  ];
}

/** What the client holds when the case begins. */
function startOf({ request, operationId, variant }: NamedCase): Pick<Target, "seed" | "code"> {
  const query = new URL(request.url).searchParams;
  const refreshToken = query.get("refresh_token") ?? request.body?.["refresh_token"];
  const token: Omit<Token, "accessToken"> = { tokenType: "Bearer", issuedAt: Date.now() - 10_000 };
  if (variant === "authorization_code") return { code: request.body?.["code"] ?? "" };
  if (refreshToken !== undefined)
    return {
      seed: { ...token, accessToken: "expired", expiresAt: Date.now() - 5000, refreshToken },
    };
  if (/Token$/.test(operationId) && request.method === "POST") return {};
  const accessToken =
    request.headers["access-token"] ??
    request.headers["authorization"]?.replace("Bearer ", "") ??
    "none";
  return { seed: { ...token, accessToken } };
}

/** Over a real socket, against the sandbox. */
export async function onSandbox(
  provider: string,
  contract: Contract,
  testCase: NamedCase,
): Promise<Result> {
  const { request, operationId, response, sandbox: arrange } = testCase;
  const sandbox = await startSandbox();
  try {
    const vendor = vendorOf(sandbox, provider);
    const root = `${sandbox.url}/${provider}`;
    const { pathname, search } = new URL(request.url);
    if (testCase.conforms === "request") {
      const sent = await fetch(root + pathname + search, {
        method: request.method,
        headers: request.headers,
        ...(request.body
          ? { body: encodeBody(request.headers["content-type"], request.body) ?? null }
          : {}),
      });
      const place = contract.locate(request.method, request.url);
      const violations = place
        ? contract.checkResponse(
            place.operation,
            sent.status,
            sent.headers.get("content-type"),
            await sent.text(),
          )
        : [];
      return [
        ...(sent.status === response.status ? [] : [`refused with ${sent.status}`]),
        ...violations.map(({ message }) => message),
      ];
    }
    Object.assign(vendor.settings, arrange?.settings ?? {});
    const place = contract.locate(request.method, request.url);
    if (!place) return [`${request.url} is not in the spec`];
    const baseUrl = root + pathname.slice(0, pathname.length - place.operation.path.length);
    const target: Target = {
      provider,
      baseUrl,
      path: place.operation.path,
      account: ACCOUNTS[provider] ?? {},
      common: { timeouts: TIMEOUTS, now: sandbox.now },
      ...(await start(sandbox, testCase, provider, baseUrl)),
    };
    if (arrange?.revoke === "refresh") vendor.revokeRefreshTokens();
    if (!arrange?.own) {
      const text = encodeBody(response.headers["content-type"], response.body);
      vendor.fail({
        operation: operationId,
        status: response.status,
        headers: response.headers,
        times: 10,
        ...(text === undefined ? {} : { body: text }),
      });
    }
    return compare(testCase, await drive(testCase, target), false);
  } finally {
    await sandbox.close();
  }
}

const vendorOf = (sandbox: Sandbox, provider: string): Sandbox["genlogs"] =>
  sandbox[provider as "genlogs"];

/** Tokens and codes that this sandbox has issued, where a case begins with some. */
async function start(
  sandbox: Sandbox,
  { operationId, variant, request, sandbox: arrange }: NamedCase,
  provider: string,
  baseUrl: string,
): Promise<Pick<Target, "seed" | "code">> {
  const account = ACCOUNTS[provider] ?? {};
  const common = { baseUrl, now: sandbox.now };
  const redirectUri = request.body?.["redirect_uri"];
  const expire = (token: Token): Token => ({
    ...token,
    issuedAt: sandbox.now() - 10_000,
    expiresAt: sandbox.now() - 5000,
  });
  if (provider === "petjeaf") {
    const app = createPetjeafClient({
      ...(account as { clientId: string; clientSecret: string }),
      ...common,
      authorizeUrl: sandbox.petjeaf.options.authorizeUrl,
    });
    const { url, state } = app.authorizationUrl({
      scope: ["profile.read", "memberships.read"],
      ...(redirectUri === undefined ? {} : { redirectUri }),
    });
    const callback = new URL(
      (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
    );
    if (variant === "authorization_code")
      return {
        code: arrange?.literalCode
          ? (request.body?.["code"] ?? "")
          : (callback.searchParams.get("code") ?? ""),
      };
    const token = await (await app.exchange(callback, { state })).auth.getToken();
    return { seed: variant === "refresh_token" ? expire(token) : token };
  }
  if (operationId !== "refreshToken") return {};
  const { createGenLogsClient } = await import("../../src/index.ts");
  return {
    seed: expire(
      await createGenLogsClient({
        ...(account as { apiKey: string; email: string; password: string }),
        ...common,
      }).auth.getToken(),
    ),
  };
}
