/**
 * The redirects of API calls. The platform does not follow them, since it would send custom headers
 * with credentials to another origin (rule S-02).
 */
import { RedirectError } from "../errors.ts";
import { parseUrl } from "../platform/parse-url.ts";
import { discardBody } from "./discard-body.ts";
import type { FetchOptions } from "./fetch-options.ts";
import { withContext, type RequestContext } from "./request-context.ts";

/**
 * What a request is made of. It can be sent any number of times, unless its body is a stream. It is
 * handed to `fetch` as a URL and an init, since not every `fetch` takes the platform's `Request`.
 */
export interface RequestParts {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: ArrayBuffer | ReadableStream | null;
  readonly options: FetchOptions;
  readonly context: RequestContext;
}

/** The limit of the Fetch Standard (4.4, HTTP-redirect fetch). */
const MAX_REDIRECTS = 20;

const REDIRECT_STATUSES = [301, 302, 303, 307, 308];

/** The only headers that are sent to another origin. Any other one may hold a credential. */
const CROSS_ORIGIN_HEADERS = [
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

/** Headers that describe a body. */
const BODY_HEADERS = [
  "content-type",
  "content-length",
  "content-encoding",
  "content-language",
  "content-location",
];

/** A response, after all redirects. */
export interface FinalResponse {
  readonly response: Response;
  /**
   * The request that was answered. Undefined if a redirect led to another origin: that request had
   * no credentials, so its 401 says nothing about the token.
   */
  readonly last: RequestParts | undefined;
}

/**
 * Sends a request and follows its redirects.
 * @param redirect the `redirect` of the request: `manual` returns the redirect, `error` refuses it
 * @param send `crossedOrigin`: whether a redirect led to another origin than the API's
 * @throws RedirectError for a redirect that is not followed
 */
export async function followRedirects(
  parts: RequestParts,
  redirect: Request["redirect"],
  send: (parts: RequestParts, crossedOrigin: boolean) => Promise<Response>,
): Promise<FinalResponse> {
  let last = parts;
  let crossedOrigin = false;
  for (let redirects = 0; ; redirects += 1) {
    const response = await send(last, crossedOrigin);
    const { status, headers } = response;
    const location = headers.get("location");
    if (redirect === "manual" || location === null || !REDIRECT_STATUSES.includes(status))
      return { response, last: crossedOrigin ? undefined : last };
    discardBody(response);
    if (redirect === "error") refuse(last, status, "the request forbids redirects");
    if (redirects === MAX_REDIRECTS) refuse(last, status, "there were too many");
    const next = redirected(last, status, location);
    crossedOrigin ||= next.url.origin !== last.url.origin;
    last = next;
  }
}

/** The request that a redirect asks for (RFC 9110 15.4). */
function redirected(parts: RequestParts, status: number, location: string): RequestParts {
  const { url: from, method, body } = parts;
  const url = parseUrl(location, from);
  if (!url) return refuse(parts, status, "its address cannot be read");
  if (url.protocol !== "https:" && url.protocol !== from.protocol)
    refuse(parts, status, "it leads away from https");
  const headers = new Headers(parts.headers);
  const crossesOrigin = url.origin !== from.origin;
  if (crossesOrigin)
    for (const name of [...headers.keys()])
      if (!CROSS_ORIGIN_HEADERS.includes(name)) headers.delete(name);
  if (becomesGet(status, method)) {
    for (const name of BODY_HEADERS) headers.delete(name);
    return { ...parts, url, headers, method: "GET", body: null };
  }
  if (body !== null && crossesOrigin)
    refuse(parts, status, "it would send the request's body to another origin");
  if (body instanceof ReadableStream) refuse(parts, status, "the body cannot be sent again");
  return { ...parts, url, headers };
}

const becomesGet = (status: number, method: string): boolean =>
  status === 303 ? method !== "GET" && method !== "HEAD" : status < 303 && method === "POST";

function refuse({ context }: RequestParts, status: number, reason: string): never {
  throw new RedirectError(
    withContext({ status, message: `A redirect was not followed: ${reason}.` }, context),
  );
}
