/**
 * Sends one token request, and maps every response to a token or a typed error. Nothing else talks
 * to a token endpoint.
 */
import { ContractError, CorrigendaError, NetworkError, type ErrorDetails } from "../errors.ts";
import { isRecord } from "../parts/parse-error.ts";
import { breach } from "../parts/parse-token.ts";
import { parseJson } from "../platform/parse-json.ts";
import { isInstance } from "../platform/safe-access.ts";
import type { Connection, Grant, Problem, Provider } from "../provider.ts";
import type { Token } from "../token.ts";
import { isFailure, readProblem, tokenRefusal, withoutSecrets } from "./error-response.ts";
import { isRepeatable } from "./grants.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import { fetchError } from "./network-error.ts";
import { withContext, type RequestContext } from "./request-context.ts";
import type { ServerClock } from "./server-clock.ts";
import { readText } from "./token-body.ts";
import { fetchToken } from "./token-redirect.ts";

/** The result of a token request. */
export type TokenOutcome =
  | { readonly token: Token }
  /**
   * `problem` and `status` are present if the endpoint refused the request. `problem` is what the
   * response says, unredacted: use it for decisions, never in messages.
   */
  | { readonly error: CorrigendaError; readonly problem?: Problem; readonly status?: number };

/** What a token request needs of the client. */
export interface TokenEndpoint {
  readonly provider: Pick<
    Provider<object, never>,
    "name" | "meta" | "parseToken" | "readProblem" | "isFailure"
  >;
  readonly connection: Pick<Connection, "baseUrl" | "apiKeys"> &
    Partial<Pick<Connection, "identity" | "identityOption" | "tokenOperation" | "tokenUrl">>;
  readonly fetch: typeof globalThis.fetch;
  /** Epoch ms. */
  readonly now: () => number;
  /** Monotonic time in ms: it goes on evenly when somebody sets the system clock. */
  readonly monotonic: () => number;
  readonly serverClock: ServerClock;
  /** Every secret that is sent or received is added to this set. */
  readonly secrets: KnownSecrets;
}

/** A request that is ready to be sent, any number of times. */
export interface PreparedRequest {
  /** `operationId` of the document. */
  readonly operation?: string | undefined;
  readonly url: URL;
  readonly init: RequestInit;
  /** Status codes of the responses that hold a token. Absent: only 200. */
  readonly success?: readonly string[] | undefined;
  /** All secret values in the request. */
  readonly secrets: readonly string[];
  /** The API keys among them. */
  readonly apiKeys: readonly string[];
  /** Names of the options whose values were sent with white space at their beginning or end. */
  readonly padded?: readonly string[];
}

/** A response that was read to its end. */
interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed JSON; undefined if the text is not JSON. */
  readonly body: unknown;
  /** When the request was sent: epoch ms on this machine's clock. */
  readonly sentAt: number;
  /** The same moment on the server's clock. Undefined if no response had a Date header. */
  readonly serverTime: number | undefined;
}

/**
 * Sends a token request once.
 * @param signal the deadline: its abort ends the attempt with a timeout
 * @returns the token, or a refusal, a breach of contract or a network failure as `error`.
 *   The promise never rejects.
 */
export async function sendTokenRequest(
  request: PreparedRequest,
  grantType: Grant["grantType"],
  endpoint: TokenEndpoint,
  signal: AbortSignal,
): Promise<TokenOutcome> {
  const { provider } = endpoint;
  const context = {
    provider: provider.name,
    operation: request.operation,
    host: request.url.host,
  };
  let received: Received;
  try {
    received = await receive(request, isRepeatable({ grantType }), endpoint, signal, context);
  } catch (cause) {
    return { error: networkError(cause, signal, context) };
  }
  const { status, headers, body } = received;
  if (status >= 200 && status < 300 && !saysFailure(body, provider)) {
    try {
      return { token: parse(received, request, endpoint) };
    } catch (cause) {
      return { error: parseError(cause).copy((details) => withContext(details, context)) };
    }
  }
  const problem = readProblem(provider, body, headers);
  const shown = withoutSecrets(problem, [...endpoint.secrets, ...tokensIn(body, provider)]);
  const { code } = problem;
  const { padded } = request;
  const now = endpoint.now();
  const refusal = { context, status, headers, problem: shown, code, now, padded };
  return { status, problem, error: tokenRefusal(refusal, grantType) };
}

