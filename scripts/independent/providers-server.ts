/** oidc-provider as the token server of the example providers. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen, loadOidcProvider, type OidcProvider } from "./server.ts";

const REDIRECT = "https://app.example/callback";
const CLIENTS = [
  {
    client_id: "machine: 100% +",
    client_secret: "not-a-real-secret: 100% +",
    redirect_uris: [],
    response_types: [],
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: "client_secret_basic",
  },
  {
    client_id: "people",
    redirect_uris: [REDIRECT],
    response_types: ["code"],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  },
];
const SETTINGS = {
  clients: CLIENTS,
  scopes: ["openid", "offline_access"],
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  pkce: { required: () => true },
  findAccount: (_: unknown, accountId: string) => ({
    accountId,
    claims: async () => ({ sub: accountId }),
  }),
  features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
  ttl: { AccessToken: 600, ClientCredentials: 600, RefreshToken: 86_400, Grant: 86_400 },
  cookies: { keys: ["not-a-real-key"] },
};

/** @returns the issuer's URL, and a function that ends the server */
export async function startProvidersServer(): Promise<{ url: string; close: () => void }> {
  const Provider = await loadOidcProvider();
  const server = createServer();
  const url = await listen(server);
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwks = { keys: [privateKey.export({ format: "jwk" })] };
  const provider = new Provider(url, { ...SETTINGS, jwks });
  const answer = provider.callback();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    if (pathname !== "/auth") return answer(request, response);
    grant(provider, searchParams).then(
      (location) => response.writeHead(302, { location }).end(),
      () => response.writeHead(400).end(),
    );
  });
  return {
    url,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The authorization page, with a user who grants at once. @returns where it redirects to */
async function grant(provider: OidcProvider, query: URLSearchParams): Promise<string> {
  const [clientId = "", scope, challenge] = ["client_id", "scope", "code_challenge"].map(
    (name) => query.get(name) ?? "",
  );
  const accountId = "user-1";
  const found = new provider.Grant({ accountId, clientId });
  found.addOIDCScope(scope ?? "");
  const code = await new provider.AuthorizationCode({
    accountId,
    client: await provider.Client.find(clientId),
    grantId: await found.save(),
    redirectUri: query.get("redirect_uri"),
    scope,
    gty: "authorization_code",
    codeChallenge: challenge,
    codeChallengeMethod: query.get("code_challenge_method"),
  }).save();
  const state = query.get("state") ?? "";
  return `${REDIRECT}?${new URLSearchParams({ code, state }).toString()}`;
}
