/**
 * Where a client's id and secret go on a token request (RFC 6749 2.3): one function for each place
 * that vendors use.
 */
import type { ClientAuthentication, TokenRequest } from "../provider.ts";

/** Whose id and secret a token request carries. */
export interface ClientCredentials {
  /** The client id, as the vendor issued it. */
  readonly clientId: string;
  /**
   * Name of the client secret among `Connection.credentials`.
   * @defaultValue `"clientSecret"`
   */
  readonly secretName?: string;
}

/**
 * HTTP Basic, which RFC 6749 2.3.1 prefers: id and secret are encoded as form values, joined by a
 * colon, and sent as base64 in the header `Authorization`. It fits an OpenAPI security scheme
 * `http: basic` of the token operation.
 * @example
 * const authenticate = clientSecretBasic({ clientId });
 * const grant: Grant = {
 *   name: "client_credentials",
 *   grantType: "client_credentials",
 *   request: (reveal) =>
 *     authenticate(
 *       { operation: "POST /token", body: { grant_type: "client_credentials" }, secrets: [] },
 *       reveal,
 *     ),
 * };
 */
export const clientSecretBasic =
  ({ clientId, secretName = "clientSecret" }: ClientCredentials): ClientAuthentication =>
  async (request, reveal) => {
    const secret = await reveal(secretName);
    const credentials = btoa(`${encodeFormValue(clientId)}:${encodeFormValue(secret)}`);
    const headers = { ...request.headers, authorization: `Basic ${credentials}` };
    return { ...request, headers, secrets: [...request.secrets, secret, credentials] };
  };

/**
 * Members `client_id` and `client_secret` of the body (RFC 6749 2.3.1). The vendor's OpenAPI
 * document decides whether the body is a form or JSON.
 * @example
 * const authenticate = clientSecretPost({ clientId });
 * const request = await authenticate(
 *   { operation: "POST /token", body: { grant_type: "client_credentials" }, secrets: [] },
 *   reveal,
 * );
 */
export const clientSecretPost =
  (client: ClientCredentials): ClientAuthentication =>
  async (request, reveal) => {
    const { secrets, parameters } = await parametersOf(client, request, reveal);
    return { ...request, body: { ...request.body, ...parameters }, secrets };
  };

/**
 * Members `client_id` and `client_secret` of a JSON body, whatever media type the OpenAPI
 * document gives.
 * @example
 * const authenticate = clientSecretJson({ clientId });
 * const request = await authenticate(
 *   { operation: "POST /token", body: { grant_type: "client_credentials" }, secrets: [] },
 *   reveal,
 * );
 */
export const clientSecretJson = (client: ClientCredentials): ClientAuthentication => {
  const authenticate = clientSecretPost(client);
  return async (request, reveal) => {
    const { headers, ...rest } = await authenticate(request, reveal);
    return { ...rest, headers: { ...headers, "content-type": "application/json" } };
  };
};

/**
 * Query parameters `client_id` and `client_secret`. Only for a vendor that accepts them nowhere
 * else: proxies and servers write URLs to their logs. Errors of this package never hold the URL
 * (rules S-03, S-05).
 * @example
 * const authenticate = clientSecretQuery({ clientId });
 * const request = await authenticate(
 *   { operation: "GET /token", query: { grant_type: "client_credentials" }, secrets: [] },
 *   reveal,
 * );
 */
export const clientSecretQuery =
  (client: ClientCredentials): ClientAuthentication =>
  async (request, reveal) => {
    const { secrets, parameters } = await parametersOf(client, request, reveal);
    return { ...request, query: { ...request.query, ...parameters }, secrets };
  };

/**
 * Member `client_id` of the body and no secret: a public client (RFC 6749 2.1), such as an app on a
 * person's device. Its `Connection.credentials` is `{}`.
 * @example
 * const authenticate = noClientSecret({ clientId });
 * const request = await authenticate(
 *   { operation: "POST /token", body: { grant_type: "refresh_token", ... }, secrets: [...] },
 *   reveal,
 * );
 */
export const noClientSecret =
  ({ clientId }: Pick<ClientCredentials, "clientId">): ClientAuthentication =>
  async (request) => ({ ...request, body: { ...request.body, client_id: clientId } });

async function parametersOf(
  { clientId, secretName = "clientSecret" }: ClientCredentials,
  { secrets }: TokenRequest,
  reveal: Parameters<ClientAuthentication>[1],
): Promise<{ secrets: readonly string[]; parameters: Readonly<Record<string, string>> }> {
  const secret = await reveal(secretName);
  return {
    secrets: [...secrets, secret],
    parameters: { client_id: clientId, client_secret: secret },
  };
}

/** `application/x-www-form-urlencoded` (RFC 6749 appendix B). */
const encodeFormValue = (text: string): string =>
  new URLSearchParams([["", text]]).toString().slice(1);
