/** Runs a case on the client alone: an interceptor takes the place of the network. */
import { isDeepStrictEqual } from "node:util";
import nock from "nock";
import type { Token } from "../../src/index.ts";
import { encodeBody } from "../../src/testing/case.ts";
import {
  compare,
  drive,
  type AnyProvider,
  type Contract,
  type Target,
} from "../../src/testing/index.ts";
import { locate, TIMEOUTS, type Result } from "./executors.ts";
import type { Implementation } from "./implementations.ts";
import type { NamedCase } from "./load.ts";

nock.disableNetConnect();
nock.enableNetConnect(/^127\.0\.0\.1/);

/**
 * Checks that the client sends the request of the case, byte for byte where it matters, and that
 * the outcome is the one of the case.
 * @param all cases of the provider, for the one that `then` names
 */
export async function onClient(
  implementation: Implementation,
  contract: Contract,
  testCase: NamedCase,
  all: readonly NamedCase[],
): Promise<Result> {
  if (testCase.conforms === "request") return null;
  const place = locate(contract, testCase);
  if (!place) return [`${testCase.request.url} is not in the spec`];
  const next = all.find(({ name }) => name === testCase.then);
  if (testCase.then !== undefined && !next) return [`there is no case ${testCase.then}`];
  const { provider, account } = implementation;
  const baseUrl = new URL(testCase.request.url).origin + place.basePath;
  const problems: string[] = [];
  for (const one of next ? [testCase, next] : [testCase]) answer(one, provider, problems);
  try {
    const target: Target = {
      provider,
      baseUrl,
      account,
      common: { timeouts: TIMEOUTS },
      ...startOf(implementation, testCase, baseUrl),
    };
    const outcome = await drive(testCase, target);
    return [...new Set(problems), ...compare(testCase, outcome, "all")];
  } finally {
    nock.cleanAll();
  }
}

/**
 * Answers every request to the case's URL as the case says. Only the first request is compared,
 * since a later one may carry a newer token.
 */
function answer(testCase: NamedCase, provider: AnyProvider, problems: string[]): void {
  const { response, request } = testCase;
  const { origin, pathname } = new URL(request.url);
  const text = encodeBody(response.headers["content-type"], response.body) ?? "";
  let first = true;
  nock(origin)
    .persist()
    .intercept((uri) => uri.split("?")[0] === pathname, request.method)
    .reply(function (uri, body) {
      const sent = {
        url: origin + uri,
        headers: this.req.headers,
        body: typeof body === "string" ? body : JSON.stringify(body),
      };
      if (first) problems.push(...differences(testCase, provider, sent));
      first = false;
      return [response.status, text, { ...response.headers }];
    });
}

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

/** Compares the headers of the case, and those that may carry credentials. */
function differences(
  { request }: NamedCase,
  { meta }: AnyProvider,
  { url, headers, body }: Sent,
): string[] {
  const wanted = new Headers(request.headers);
  const ofSchemes = Object.values(meta.schemes).map(({ header }) => header.toLowerCase());
  const names = new Set([
    "authorization",
    "content-type",
    "cookie",
    ...ofSchemes,
    ...wanted.keys(),
  ]);
  const pick = (valueOf: (name: string) => unknown): Record<string, string> =>
    Object.fromEntries(
      [...names]
        .map((name) => [name, valueOf(name)] as const)
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([name, value]) => [name, String(value)]),
    );
  const sent = pick((name) => headers[name]);
  const decode = (text: string): unknown =>
    sent["content-type"] === "application/json"
      ? JSON.parse(text)
      : Object.fromEntries(new URLSearchParams(text));
  return [
    ...(url === request.url ? [] : [`sent to ${url}`]),
    ...(isDeepStrictEqual(
      sent,
      pick((name) => wanted.get(name)),
    )
      ? []
      : [`sent with the headers ${JSON.stringify(sent)}`]),
    ...(isDeepStrictEqual(decode(body), request.body ?? {}) ? [] : [`sent the body ${body}`]),
  ];
}

/** What the client holds when the case begins. */
function startOf(
  implementation: Implementation,
  testCase: NamedCase,
  baseUrl: string,
): Pick<Target, "seed" | "code"> {
  const { request, variant } = testCase;
  if (variant === "authorization_code") return { code: String(request.body?.["code"]) };
  const token: Omit<Token, "accessToken"> = { tokenType: "Bearer", issuedAt: Date.now() - 10_000 };
  const refreshToken = refreshTokenOf(request);
  if (refreshToken !== undefined) {
    const expiresAt = Date.now() - 5000;
    return { seed: { ...token, accessToken: "expired", expiresAt, refreshToken } };
  }
  if (isLogin(implementation, testCase, baseUrl)) return {};
  const { meta, tokenScheme } = implementation.provider;
  const { header = "", prefix = "" } = meta.schemes[tokenScheme] ?? {};
  const accessToken = request.headers[header.toLowerCase()]?.slice(prefix.length) ?? "none";
  return { seed: { ...token, accessToken } };
}

/** Whether a case is of the operation that a client without a token begins with. */
export function isLogin(
  { provider, account }: Implementation,
  { operationId }: NamedCase,
  baseUrl: string,
): boolean {
  const { tokenOperation } = provider.connect({ ...account, baseUrl } as never);
  return provider.meta.operations[tokenOperation]?.id === operationId;
}

/** The refresh token that a request carries. */
export function refreshTokenOf({ url, body }: NamedCase["request"]): string | undefined {
  const found = new URL(url).searchParams.get("refresh_token") ?? body?.["refresh_token"];
  return typeof found === "string" ? found : undefined;
}
