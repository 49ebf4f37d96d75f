/** Sends the request of a contract case through the real client. */
import { createAuthorizationCodeClient } from "../client/authorization-code-client.ts";
import { createClient } from "../client/create-client.ts";
import type { CommonOptions } from "../client/options.ts";
import { isCorrigendaError, type AnyCorrigendaError, type CorrigendaError } from "../errors.ts";
import { parsePathTemplate } from "../http/path-template.ts";
import { createReveal } from "../http/reveal-secret.ts";
import type { Provider } from "../provider.ts";
import type { TokenSource } from "../token-source.ts";
import type { Token } from "../token.ts";
import type { ContractCase, Outcome, OutcomeError } from "./case.ts";
import { storeHolding } from "./store-holding.ts";

/** Any provider, whatever its paths and its options are. */
export type AnyProvider = Provider<object, never>;

/** Where a case is sent, and what the client starts with. */
export interface Target {
  /** The provider whose client sends the case. */
  readonly provider: AnyProvider;
  /** URL of the API. */
  readonly baseUrl: string;
  /** Options of the provider's client: the credentials. */
  readonly account: Readonly<Record<string, unknown>>;
  /** Options that every client takes. */
  readonly common?: CommonOptions;
  /** A token that the client starts with, as if it were stored. */
  readonly seed?: Token;
  /** The authorization code of the callback. Needed for cases with `authorization_code`. */
  readonly code?: string;
  /**
   * The code verifier of the code (RFC 7636).
   * @defaultValue `code_verifier` of the case's body
   */
  readonly codeVerifier?: string;
}

/** The result of an API call of any client. */
interface Result {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: Response;
}
interface AnyClient {
  readonly auth: TokenSource;
  readonly toError: (result: Result) => AnyCorrigendaError;
  readonly request: (method: string, path: string, init: object) => Promise<Result>;
}

/**
 * Sends the case's request through the client of the target's provider.
 * @returns what comes out of the client, as a case writes it
 * @throws RangeError if the provider does not have the operation of the case, or the target lacks
 *   what the case needs
 * @example
 * const account = { username, password };
 * const outcome = await drive(testCase, { provider: apinizer, baseUrl, account });
 */
export async function drive(testCase: ContractCase, target: Target): Promise<Outcome> {
  const { provider, baseUrl, account, common = {}, seed } = target;
  const operation = operationOf(provider, testCase);
  const options = { ...account, ...testCase.client, ...common, baseUrl } as never;
  const now = common.now ?? Date.now;
  try {
    if (testCase.variant === "authorization_code")
      return ofToken(await exchange(testCase, target, options));
    const store = seed && { store: storeHolding(provider, options, seed) };
    const client = createClient(provider, { ...(options as object), ...store } as never);
    if (await bringsToken(provider, options, seed, operation))
      return ofToken(await client.auth.getToken());
    return await call(client as unknown as AnyClient, testCase, operation, provider, now);
  } catch (error) {
    if (!isCorrigendaError(error)) throw error;
    return { error: ofError(error, now()) };
  }
}

/** The operation of a case, as `METHOD /path`. */
function operationOf({ name, meta }: AnyProvider, { operationId }: ContractCase): string {
  const found = Object.entries(meta.operations).find(([, { id }]) => id === operationId);
  if (!found) throw new RangeError(`The provider ${name} has no operation ${operationId}.`);
  return found[0];
}

async function exchange(
  { request: { body = {} } }: ContractCase,
  { provider, code, codeVerifier }: Target,
  { key, ...options }: CommonOptions & { readonly key?: string },
): Promise<Token> {
  if (code === undefined)
    throw new RangeError("A case with `authorization_code` needs `code` in the target.");
  const client = createAuthorizationCodeClient(provider, options as never);
  const state = "case";
  const redirectUri = body["redirect_uri"];
  const verifier = codeVerifier ?? body["code_verifier"];
  const session = await client.exchange(new URLSearchParams({ code, state }), {
    state,
    ...(key === undefined ? {} : { key }),
    ...(typeof redirectUri === "string" ? { redirectUri } : {}),
    ...(typeof verifier === "string" ? { codeVerifier: verifier } : {}),
  });
  return session.auth.getToken();
}

/** Whether an operation is one of those that the client gets its tokens from. */
async function bringsToken(
  provider: AnyProvider,
  options: never,
  seed: Token | undefined,
  operation: string,
): Promise<boolean> {
  const { tokenOperation, grants, credentials } = provider.connect(options);
  if (operation === tokenOperation) return true;
  const state = { refreshToken: seed?.refreshToken, worked: () => true };
  const reveal = createReveal(credentials);
  const requests = (grants?.(state) ?? []).map((grant) => grant.request(reveal));
  return (await Promise.all(requests)).some((request) => request.operation === operation);
}

/** Calls the operation of a case with the case's parameters and body. */
async function call(
  client: AnyClient,
  { request }: ContractCase,
  operation: string,
  { meta }: AnyProvider,
  now: () => number,
): Promise<Outcome> {
  const [method = "", path = ""] = operation.split(" ");
  const { pathname, searchParams } = new URL(request.url);
  const ofClient = Object.values(meta.schemes).map(({ header }) => header.toLowerCase());
  const headers = Object.entries(request.headers).filter(
    ([name]) => name !== "content-type" && !ofClient.includes(name),
  );
  const result = await client.request(method, path, {
    params: { path: pathParameters(path, pathname), query: queryOf(searchParams) },
    headers: Object.fromEntries(headers),
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  // A success may have no body, and an answer with the status of a success may report a failure.
  return result.response.ok && result.error === undefined
    ? { data: result.data }
    : { problem: ofError(client.toError(result), now()) };
}

/** Path parameters by name. The path of the operation is the last part of the URL's path. */
function pathParameters(path: string, pathname: string): Readonly<Record<string, string>> {
  const { names, match } = parsePathTemplate(path);
  const segments = path.split("/").length - 1;
  const values = match(`/${pathname.split("/").slice(-segments).join("/")}`) ?? [];
  return Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(values[i] ?? "")]));
}

/** Query parameters by name. A repeated parameter is a list. */
const queryOf = (parameters: URLSearchParams): Readonly<Record<string, string | string[]>> =>
  Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? "") : values];
    }),
  );

const ofToken = ({ accessToken, issuedAt, expiresAt, refreshToken, scope }: Token): Outcome => ({
  token: {
    accessToken,
    lifetime: expiresAt === undefined ? null : (expiresAt - issuedAt) / 1000,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(scope === undefined ? {} : { scope }),
  },
});

const ofError = (
  error: CorrigendaError & { readonly pointer?: string },
  now: number,
): OutcomeError => ({
  kind: error.kind,
  retryable: error.retryable,
  message: error.message,
  ...(error.status === undefined ? {} : { status: error.status }),
  ...(error.vendorCode === undefined ? {} : { vendorCode: error.vendorCode }),
  ...(error.pointer === undefined ? {} : { pointer: error.pointer }),
  ...(error.retryAt === undefined ? {} : { retryAfter: Math.round((error.retryAt - now) / 1000) }),
});
