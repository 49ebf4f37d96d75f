/**
 * A provider whose documents are right: a spec of two operations, five cases, and no errata. The
 * files have the layout of this repository, in a folder of their own.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Implementations } from "../../scripts/contracts/implementations.ts";
import { requireSecret, requireText, requireUrl } from "../../src/parts/check-options.ts";
import { assemble, readBearer } from "../../src/parts/parse-token.ts";
import type { Provider, ProviderMeta } from "../../src/provider.ts";
import { createTokenBook, type SandboxClock, type Vendor } from "../../src/sandbox/index.ts";
import type { Secret } from "../../src/secret.ts";
import type { ContractCase } from "../../src/testing/index.ts";
import { expiryAfter, parseInteger } from "../../src/token.ts";

const URL = "https://api.notes.example";
const JSON_TYPE = "application/json";
const FORM = "application/x-www-form-urlencoded";
const text = { type: "string" };
const closed = (properties: Readonly<Record<string, object>>) => ({
  type: "object",
  required: Object.keys(properties),
  properties,
  unevaluatedProperties: false,
});
const answer = (schema: object) => ({
  description: "An answer.",
  content: { [JSON_TYPE]: { schema } },
});
const failure = answer(closed({ error: text }));

export const document = {
  openapi: "3.1.0",
  info: { title: "Notes", version: "1.0.0" },
  servers: [{ url: URL }],
  security: [{ token: [] }],
  paths: {
    "/token": {
      post: {
        operationId: "issueToken",
        security: [],
        requestBody: {
          required: true,
          content: {
            [FORM]: {
              schema: closed({
                grant_type: { const: "client_credentials" },
                client_id: text,
                client_secret: text,
              }),
            },
          },
        },
        responses: {
          200: answer(
            closed({ access_token: text, token_type: text, expires_in: { type: "integer" } }),
          ),
          401: failure,
        },
      },
    },
    "/notes/{id}": {
      get: {
        operationId: "getNote",
        parameters: [
          { name: "id", in: "path", required: true, schema: { type: "integer", minimum: 1 } },
        ],
        responses: { 200: answer(closed({ text })), 401: failure, 404: failure },
      },
    },
  },
  components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
};

const CREDENTIALS = { clientId: "sandbox-client", clientSecret: "sandbox-secret" };
const login = (secret: string): ContractCase["request"] => ({
  method: "POST",
  url: `${URL}/token`,
  headers: { "content-type": FORM },
  body: {
    grant_type: "client_credentials",
    client_id: CREDENTIALS.clientId,
    client_secret: secret,
  },
});
const read = (id: number): ContractCase["request"] => ({
  method: "GET",
  url: `${URL}/notes/${id}`,
  headers: { authorization: "Bearer case-token" },
});
const makeCase = (
  operationId: string,
  status: number,
  request: ContractCase["request"],
  body: object,
  rest: Partial<ContractCase>,
): ContractCase => ({
  operationId,
  answer: String(status),
  mediaType: JSON_TYPE,
  variant: "-",
  request,
  response: { status, headers: { "content-type": JSON_TYPE }, body },
  provenance: "Notes, reference",
  errata: [],
  ...rest,
});
const refusal = (kind: string, status: number, vendorCode: string) => ({
  kind,
  status,
  vendorCode,
  retryable: false,
});

export const cases: Readonly<Record<string, ContractCase>> = {
  "issueToken.200": makeCase(
    "issueToken",
    200,
    login(CREDENTIALS.clientSecret),
    { access_token: "case-token-2", token_type: "Bearer", expires_in: 60 },
    {
      outcome: { token: { accessToken: "case-token-2", lifetime: 60 } },
      sandbox: { own: true },
      safe: true,
    },
  ),
  "issueToken.401": makeCase(
    "issueToken",
    401,
    login("wrong-secret"),
    { error: "invalid_client" },
    {
      client: { clientSecret: "wrong-secret" },
      outcome: { error: refusal("credentials", 401, "invalid_client") },
      sandbox: { own: true },
    },
  ),
  "getNote.200": makeCase(
    "getNote",
    200,
    read(7),
    { text: "Hello." },
    {
      outcome: { data: true },
      sandbox: { own: true },
      safe: true,
    },
  ),
  "getNote.401": makeCase(
    "getNote",
    401,
    read(7),
    { error: "expired" },
    {
      then: "issueToken.200",
      outcome: { problem: refusal("credentials", 401, "expired") },
    },
  ),
  "getNote.404": makeCase(
    "getNote",
    404,
    read(8),
    { error: "unknown" },
    {
      outcome: { problem: refusal("rejected", 404, "unknown") },
      sandbox: { own: true },
    },
  ),
};

/** Writes the spec and the cases. @param folder the root of the layout */
export function writeSmallProvider(folder: string): void {
  mkdirSync(join(folder, "openapi"), { recursive: true });
  mkdirSync(join(folder, "tests", "cases", "notes"), { recursive: true });
  writeFileSync(join(folder, "openapi", "notes.yaml"), stringify(document));
  for (const [name, one] of Object.entries(cases))
    writeFileSync(join(folder, "tests", "cases", "notes", `${name}.json`), JSON.stringify(one));
}

