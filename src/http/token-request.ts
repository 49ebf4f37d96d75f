/**
 * The only place that talks to a token endpoint. Sends one request and maps every answer to a token
 * or a typed error.
 */
import { withSignal } from "../platform/deadline.ts";
import {
  ConfigurationError,
  ContractError,
  CorrigendaError,
  NetworkError,
  RedirectError,
  type ErrorDetails,
} from "../errors.ts";
import { answerError, requireAnswer } from "./network-error.ts";
import { isInstance } from "../platform/foreign.ts";
import { isMint } from "./grants.ts";
import { forgetMove, movedTo, noteMove } from "./moved-endpoint.ts";
import { withoutTrailingSlashes } from "../parts/check-options.ts";
import { parseUrl } from "../platform/parse-url.ts";
import { placed, type Place } from "./place.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import type { Connection, Grant, Problem, Provider, TokenRequest } from "../provider.ts";
import { isFailure, readProblem, tokenRefusal, withoutSecrets } from "./error-response.ts";
import { assertHeaderValue, reveal } from "./reveal-secret.ts";
import type { ServerClock } from "./server-clock.ts";
import type { Token } from "../token.ts";
import { breach } from "../parts/parse-token.ts";

/** Larger answers are no token answers (rule S-04). */
const MAX_BYTES = 1 << 20;

export type TokenOutcome =
  | { readonly token: Token }
  /**
   * `problem` and `status` are there when the endpoint answered with a refusal. `problem` is as it
   * came: for deciding, never for showing.
   */
  | { readonly error: CorrigendaError; readonly problem?: Problem; readonly status?: number };

export interface TokenEndpoint {
  readonly provider: Pick<
    Provider<object, never>,
    "name" | "meta" | "parseToken" | "readProblem" | "isFailure"
  >;
  readonly connection: Pick<Connection, "baseUrl" | "apiKeys"> &
    Partial<Pick<Connection, "identity" | "identityOption">>;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  /** ms, by a clock that nobody sets. */
  readonly monotonic: () => number;
  readonly serverClock: ServerClock;
  /** Is told every secret that is sent or received. */
  readonly secrets: KnownSecrets;
}

/**
 * A request that is ready to be sent, any number of times. `secrets` are all the secret values in
 * it, `apiKeys` some of them.
 */
export interface PreparedRequest {
  /** Its id in the spec. */
  readonly operation?: string | undefined;
  readonly url: URL;
  readonly init: RequestInit;
  readonly secrets: readonly string[];
  readonly apiKeys: readonly string[];
  /** See `Refusal`. */
  readonly padded?: readonly string[];
}

/**
 * Never rejects: a refusal, a breach and a fault of the network come back as `error`.
 * @param signal the deadline: its abort ends the attempt as a timeout
 */
export async function sendTokenRequest(
  { operation, url, init, padded }: PreparedRequest,
  grantType: Grant["grantType"],
  endpoint: TokenEndpoint,
  signal: AbortSignal,
): Promise<TokenOutcome> {
  const { provider, now, monotonic, secrets, serverClock } = endpoint;
  const place: Place = { provider: provider.name, operation, host: url.host };
  const label = (details: ErrorDetails): ErrorDetails => placed(details, place);
  const [sentAt, began] = [now(), monotonic()];
  const arrived = serverClock.sent("token");
  let response: Response;
  let serverTime: number | undefined;
  let text: string;
  try {
    response = await fetchMoved(
      url,
      { ...init, signal },
      { fetch: endpoint.fetch, place, again: isMint({ grantType }) },
    );
    serverTime = arrived(response.headers.get("date"));
    text = await readText(response, signal, place);
  } catch (cause) {
    if (isInstance(cause, CorrigendaError))
      return { error: cause.host === undefined ? cause.copy(label) : cause };
    return {
      error: signal.aborted
        ? new NetworkError(
            label({ code: "timeout", message: "The token endpoint did not answer in time." }),
          )
        : answerError(cause, undefined, place, "The token endpoint"),
    };
  }
  const { status, headers } = response;
  const body = parseJson(text);
  const failed =
    (isObject(body) && body["error"] !== undefined && body["error"] !== null) ||
    isFailure(provider, body);
  if (status >= 200 && status < 300 && !failed) {
    try {
      if (status !== 200) throw breach("", `the status is ${status} where only 200 brings a token`);
      if (!isObject(body))
        throw breach(
          "",
          text === ""
            ? "it is empty"
            : body === undefined
              ? "it is not JSON"
              : "it is not a JSON object",
        );
      const { expires, ...token } = provider.parseToken({
        body,
        sentAt: onClockOf(now(), sentAt, monotonic() - began),
        serverTime,
      });
      if (expires !== undefined) serverClock.note(token.accessToken, expires);
      secrets.add(token.accessToken, token.refreshToken);
      return { token };
    } catch (cause) {
      if (cause instanceof ContractError) return { error: cause.copy(label) };
      throw cause;
    }
  }
  const problem = readProblem(provider, body);
  const shown = withoutSecrets(problem, [...secrets, ...tokensIn(body, provider)]);
  return {
    status,
    problem,
    error: tokenRefusal(
      { place, status, headers, problem: shown, code: problem.code, now: now(), padded },
      grantType,
    ),
  };
}

