/**
 * Sends a token request, and follows the one redirect that a token endpoint may answer with (rule
 * S-02).
 */
import { RedirectError } from "../errors.ts";
import { withoutTrailingSlashes } from "../parts/check-options.ts";
import { withSignal } from "../platform/deadline.ts";
import { parseUrl } from "../platform/parse-url.ts";
import { discardBody } from "./discard-body.ts";
import { forgetMove, movedTo, noteMove } from "./moved-endpoint.ts";
import { requireResponse } from "./network-error.ts";
import type { RequestContext } from "./request-context.ts";

interface Sending {
  readonly fetch: typeof globalThis.fetch;
  readonly context: RequestContext;
  /** Name of the option that the address comes from, for error messages. */
  readonly option: string;
}

/** Status codes which say that the resource is gone, and so that the request had no effect. */
const GONE = [404, 405, 410];

/**
 * Sends a token request. If the endpoint has moved for good (308), the request goes to the new
 * address. If the new address fails, it is forgotten.
 * @param options.again whether the request may be sent to the endpoint's own address as well, after
 *   the new one answered that it is gone. A code or a refresh token may have been used up by then
 *   (rule T-13). After a redirect, the request is always sent to the endpoint's own address.
 * @throws RedirectError for any redirect but one 307 or 308 to the same origin; ConfigurationError
 *   if `fetch` gives no response; any error that `fetch` throws
 */
export async function fetchToken(
  url: URL,
  init: RequestInit,
  { again, ...sending }: Sending & { readonly again: boolean },
): Promise<Response> {
  const { fetch } = sending;
  const target = movedTo(fetch, url);
  if (!target) return fetchAndFollow(url, init, sending);
  try {
    const response = await send(target, init, sending);
    const gone = GONE.includes(response.status);
    if (gone || response.status >= 500) forgetMove(fetch, url);
    if (!isRedirect(response) && !(gone && again)) return response;
    discardBody(response);
  } catch (cause) {
    forgetMove(fetch, url);
    throw cause;
  }
  forgetMove(fetch, url);
  return fetchAndFollow(url, init, sending);
}

const send = async (url: URL, init: RequestInit, { fetch, context }: Sending): Promise<Response> =>
  requireResponse(await withSignal(fetch(url.href, init), init.signal), context);

const isRedirect = ({ type, status }: Response): boolean =>
  type === "opaqueredirect" || (status >= 300 && status <= 399 && status !== 304);

/** Follows one 307 or 308 to the same origin, with the same method and body. */
async function fetchAndFollow(
  url: URL,
  init: RequestInit,
  sending: Sending,
  redirected = false,
): Promise<Response> {
  const response = await send(url, init, sending);
  if (!isRedirect(response)) return response;
  discardBody(response);
  const target = targetOf(response, url, redirected, sending.option);
  // By the older documents of GenLogs, the credentials are in the query. The address of a redirect
  // may lack them.
  if (target.search === "") target.search = url.search;
  const answer = await fetchAndFollow(target, init, sending, true);
  if (response.status === 308 && answer.ok) noteMove(sending.fetch, url, target);
  return answer;
}

/** @throws RedirectError unless the redirect may be followed */
function targetOf(
  { status, headers }: Response,
  url: URL,
  redirected: boolean,
  option: string,
): URL {
  const location = headers.get("location");
  const target = location === null ? undefined : parseUrl(location, url);
  const refuse = (
    why: string,
    cure = `Set \`${option}\` to the address that the vendor means.`,
  ): never => {
    throw new RedirectError({
      status,
      message: `The token endpoint redirected (${status}) ${why}: refused, nothing was sent there. ${cure}`,
    });
  };
  if (target === undefined) return refuse("without a readable address");
  if (target.protocol === "http:" && url.protocol === "https:" && target.hostname === url.hostname)
    return refuse("to http:// on the same host", cureOfDowngrade(url, target));
  if (target.origin !== url.origin) return refuse("to another origin");
  if (status !== 307 && status !== 308)
    return refuse("in a way that would drop the request's body");
  return redirected ? refuse("a second time") : target;
}

/**
 * What to do about a redirect to http:// on the same host. A server behind a proxy that ends TLS
 * believes that its own address begins with http://. The message names the path only if it differs
 * from the client's by slashes at its end: any other path may hold a secret.
 */
function cureOfDowngrade({ pathname }: URL, target: URL): string {
  const bare = withoutTrailingSlashes(pathname);
  const path = [`${bare}/`, bare].find((one) => one === target.pathname && one !== pathname);
  const wish = path === undefined ? "another path" : `the path "${path}"`;
  return `A server behind a proxy that ends TLS does so if it wants ${wish}. Let the proxy tell it of https (X-Forwarded-Proto), or give a \`fetch\` option that asks for that path instead (docs/recipes.md).`;
}