/** What `npm run generate` makes of the spec. */
export const meta: ProviderMeta = {
  servers: [{ url: URL }],
  schemes: { token: { header: "Authorization", prefix: "Bearer " } },
  security: ["token"],
  operations: {
    "POST /token": { id: "issueToken", security: [], request: FORM, response: JSON_TYPE },
    "GET /notes/{id}": { id: "getNote", security: ["token"], response: JSON_TYPE },
  },
};

export const notes: Provider<object, { clientId: string; clientSecret: Secret }> = {
  name: "notes",
  meta,
  tokenScheme: "token",
  connect({ baseUrl, allowHttpHost, clientId, clientSecret }) {
    const id = requireText(clientId, "clientId");
    return {
      baseUrl: requireUrl(baseUrl ?? URL, "baseUrl", allowHttpHost),
      identity: [id],
      credentials: { clientSecret: requireSecret(clientSecret, "clientSecret") },
      tokenOperation: "POST /token",
      grants: () => [
        {
          name: "client_credentials",
          grantType: "client_credentials",
          request: async (reveal) => {
            const secret = await reveal("clientSecret");
            const body = {
              grant_type: "client_credentials",
              client_id: id,
              client_secret: secret,
            };
            return { operation: "POST /token", body, secrets: [secret] };
          },
        },
      ],
    };
  },
  parseToken({ body, ...moment }) {
    const lifetime = parseInteger(body["expires_in"]);
    const at = lifetime === undefined ? undefined : expiryAfter(lifetime, moment);
    return assemble(readBearer(body), moment, { at, pointer: "/expires_in" });
  },
  readProblem: (body) => ({ code: (body as { error?: string } | undefined)?.error }),
};

export function createNotes(
  clock: SandboxClock,
): Vendor<{ baseUrl: string; clientId: string; clientSecret: string }> {
  const tokens = createTokenBook(clock, () => `notes-${crypto.randomUUID()}`);
  return {
    name: "notes",
    document,
    prefix: "",
    settings: {},
    options: (root) => ({ ...CREDENTIALS, baseUrl: root }),
    handlers: {
      issueToken({ body }) {
        if ((body as Record<string, string>)["client_secret"] !== CREDENTIALS.clientSecret)
          return { status: 401, body: { error: "invalid_client" } };
        const { accessToken } = tokens.issue({ subject: "client", scope: "" }, 60);
        const found = { access_token: accessToken, token_type: "Bearer", expires_in: 60 };
        return { status: 200, body: found };
      },
      getNote: ({ headers, path }) =>
        tokens.check(headers.get("authorization")?.slice("Bearer ".length) ?? "").state !== "live"
          ? { status: 401, body: { error: "expired" } }
          : path["id"] === "7"
            ? { status: 200, body: { text: "Hello." } }
            : { status: 404, body: { error: "unknown" } },
    },
    refuse: () => ({ status: 401, body: { error: "invalid" } }),
    notFound: () => ({ status: 404, body: { error: "unknown" } }),
    tokens,
  };
}

export const implementations: Implementations = {
  notes: { provider: notes, vendor: createNotes, account: CREDENTIALS },
};
