/**
 * A provider with the authorization code flow (RFC 6749 4.1) and PKCE (RFC 7636), against the
 * endpoints of an OpenID provider. A public client, such as an app, has no secret.
 */
import {
  createAuthorizationCodeClient,
  noClientSecret,
  parseTokenResponse,
  readErrorResponse,
  requireText,
  requireUrl,
  type AuthorizationCodeClient,
  type CommonOptions,
  type Provider,
} from "corrigenda/kit";

/** openapi-typescript generates a type like this from a vendor's document. */
export interface Paths {
  "/me": { get: { responses: { 200: { content: { "application/json": { sub: string } } } } } };
}
export type Options = { readonly clientId: string };

const TOKEN = "POST /token";
export const people: Provider<Paths, Options & { readonly key: string }> = {
  name: "people",
  meta: {
    servers: [{ url: "https://id.example", authorizationUrl: "https://id.example/auth" }],
    schemes: { bearer: { header: "Authorization", prefix: "Bearer " } },
    security: ["bearer"],
    operations: {
      [TOKEN]: { id: "createToken", security: [], request: "application/x-www-form-urlencoded" },
    },
  },
  tokenScheme: "bearer",
  options: ["clientId"],
  connect({ baseUrl = "https://id.example", allowHttpHost, clientId, key }) {
    const authenticate = noClientSecret({ clientId: requireText(clientId, "clientId") });
    const refresh = (token: string) => ({
      operation: TOKEN,
      body: { grant_type: "refresh_token", refresh_token: token },
      secrets: [token],
    });
    const name = "refresh_token";
    return {
      baseUrl: requireUrl(baseUrl, "baseUrl", allowHttpHost),
      identity: [clientId, key],
      identityOption: "clientId",
      credentials: {},
      tokenOperation: TOKEN,
      exchange: (body, reveal) => authenticate({ operation: TOKEN, body, secrets: [] }, reveal),
      grants: ({ refreshToken: token }) =>
        token ? [{ name, grantType: name, request: (r) => authenticate(refresh(token), r) }] : [],
    };
  },
  parseToken: parseTokenResponse,
  readProblem: readErrorResponse,
};
export const createPeopleClient = (o: Options & CommonOptions): AuthorizationCodeClient<Paths> =>
  createAuthorizationCodeClient(people, o);
