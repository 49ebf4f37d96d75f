/**
 * Sends API calls: puts the API keys and the token on a request, follows its redirects, and renews
 * the token once when the API refuses it.
 */
import { ClosedError, ConfigurationError } from "../errors.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import type { Connection, Provider } from "../provider.ts";
import type { TokenSource } from "../token-source.ts";
import type { Token } from "../token.ts";
import { setApiKeys, setCredential } from "./api-keys.ts";
import { discardBody } from "./discard-body.ts";
import { fetchOptionsOf } from "./fetch-options.ts";
import { createOperationFinder, type FindOperation } from "./find-operation.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import { fetchError, requireResponse } from "./network-error.ts";
import { followRedirects, type FinalResponse, type RequestParts } from "./redirects.ts";
import { setContext } from "./request-context.ts";
import { assertNoDotSegment, parseBase, pathBelow, type Base } from "./request-url.ts";
import { limitResponse } from "./response-limit.ts";
import { revealWithin } from "./reveal-secret.ts";
import type { ServerClock } from "./server-clock.ts";

/** What API calls of one client need. */
export interface AuthFetchParts {
  readonly provider: Pick<
    Provider<object, never>,
    "name" | "meta" | "tokenScheme" | "refusesToken"
  >;
  readonly connection: Pick<Connection, "baseUrl" | "apiKeys" | "tokenUrl">;
  readonly source: TokenSource;
  readonly fetch: typeof globalThis.fetch;
  /** Epoch ms. */
  readonly now: () => number;
  readonly serverClock: ServerClock;
  /** Every secret that is sent is added to this set. */
  readonly secrets: KnownSecrets;
  readonly scheduler: Scheduler;
  /** `total`: how long a function that gives an API key may take, in ms. */
  readonly timeouts: { readonly total: number };
  /** The size of the largest response body that is read, in bytes. */
  readonly maxAnswerBytes: number;
}

/**
 * Sends a request. The request itself is not changed, so a caller who keeps it sees no credential.
 * @param options.replayable whether the body may be read into memory and sent a second time;
 *   `true` if absent
 * @param options.init the options of `fetch` that the caller gave with the request: a `Request`
 *   does not show all of them
 */
export type Send = (
  request: Request,
  options?: { readonly replayable?: boolean; readonly init?: object },
) => Promise<Response>;

interface Api extends AuthFetchParts {
  readonly base: Base;
  /** Origin of the token endpoint, whose clock tells when a token ends. */
  readonly clockOrigin: string;
  readonly findOperation: FindOperation;
}

/** The `fetch` of a client. */
export function createSend(parts: AuthFetchParts): Send {
  const { provider, connection, maxAnswerBytes } = parts;
  const base = parseBase(connection.baseUrl);
  const clockOrigin = new URL(connection.tokenUrl ?? connection.baseUrl).origin;
  const findOperation = createOperationFinder(provider.meta);
  const api: Api = { ...parts, base, clockOrigin, findOperation };
  return async (request, options) =>
    limitResponse(await call(api, request, options), {
      limit: maxAnswerBytes,
      request,
      provider: provider.name,
    });
}

/**
 * Makes one API call. It is sent once more with a new token if the API refuses the first one (rule
 * T-20), and not at all if it takes a token and there is none (rule T-22).
 */
const call = async (
  api: Api,
  request: Request,
  options: Parameters<Send>[1],
): Promise<Response> => {
  const { parts, takesToken } = await prepare(api, request, options);
  if (!takesToken) return (await follow(api, parts, request)).response;
  const token = await api.source.getToken({ signal: request.signal });
  const answer = await follow(api, withToken(api, parts, token), request);
  return isTokenRefused(api, token, answer)
    ? recover(api, token, answer, request)
    : answer.response;
};