/**
 * Encodes a request as the spec says and puts the API keys on. @throws ConfigurationError if one
 * cannot be had
 */
export async function prepareTokenRequest(
  { operation, query, body, secrets }: TokenRequest,
  { provider, connection, secrets: known }: TokenEndpoint,
): Promise<PreparedRequest> {
  const meta = provider.meta.operations[operation];
  const [method = "POST", path = ""] = operation.split(" ");
  const url = new URL(connection.baseUrl + path);
  // Percent-encoding throughout: in a query, the form's `+` for a space is what breaks GenLogs'
  // passwords.
  if (query)
    url.search = Object.entries(query)
      .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("'", "%27")}`)
      .join("&");
  const headers = new Headers({ accept: "application/json" });
  const apiKeys: string[] = [];
  for (const scheme of meta?.security ?? []) {
    const key = connection.apiKeys?.[scheme];
    const place = provider.meta.schemes[scheme];
    if (key === undefined || place === undefined) continue;
    const value = assertHeaderValue(await reveal(key, scheme), scheme);
    apiKeys.push(value);
    headers.set(place.header, (place.prefix ?? "") + value);
  }
  const all = { operation: meta?.id, url, secrets: [...secrets, ...apiKeys], apiKeys };
  known.add(...secrets);
  known.addCredentials(...apiKeys);
  if (body === undefined) return { ...all, init: { method, headers, redirect: "manual" } };
  const form = meta?.request === "application/x-www-form-urlencoded";
  headers.set("content-type", form ? "application/x-www-form-urlencoded" : "application/json");
  return {
    ...all,
    init: {
      method,
      headers,
      redirect: "manual",
      body: form ? new URLSearchParams(body).toString() : JSON.stringify(body),
    },
  };
}

/** Answers that say that nothing is there any more, and so that nothing came of the request. */
const GONE = [404, 405, 410];

/**
 * At the address that the endpoint has moved to for good, if it has; once that fails, at its own
 * again.
 * @param again whether the request may be sent to both: a code or a refresh token may have been
 *   used up at the first one, unless that redirects (rule T-13)
 */
async function fetchMoved(
  url: URL,
  init: RequestInit,
  { fetch, place, again }: { fetch: TokenEndpoint["fetch"]; place: Place; again: boolean },
): Promise<Response> {
  const target = movedTo(fetch, url);
  if (!target) return fetchOnce(url, init, fetch, place);
  try {
    const response = await ask(target, init, fetch, place);
    const gone = GONE.includes(response.status);
    if (gone || response.status >= 500) forgetMove(fetch, url);
    if (!redirects(response) && !(gone && again)) return response;
    response.body?.cancel().catch(() => undefined);
  } catch (cause) {
    forgetMove(fetch, url);
    throw cause;
  }
  forgetMove(fetch, url);
  return fetchOnce(url, init, fetch, place);
}

const ask = async (
  url: URL,
  init: RequestInit,
  fetch: TokenEndpoint["fetch"],
  place: Place,
): Promise<Response> => requireAnswer(await withSignal(fetch(url.href, init), init.signal), place);

const redirects = ({ type, status }: Response): boolean =>
  type === "opaqueredirect" || (status >= 300 && status <= 399 && status !== 304);

/**
 * Follows one 307 or 308 to the same origin with method and body as they were; every other redirect
 * is refused (rule S-02).
 */
async function fetchOnce(
  url: URL,
  init: RequestInit,
  fetch: TokenEndpoint["fetch"],
  place: Place,
  redirected = false,
): Promise<Response> {
  const response = await ask(url, init, fetch, place);
  if (!redirects(response)) return response;
  const { status } = response;
  response.body?.cancel().catch(() => undefined);
  const location = response.headers.get("location");
  const target = location === null ? undefined : parseUrl(location, url);
  const refuse = (
    why: string,
    cure = "Set `baseUrl` to the address that the vendor means.",
  ): never => {
    throw new RedirectError({
      status,
      message: `The token endpoint redirected (${status}) ${why}: refused, nothing was sent there. ${cure}`,
    });
  };
  if (target === undefined) return refuse("without a readable address");
  if (target.protocol === "http:" && url.protocol === "https:" && target.hostname === url.hostname)
    return refuse("to http:// on the same host", downgraded(url, target));
  if (target.origin !== url.origin) return refuse("to another origin");
  if (status !== 307 && status !== 308)
    return refuse("in a way that would drop the request's body");
  if (redirected) return refuse("a second time");
  // The credentials of GenLogs' older form are in the query, which a redirect need not repeat.
  if (target.search === "") target.search = url.search;
  const answer = await fetchOnce(target, init, fetch, place, true);
  if (status === 308 && answer.ok) noteMove(fetch, url, target);
  return answer;
}

/**
 * A server behind a proxy that ends TLS takes itself to be at http://. Its path is named where it
 * is ours but for slashes: any other may hold anything.
 */
function downgraded({ pathname }: URL, target: URL): string {
  const bare = withoutTrailingSlashes(pathname);
  const path = [`${bare}/`, bare].find((one) => one === target.pathname && one !== pathname);
  const wish = path === undefined ? "another path" : `the path "${path}"`;
  return `A server behind a proxy that ends TLS does so if it wants ${wish}. Let the proxy tell it of https (X-Forwarded-Proto), or give a \`fetch\` option that asks for that path instead (docs/recipes.md).`;
}

