/** Makes token requests ready to be sent, and collects the secrets in them. */
import { ConfigurationError } from "../errors.ts";
import { withSignal, type Deadline } from "../platform/deadline.ts";
import type { Grant, TokenRequest } from "../provider.ts";
import type { Reveal } from "../secret.ts";
import { setApiKeys } from "./api-keys.ts";
import { reveal, secretIsLate } from "./reveal-secret.ts";
import type { PreparedRequest, TokenEndpoint } from "./token-request.ts";
import { urlOfOperation } from "./token-url.ts";

/** Requests of several grants, in the order of the grants. */
export interface Prepared {
  /**
   * The request of one grant.
   * @throws ConfigurationError if the request could not be prepared, for example because a
   *   function that gives a secret failed
   */
  take(index: number): PreparedRequest;
  /** The secret values of each request. In memory only (rule T-07). */
  readonly secrets: readonly (readonly string[])[];
  /** The values of all API keys in the requests. */
  readonly apiKeys: readonly string[];
}

/**
 * Prepares the requests of all grants at once, since the latch (the note that the vendor refused
 * certain credentials) covers the credentials of all of them. If a request cannot be prepared, only
 * `take` of that request throws.
 * @throws NetworkError with code `timeout` if a function that gives a secret takes too long
 */
export async function prepareAll(
  grants: readonly Pick<Grant, "request">[],
  endpoint: TokenEndpoint,
  reveal: Reveal,
  { signal }: Deadline,
): Promise<Prepared> {
  const all = await withSignal(
    Promise.allSettled(grants.map((grant) => prepare(grant, endpoint, reveal))),
    signal,
  ).catch(() => {
    throw secretIsLate(endpoint.provider.name);
  });
  const ready = all.map((one) => (one.status === "fulfilled" ? one.value : undefined));
  return {
    secrets: ready.map((request) => request?.secrets ?? []),
    apiKeys: [...new Set(ready.flatMap((request) => request?.apiKeys ?? []))],
    take(index) {
      const one = all[index];
      if (one?.status === "fulfilled") return one.value;
      throw one?.reason;
    },
  };
}

/**
 * Prepares the request of one grant. The result names the options whose values begin or end in
 * white space: a likely reason for a refusal.
 */
async function prepare(
  grant: Pick<Grant, "request">,
  endpoint: TokenEndpoint,
  reveal: Reveal,
): Promise<PreparedRequest> {
  const { identity: [user = ""] = [], identityOption } = endpoint.connection;
  const padded = new Set(identityOption !== undefined && isPadded(user) ? [identityOption] : []);
  const request = await grant.request(async (name) => {
    const value = await reveal(name);
    if (isPadded(value)) padded.add(name);
    return value;
  });
  return { ...(await prepareTokenRequest(request, endpoint)), padded: [...padded] };
}

const isPadded = (text: string): boolean => text !== text.trim();

const FORM = "application/x-www-form-urlencoded";

/**
 * Encodes a request as the OpenAPI document says, and puts the API keys on it.
 * @throws ConfigurationError if the function for an API key fails, or if a header cannot be sent
 */
export async function prepareTokenRequest(
  { operation, query, headers: given, body, secrets }: TokenRequest,
  endpoint: TokenEndpoint,
): Promise<PreparedRequest> {
  const { provider, connection, secrets: known } = endpoint;
  const { name, meta } = provider;
  const { id, request: mediaType, success, security = [] } = meta.operations[operation] ?? {};
  const url = new URL(urlOfOperation(operation, meta, connection));
  // A space is sent as `%20`: GenLogs reads a `+` as a plus sign of the password.
  if (query) url.search = Object.entries(query).map(encodeParameter).join("&");
  const headers = headersOf({ accept: "application/json", ...given }, name);
  const apiKeys = await setApiKeys(headers, security, endpoint, reveal);
  known.add(...secrets);
  const init: RequestInit = {
    method: operation.slice(0, operation.indexOf(" ")),
    headers,
    redirect: "manual",
  };
  if (body !== undefined) {
    const type = headers.get("content-type") ?? mediaType;
    const form = type?.startsWith(FORM);
    if (!headers.has("content-type")) headers.set("content-type", form ? FORM : "application/json");
    init.body = form ? new URLSearchParams(body).toString() : JSON.stringify(body);
  }
  return { operation: id, url, init, success, secrets: [...secrets, ...apiKeys], apiKeys };
}

const encodeParameter = ([name, value]: [string, string]): string =>
  `${name}=${encodeURIComponent(value).replaceAll("'", "%27")}`;

/** @throws ConfigurationError, since the platform's own error quotes the value */
function headersOf(given: Readonly<Record<string, string>>, provider: string): Headers {
  try {
    return new Headers(given);
  } catch {
    throw new ConfigurationError({
      provider,
      option: "headers",
      message: `${provider}: a header of the token request cannot be sent. Look at \`headers\` in the provider.`,
    });
  }
}