/** Checks where the request goes, and puts the API keys on it. */
async function prepare(
  { provider, connection, base, findOperation, secrets, scheduler, timeouts }: Api,
  request: Request,
  { replayable = true, init }: Parameters<Send>[1] = {},
): Promise<{ readonly parts: RequestParts; readonly takesToken: boolean }> {
  const { name, meta, tokenScheme } = provider;
  const { method, signal } = request;
  const url = new URL(request.url);
  const path = pathBelow(base, url);
  if (path === undefined) {
    throw new ConfigurationError({
      provider: name,
      option: "baseUrl",
      message: `${name}: this client sends credentials only to addresses below ${base.origin}${base.path}/, and the request goes elsewhere. Use a plain fetch for it.`,
    });
  }
  // The platform may have changed the path after `assertPlainUrl` checked it, and a `Request` that
  // the caller or a middleware made was not checked at all.
  assertNoDotSegment(path, name, "path");
  const operation = findOperation(method, path);
  const schemes = operation?.security ?? meta.security;
  const headers = new Headers(request.headers);
  await setApiKeys(headers, schemes, { provider, connection, secrets }, (key, option) =>
    revealWithin(key, option, { provider: name, within: timeouts.total, scheduler, signal }),
  );
  const body =
    request.body === null ? null : replayable ? await request.arrayBuffer() : request.body;
  const context = { provider: name, operation: operation?.id, host: url.host };
  const options = fetchOptionsOf(request, init);
  return {
    parts: { url, method, headers, body, options, context },
    takesToken: schemes.includes(tokenScheme),
  };
}

function withToken({ provider, secrets }: Api, parts: RequestParts, token: Token): RequestParts {
  const headers = new Headers(parts.headers);
  secrets.add(token.accessToken, token.refreshToken);
  setCredential(headers, provider.meta.schemes[provider.tokenScheme], token.accessToken);
  return { ...parts, headers };
}

const follow = (
  api: Api,
  parts: RequestParts,
  { redirect, signal }: Request,
): Promise<FinalResponse> =>
  followRedirects(parts, redirect, (sent, crossedOrigin) =>
    sendOnce(api, sent, signal, crossedOrigin ? "The server that a redirect led to" : "The API"),
  );

/**
 * Sends a request once, without following a redirect.
 * @param server names the server in an error
 */
async function sendOnce(
  { fetch, serverClock, clockOrigin }: Api,
  { url, method, headers, body, options, context }: RequestParts,
  signal: AbortSignal,
  server: string,
): Promise<Response> {
  const arrived = serverClock.sent("api");
  let result: unknown;
  try {
    result = await fetch(url.href, {
      ...options,
      method,
      headers,
      body,
      signal,
      redirect: "manual",
      ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
    });
  } catch (cause) {
    throw signal.aborted ? signal.reason : fetchError(cause, undefined, context, server);
  }
  const response = setContext(requireResponse(result, context), context);
  // The clock of another origin need not agree with the token endpoint's.
  if (url.origin === clockOrigin) arrived(response.headers.get("date"));
  return response;
}

/** Whether the API refused the token (rules T-20 and T-21). */
function isTokenRefused(
  { provider, base, clockOrigin, serverClock, now }: Api,
  { accessToken, expiresAt = Infinity }: Token,
  { response: { status, headers }, last }: FinalResponse,
): boolean {
  if (!last) return false; // Another origin answered. No token was sent to it.
  // `expiresAt` is a time on the local clock. The server clock knows the expiry as the vendor gave
  // it, and compares that with the vendor's `Date` headers.
  const date = clockOrigin === base.origin ? headers.get("date") : null;
  const hasEnded = now() >= expiresAt || serverClock.ended(accessToken, date);
  return status === 401 || provider.refusesToken?.(status, hasEnded) === true;
}

/** Renews the token and sends the request once more. A second refusal is returned as it is. */
async function recover(
  api: Api,
  token: Token,
  { response, last }: FinalResponse,
  request: Request,
): Promise<Response> {
  if (!last) return response;
  const { source } = api;
  if (last.body instanceof ReadableStream) {
    // The body cannot be sent again. The token is renewed for the next call. If the renewal fails,
    // the next call reports it.
    source.getToken({ rejected: token }).catch(() => undefined);
    return response;
  }
  const renewed = await source
    .getToken({ rejected: token, signal: request.signal })
    .catch((error: unknown) => {
      // The client was closed during the call. The call ends with the response it has.
      if (error instanceof ClosedError) return token;
      discardBody(response);
      throw error;
    });
  // The token cannot be renewed, or was renewed a moment ago.
  if (renewed.accessToken === token.accessToken) return response;
  discardBody(response);
  return (await follow(api, withToken(api, last, renewed), request)).response;
}
