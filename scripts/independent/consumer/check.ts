/**
 * Uses the two example providers as a project outside this repository does: from the installed
 * package, against the token server at the given address.
 *
 *   node check.js ISSUER
 */
import { createAuthorizationCodeClient } from "corrigenda/kit";
import { createContract, runCase, type ContractCase, type Target } from "corrigenda/testing";
import { people } from "./authorization-code-pkce.ts";
import { createMachineClient, machine } from "./client-credentials-basic.ts";

const baseUrl = process.argv[2] ?? "";
const ACCOUNT = { clientId: "machine: 100% +", clientSecret: "not-a-real-secret: 100% +" };
const REDIRECT = "https://app.example/callback";
const JSON_TYPE = "application/json";
const FORM = "application/x-www-form-urlencoded";

const json = (schema: object) => ({ description: "", content: { [JSON_TYPE]: { schema } } });
const problem = json({
  type: "object",
  required: ["error"],
  properties: { error: { type: "string" } },
});
const contract = await createContract({
  openapi: "3.1.0",
  servers: [{ url: "https://id.example" }],
  paths: {
    "/token": {
      post: {
        operationId: "createToken",
        requestBody: { required: true, content: { [FORM]: { schema: { type: "object" } } } },
        responses: {
          200: json({
            type: "object",
            required: ["access_token", "token_type", "expires_in"],
            properties: {
              access_token: { type: "string" },
              token_type: { const: "Bearer" },
              expires_in: { type: "integer" },
            },
          }),
          400: problem,
          401: problem,
        },
      },
    },
  },
});

let failed = 0;
const report = (what: string, problems: readonly string[]): void => {
  if (problems.length > 0) failed += 1;
  console.log(
    `${problems.length === 0 ? "ok    " : "FAILED"}  ${[what, ...problems].join("\n        ")}`,
  );
};
const holds = (what: string, found: boolean): void =>
  report(what, found ? [] : ["This does not hold."]);

type Answer = Pick<ContractCase, "variant" | "outcome"> & { readonly status: number };
const makeCase = ({ status, ...rest }: Answer): ContractCase => ({
  operationId: "createToken",
  answer: String(status),
  mediaType: JSON_TYPE,
  request: {
    method: "POST",
    url: "https://id.example/token",
    headers: { "content-type": FORM },
    body: { redirect_uri: REDIRECT },
  },
  response: { status, headers: { "content-type": JSON_TYPE }, body: {} },
  provenance: "RFC 6749",
  errata: [],
  ...rest,
});
const token = (lifetime: number) => ({ token: { accessToken: "any", lifetime } });
const refusal = (status: number) => ({
  error: { kind: "credentials", status, retryable: false },
});

// Client credentials with HTTP Basic.
const client = createMachineClient({ ...ACCOUNT, baseUrl });
const { data } = await client.GET("/.well-known/openid-configuration");
holds("a client of client credentials calls the API", data?.issuer !== undefined);
const first = await client.auth.getToken();
const second = await client.auth.getToken({ rejected: first });
holds("it gets another token for a rejected one", second.accessToken !== first.accessToken);
const machines: Target = { provider: machine, baseUrl, account: ACCOUNT };
report(
  "case createToken 200, client credentials",
  await runCase(contract, makeCase({ variant: "-", status: 200, outcome: token(600) }), machines),
);
report(
  "case createToken 401, a wrong secret",
  await runCase(contract, makeCase({ variant: "-", status: 401, outcome: refusal(401) }), {
    ...machines,
    account: { ...ACCOUNT, clientSecret: "wrong-secret" },
  }),
);

// Authorization code with PKCE.
const app = createAuthorizationCodeClient(people, {
  clientId: "people",
  baseUrl,
  authorizeUrl: `${baseUrl}/auth`,
});
const consent = async () => {
  const { url, ...pending } = await app.authorizationUrl({
    scope: ["openid", "offline_access"],
    redirectUri: REDIRECT,
  });
  const { headers } = await fetch(url, { redirect: "manual" });
  return { callback: headers.get("location") ?? "", ...pending, redirectUri: REDIRECT };
};
const { callback, ...pending } = await consent();
const session = await app.exchange(callback, pending);
const me = await session.GET("/me");
holds("a session calls the API", me.data?.sub === "user-1");
const before = await session.auth.getToken();
const after = await session.auth.getToken({ rejected: before });
holds("it renews its token with the refresh token", after.accessToken !== before.accessToken);
holds("the refresh token rotates", after.refreshToken !== before.refreshToken);

const other = await consent();
const code = new URL(other.callback).searchParams.get("code") ?? "";
const persons: Target = {
  provider: people,
  baseUrl,
  account: { clientId: "people" },
  code,
  ...(other.codeVerifier === undefined ? {} : { codeVerifier: other.codeVerifier }),
};
const variant = "authorization_code";
report(
  "case createToken 200, authorization code",
  await runCase(contract, makeCase({ variant, status: 200, outcome: token(600) }), persons),
);
report(
  "case createToken 400, a code that was used",
  await runCase(contract, makeCase({ variant, status: 400, outcome: refusal(400) }), persons),
);
process.exitCode = failed === 0 ? 0 : 1;
