/**
 * fetch -> fetch: puts the token and the API keys on a request, follows redirects by hand, and
 * recovers once from a 401.
 */
import { limitResponse } from "./response-limit.ts";
import { ClosedError, ConfigurationError, RedirectError } from "../errors.ts";
import { fetchError, requireResponse } from "./network-error.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import { parseUrl } from "../platform/parse-url.ts";
import { parsePathTemplate } from "./path-template.ts";
import { withContext, setContext, type RequestContext } from "./request-context.ts";
import { fetchOptionsOf, type FetchOptions } from "./fetch-options.ts";
import { assertNoDotSegment, parseBase, pathBelow } from "./request-url.ts";
import type { Connection, OperationMeta, Provider } from "../provider.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import { assertHeaderValue, revealWithin } from "./reveal-secret.ts";
import type { ServerClock } from "./server-clock.ts";
import type { Token } from "../token.ts";
import type { TokenSource } from "../token-source.ts";

export interface AuthFetchParts {
  readonly provider: Pick<
    Provider<object, never>,
    "name" | "meta" | "tokenScheme" | "refusesToken"
  >;
  readonly connection: Pick<Connection, "baseUrl" | "apiKeys">;
  readonly source: TokenSource;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  readonly serverClock: ServerClock;
  /** Is told every secret that is sent. */
  readonly secrets: KnownSecrets;
  readonly scheduler: Scheduler;
  /** `total`: ms that a function which gives an API key may take. */
  readonly timeouts: { readonly total: number };
  /** Bytes. */
  readonly maxAnswerBytes: number;
}

/** As the Fetch standard has it. */
const MAX_REDIRECTS = 20;
/** The headers that go along to another origin; whatever else a caller sets may be a credential. */
const CROSSING_HEADERS = [
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "pragma",
  "range",
  "user-agent",
];
const CONTENT_HEADERS = [
  "content-type",
  "content-length",
  "content-encoding",
  "content-language",
  "content-location",
];

/**
 * Sends a request. The request itself is not changed: whoever still holds it sees no credential in
 * it. `init` is what the caller gave beside it, of which the request may hide a part.
 */
export type Send = (
  request: Request,
  options?: { readonly replayable?: boolean; readonly init?: object },
) => Promise<Response>;

/**
 * What is needed to send a request any number of times. The body is kept as bytes, unless it is a
 * stream that only the first sending can have. Handed to `fetch` as URL and init, since not every
 * `fetch` takes the platform's `Request`.
 */
interface Parts {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: ArrayBuffer | ReadableStream | null;
  readonly extras: FetchOptions;
  readonly context: RequestContext;
}