/** Text of the body, up to the cap, which counts after decompression. */
async function readText(response: Response, signal: AbortSignal, place: Place): Promise<string> {
  if (response.body === null) return "";
  // Of another library's answer no more could be known than all of it, however much that is (rule
  // S-04).
  if (typeof (response.body as Partial<ReadableStream> | undefined)?.getReader !== "function")
    throw new ConfigurationError(
      placed(
        {
          option: "fetch",
          message:
            "The `fetch` option gave an answer whose `body` is no web stream. Make it return what the platform's `fetch` returns.",
        },
        place,
      ),
    );
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await withSignal(reader.read(), signal);
      if (done) return text + decode(decoder);
      size += value.byteLength;
      if (size > MAX_BYTES) throw breach("", "it is larger than 1 MiB");
      text += decode(decoder, value);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw breach("", "it is not UTF-8");
  }
}

/** A refusal with status 200 may hold a token all the same, and repeat it in its words. */
function tokensIn(body: unknown, provider: TokenEndpoint["provider"]): string[] {
  try {
    const { accessToken, refreshToken } = provider.parseToken({
      body: body as Record<string, unknown>,
      sentAt: 0,
    });
    return [accessToken, refreshToken ?? ""];
  } catch {
    return [];
  }
}

/** ms. By less than this a clock is adjusted, and not set. */
const JUMP = 1000;

/**
 * When the request was sent, by the clock as it goes now: it may have been set while the answer was
 * on its way. @param passed ms, by a clock that nobody sets
 */
const onClockOf = (now: number, sentAt: number, passed: number): number =>
  Math.abs(now - sentAt - passed) > JUMP ? Math.floor(now - passed) : sentAt;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // The parser's own message repeats the text.
  }
}
