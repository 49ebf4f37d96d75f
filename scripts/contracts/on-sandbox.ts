/** Runs a case over a real socket: the client against the vendor on the sandbox. */
import type { Token } from "../../src/index.ts";
import { createAuthorizationCodeClient, createClient } from "../../src/kit.ts";
import {
  startServer,
  type Fault,
  type SandboxServer,
  type SandboxVendor,
} from "../../src/sandbox/index.ts";
import { decodeBody } from "../../src/sandbox/media-type.ts";
import { encodeBody } from "../../src/testing/case.ts";
import { compare, drive, type Contract, type Target } from "../../src/testing/index.ts";
import { locate, TIMEOUTS, type Result } from "./executors.ts";
import type { Implementation } from "./implementations.ts";
import type { NamedCase } from "./load.ts";
import { refreshTokenOf } from "./on-client.ts";

type Sandbox = SandboxServer<{ readonly vendor: SandboxVendor }>;

export async function onSandbox(
  implementation: Implementation,
  contract: Contract,
  testCase: NamedCase,
): Promise<Result> {
  const sandbox: Sandbox = await startServer({ vendor: implementation.vendor });
  try {
    Object.assign(sandbox.vendors.vendor.settings, testCase.sandbox?.settings ?? {});
    const root = `${sandbox.url}/${implementation.provider.name}`;
    return testCase.conforms === "request"
      ? await refusal(implementation, contract, testCase, root)
      : await outcome(implementation, contract, testCase, sandbox, root);
  } finally {
    await sandbox.close();
  }
}

/**
 * Sends a request that breaks the spec. The vendor has to refuse it as the case says: with the same
 * status and the same error code. The words are the vendor's own.
 */
async function refusal(
  { provider }: Implementation,
  contract: Contract,
  { request, response }: NamedCase,
  root: string,
): Promise<string[]> {
  const { pathname, search } = new URL(request.url);
  const { method, headers } = request;
  const body = encodeBody(headers["content-type"], request.body);
  const sent = await fetch(root + pathname + search, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const text = await sent.text();
  const place = contract.locate(method, request.url);
  const violations = place
    ? contract.checkResponse(place.operation, sent.status, sent.headers.get("content-type"), text)
    : [];
  const codeOf = (answer: unknown): unknown =>
    provider.readProblem(answer, new Headers(response.headers)).code;
  const [code, wanted] = [codeOf(decodeBody(text, "application/json")), codeOf(response.body)];
  return [
    ...(sent.status === response.status ? [] : [`refused with ${sent.status}`]),
    ...(code === wanted ? [] : [`refused with the code ${String(code)}, not ${String(wanted)}`]),
    ...violations.map(({ message }) => message),
  ];
}

async function outcome(
  implementation: Implementation,
  contract: Contract,
  testCase: NamedCase,
  sandbox: Sandbox,
  root: string,
): Promise<string[]> {
  const { vendor } = sandbox.vendors;
  const { operationId, request, sandbox: arrange } = testCase;
  const place = locate(contract, testCase);
  if (!place) return [`${request.url} is not in the spec`];
  const { provider, account } = implementation;
  const target: Target = {
    provider,
    baseUrl: root + place.basePath,
    account,
    common: { timeouts: TIMEOUTS, now: sandbox.now },
  };
  const start = await startOf(implementation, testCase, target, vendor);
  if (arrange?.revoke === "refresh") vendor.revokeRefreshTokens();
  const fault = faultOf(testCase);
  if (fault) vendor.fail({ ...fault, operation: operationId, times: 10 });
  return compare(testCase, await drive(testCase, { ...target, ...start }), "determined");
}

/**
 * Whether the sandbox makes the answer of a case by itself. Otherwise it repeats the body of the
 * case, and shows only that the answer reaches the client over a socket.
 */
export const isOwn = ({ sandbox, conforms }: NamedCase): boolean =>
  conforms === "request" || (sandbox?.own ?? false);

function faultOf({ sandbox, response }: NamedCase): Fault | undefined {
  if (sandbox?.own) return sandbox.fault === undefined ? undefined : { name: sandbox.fault };
  const { status, headers } = response;
  const body = encodeBody(headers["content-type"], response.body);
  return { status, headers, ...(body === undefined ? {} : { body }) };
}

/** The token or the code that the client starts with, issued by this sandbox. */
async function startOf(
  { scope }: Implementation,
  { variant, request, sandbox: arrange }: NamedCase,
  target: Target,
  { options }: SandboxVendor,
): Promise<Pick<Target, "seed" | "code" | "codeVerifier">> {
  const expired = refreshTokenOf(request) !== undefined;
  if (!scope) return expired ? { seed: expire(await login(target), target) } : {};
  const { key, ...common } = { ...options, ...target.account, ...target.common } as {
    key?: string;
  };
  const client = createAuthorizationCodeClient(target.provider, {
    ...common,
    baseUrl: target.baseUrl,
  } as never);
  const redirectUri = request.body?.["redirect_uri"] as string | undefined;
  const redirect = redirectUri === undefined ? {} : { redirectUri };
  const { url, ...pending } = await client.authorizationUrl({ scope, ...redirect });
  const { headers } = await fetch(url, { redirect: "manual" });
  const callback = new URL(headers.get("location") ?? "");
  if (variant === "authorization_code") {
    if (arrange?.literalCode) return { code: String(request.body?.["code"]) };
    const { codeVerifier } = pending;
    const code = callback.searchParams.get("code") ?? "";
    return { code, ...(codeVerifier === undefined ? {} : { codeVerifier }) };
  }
  const session = await client.exchange(callback, {
    ...pending,
    ...redirect,
    ...(key === undefined ? {} : { key }),
  });
  const token = await session.auth.getToken();
  return { seed: expired ? expire(token, target) : token };
}

async function login({ provider, account, baseUrl, common }: Target): Promise<Token> {
  const options = { ...account, ...common, baseUrl };
  return createClient(provider, options as never).auth.getToken();
}

function expire(token: Token, { common }: Target): Token {
  const now = common?.now?.() ?? Date.now();
  return { ...token, issuedAt: now - 10_000, expiresAt: now - 5000 };
}
