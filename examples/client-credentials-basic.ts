/**
 * A provider with client credentials (RFC 6749 4.4) and HTTP Basic (2.3.1), against the endpoints
 * of an OpenID provider.
 */
import {
  clientSecretBasic,
  createClient,
  parseTokenResponse,
  readErrorResponse,
  requireSecret,
  requireText,
  requireUrl,
  type ApiClient,
  type CommonOptions,
  type Provider,
  type Secret,
} from "corrigenda/kit";

type Configuration = { issuer: string; token_endpoint: string };
/** openapi-typescript generates a type like this from a vendor's document. */
export interface Paths {
  "/.well-known/openid-configuration": {
    get: { responses: { 200: { content: { "application/json": Configuration } } } };
  };
}
export type Options = { readonly clientId: string; readonly clientSecret: Secret };

const TOKEN = "POST /token";
export const machine: Provider<Paths, Options> = {
  name: "machine",
  meta: {
    servers: [{ url: "https://id.example" }],
    schemes: { bearer: { header: "Authorization", prefix: "Bearer " } },
    security: ["bearer"],
    operations: {
      [TOKEN]: { id: "createToken", security: [], request: "application/x-www-form-urlencoded" },
    },
  },
  tokenScheme: "bearer",
  options: ["clientId", "clientSecret"],
  connect({ baseUrl = "https://id.example", allowHttpHost, clientId, clientSecret }) {
    const authenticate = clientSecretBasic({ clientId: requireText(clientId, "clientId") });
    const request = { operation: TOKEN, body: { grant_type: "client_credentials" }, secrets: [] };
    const name = "client_credentials";
    return {
      baseUrl: requireUrl(baseUrl, "baseUrl", allowHttpHost),
      identity: [clientId],
      identityOption: "clientId",
      credentials: { clientSecret: requireSecret(clientSecret, "clientSecret") },
      tokenOperation: TOKEN,
      grants: () => [{ name, grantType: name, request: (reveal) => authenticate(request, reveal) }],
    };
  },
  parseToken: parseTokenResponse,
  readProblem: readErrorResponse,
};

export const createMachineClient = (options: Options & CommonOptions): ApiClient<Paths> =>
  createClient(machine, options);