/**
 * What `parseToken` threw, as a breach of contract: the vendor may have used up the refresh token.
 * The text of any other error may quote the response, so it is left out (rule S-03).
 */
const parseError = (cause: unknown): ContractError =>
  isInstance(cause, ContractError) ? cause : breach("", "the provider's `parseToken` failed on it");

/**
 * Sends a request and reads its response.
 * @param again whether the request may be sent to two addresses (see `fetchToken`)
 */
async function receive(
  { url, init }: PreparedRequest,
  again: boolean,
  { connection, fetch, now, monotonic, serverClock }: TokenEndpoint,
  signal: AbortSignal,
  context: RequestContext,
): Promise<Received> {
  const [sentAt, began] = [now(), monotonic()];
  const arrived = serverClock.sent("token");
  const option = connection.tokenUrl === undefined ? "baseUrl" : "tokenUrl";
  const response = await fetchToken(url, { ...init, signal }, { fetch, context, again, option });
  const serverTime = arrived(response.headers.get("date"));
  const text = await readText(response, signal, context);
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: parseJson(text),
    sentAt: onClockOf(now(), sentAt, monotonic() - began),
    serverTime,
  };
}

function networkError(
  cause: unknown,
  signal: AbortSignal,
  context: RequestContext,
): CorrigendaError {
  const label = (details: ErrorDetails): ErrorDetails => withContext(details, context);
  if (isInstance(cause, CorrigendaError))
    return cause.host === undefined ? cause.copy(label) : cause;
  return signal.aborted
    ? new NetworkError(
        label({ code: "timeout", message: "The token endpoint did not answer in time." }),
      )
    : fetchError(cause, undefined, context, "The token endpoint");
}

/** Whether a success response says that the request failed. */
const saysFailure = (body: unknown, provider: TokenEndpoint["provider"]): boolean =>
  (isRecord(body) && body["error"] !== undefined && body["error"] !== null) ||
  isFailure(provider, body);

/** @throws ContractError for a breach of contract; any other error that `parseToken` throws */
function parse(
  { status, text, body, sentAt, serverTime }: Received,
  { success = ["200"] }: PreparedRequest,
  { provider, serverClock, secrets }: TokenEndpoint,
): Token {
  if (!success.includes(`${status}`) && !success.includes("2XX"))
    throw breach("", `the status is ${status} where only ${success.join(" or ")} brings a token`);
  if (!isRecord(body))
    throw breach(
      "",
      text === ""
        ? "it is empty"
        : body === undefined
          ? "it is not JSON"
          : "it is not a JSON object",
    );
  const { expires, ...token } = provider.parseToken({ body, sentAt, serverTime });
  if (expires !== undefined) serverClock.note(token.accessToken, expires);
  secrets.add(token.accessToken, token.refreshToken);
  return token;
}

/**
 * The tokens in the body of a refusal. A refusal with status 200 may hold tokens, and may quote
 * them in its message.
 */
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

/**
 * ms. If the system clock and the monotonic clock differ by more than this on how long a request
 * took, the system clock was set meanwhile.
 */
const JUMP = 1000;

/**
 * When the request was sent, epoch ms. If the system clock was set while the request was under way,
 * the result is the time that the system clock, as it is set now, would have shown at that moment.
 * @param passed ms since the request was sent, by the monotonic clock
 */
const onClockOf = (now: number, sentAt: number, passed: number): number =>
  Math.abs(now - sentAt - passed) > JUMP ? Math.floor(now - passed) : sentAt;