export function createSend({
  provider,
  connection,
  source,
  fetch,
  now,
  serverClock,
  secrets,
  scheduler,
  timeouts,
  maxAnswerBytes,
}: AuthFetchParts): Send {
  const base = parseBase(connection.baseUrl);
  const findOperation = createOperationFinder(provider.meta);

  async function withApiKeys(
    headers: Headers,
    schemes: readonly string[],
    signal: AbortSignal,
  ): Promise<Headers> {
    for (const scheme of schemes) {
      const key = connection.apiKeys?.[scheme];
      const place = provider.meta.schemes[scheme];
      if (key === undefined || !place) continue;
      const value = assertHeaderValue(
        typeof key === "string"
          ? key
          : await revealWithin(key, scheme, {
              provider: provider.name,
              within: timeouts.total,
              scheduler,
              signal,
            }),
        scheme,
      );
      secrets.addCredentials(value);
      headers.set(place.header, (place.prefix ?? "") + value);
    }
    return headers;
  }

  function withToken(parts: Parts, token: Token): Parts {
    const headers = new Headers(parts.headers);
    const place = provider.meta.schemes[provider.tokenScheme];
    secrets.add(token.accessToken, token.refreshToken);
    if (place) headers.set(place.header, (place.prefix ?? "") + token.accessToken);
    return { ...parts, headers };
  }

  /**
   * Rule T-21. What the vendor said of the end is held against its own clock, never against the
   * local one.
   */
  const hasEnded = ({ accessToken, expiresAt = Infinity }: Token, { headers }: Response): boolean =>
    now() >= expiresAt || serverClock.ended(accessToken, headers.get("date"));

  /**
   * Rule S-02. `last` is the request that was answered; undefined, if it went without credentials
   * because a redirect led to another origin: its 401 does not speak of our token.
   */
  async function follow(
    parts: Parts,
    { signal, redirect }: Request,
  ): Promise<{ response: Response; last: Parts | undefined }> {
    let sent = parts;
    let abroad = false;
    for (let hops = 0; ; hops += 1) {
      const response = await sendOnce(
        sent,
        signal,
        abroad ? "The server that a redirect led to" : "The API",
      );
      const { status } = response;
      const location = response.headers.get("location");
      if (redirect === "manual" || location === null || ![301, 302, 303, 307, 308].includes(status))
        return { response, last: abroad ? undefined : sent };
      response.body?.cancel().catch(() => undefined);
      const refuse = (why: string): never => {
        throw new RedirectError(
          withContext({ status, message: `A redirect was not followed: ${why}.` }, sent.context),
        );
      };
      if (redirect === "error") return refuse("the request forbids redirects");
      if (hops === MAX_REDIRECTS) return refuse("there were too many");
      const url = parseUrl(location, sent.url);
      if (!url) return refuse("its address cannot be read");
      if (url.protocol !== "https:" && url.protocol !== sent.url.protocol)
        return refuse("it leads away from https");
      const leaves = url.origin !== sent.url.origin;
      const becomesGet =
        status === 303
          ? sent.method !== "GET" && sent.method !== "HEAD"
          : status < 303 && sent.method === "POST";
      if (!becomesGet && sent.body !== null && leaves)
        return refuse("it would hand the request's body to another origin");
      if (!becomesGet && sent.body instanceof ReadableStream)
        return refuse("its body cannot be sent again");
      const headers = new Headers(sent.headers);
      if (leaves)
        for (const name of [...headers.keys()])
          if (!CROSSING_HEADERS.includes(name)) headers.delete(name);
      if (becomesGet) for (const name of CONTENT_HEADERS) headers.delete(name);
      abroad ||= leaves;
      sent = {
        ...sent,
        url,
        headers,
        method: becomesGet ? "GET" : sent.method,
        body: becomesGet ? null : sent.body,
      };
    }
  }

  async function sendOnce(
    { url, method, headers, body, extras, context }: Parts,
    signal: AbortSignal,
    whom: string,
  ): Promise<Response> {
    const arrived = serverClock.sent("api");
    let given: unknown;
    try {
      given = await fetch(url.href, {
        ...extras,
        method,
        headers,
        body,
        signal,
        redirect: "manual",
        ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
      });
    } catch (cause) {
      throw signal.aborted ? signal.reason : fetchError(cause, undefined, context, whom);
    }
    const response = setContext(requireResponse(given, context), context);
    // Where a redirect led, another clock may go.
    if (url.origin === base.origin) arrived(response.headers.get("date"));
    return response;
  }

  const send: Send = async (request, { replayable = true, init } = {}) => {
    const url = new URL(request.url);
    const path = pathBelow(base, url);
    if (path === undefined) {
      throw new ConfigurationError({
        provider: provider.name,
        option: "baseUrl",
        message: `${provider.name}: this client sends credentials to addresses below ${base.origin}${base.path}/ only, and the request goes elsewhere. Use a plain fetch for it.`,
      });
    }
    // As the platform read it: not every request was looked at before, such as one that the caller
    // or a middleware made.
    assertNoDotSegment(path, provider.name, "path");
    const { method, signal } = request;
    const operation = findOperation(method, path);
    const context: RequestContext = {
      provider: provider.name,
      operation: operation?.id,
      host: url.host,
    };
    const schemes = operation?.security ?? provider.meta.security;
    const headers = await withApiKeys(new Headers(request.headers), schemes, signal);
    const body =
      request.body === null ? null : replayable ? await request.arrayBuffer() : request.body;
    const parts: Parts = {
      url,
      method,
      headers,
      body,
      extras: fetchOptionsOf(request, init),
      context,
    };
    if (!schemes.includes(provider.tokenScheme)) return (await follow(parts, request)).response;

    const token = await source.getToken({ signal });
    const { response, last } = await follow(withToken(parts, token), request);
    const refused =
      response.status === 401 ||
      provider.refusesToken?.(response.status, hasEnded(token, response));
    if (!refused || !last) return response;
    if (last.body instanceof ReadableStream) {
      // It cannot be sent again, but the next call shall not meet the same 401. Its failure is the
      // next call's to report.
      source.getToken({ rejected: token }).catch(() => undefined);
      return response;
    }
    const renewed = await source.getToken({ rejected: token, signal }).catch((error: unknown) => {
      // The client was closed meanwhile. The call was made before, and this is its answer.
      if (error instanceof ClosedError) return token;
      // Nobody will read it, and until then it holds its connection.
      response.body?.cancel().catch(() => undefined);
      throw error;
    });
    // It cannot be renewed, or was so a moment ago.
    if (renewed.accessToken === token.accessToken) return response;
    response.body?.cancel().catch(() => undefined);
    // A second 401 is returned as it is.
    return (await follow(withToken(last, renewed), request)).response;
  };
  return async (request, options) =>
    limitResponse(await send(request, options), {
      limit: maxAnswerBytes,
      request,
      provider: provider.name,
    });
}

/**
 * Finds what the spec says of a request by its path below the base URL. Paths are compared exactly,
 * slash at the end included.
 */
function createOperationFinder(
  meta: Provider<object, never>["meta"],
): (method: string, path: string) => OperationMeta | undefined {
  const templates = Object.entries(meta.operations)
    .filter(([name]) => name.includes("{"))
    .map(([name, operation]) => ({ operation, template: parsePathTemplate(name) }));
  return (method, path) => {
    const name = `${method} ${path}`;
    return (
      meta.operations[name] ?? templates.find(({ template }) => template.match(name))?.operation
    );
  };
}
