/**
 * A mock server answers each request with the example in the OpenAPI document, as mock servers that
 * are made from a document do. The client has to work with it.
 */
import {
  apinizer,
  createApinizerClient,
  createGenLogsClient,
  createPetjeafClient,
  genlogs,
  petjeaf,
  type Provider,
  type Token,
} from "../src/index.ts";
import { storeHolding } from "../src/testing/index.ts";
import { SPECS } from "./support/specs.ts";

interface Answer {
  $ref?: string;
  content?: Record<string, { example?: unknown; examples?: Record<string, { value: unknown }> }>;
}

/** Every example of a 200 of this operation, `POST /path`. */
function examplesOf(provider: string, operation: string): unknown[] {
  const { document } = SPECS.find(({ name }) => name === provider)!;
  const [method = "", path = ""] = operation.split(" ");
  const at = (parts: readonly string[]): unknown =>
    parts.reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], document);
  const answer = at(["paths", path, method.toLowerCase(), "responses", "200"]) as Answer;
  const { content = {} } =
    answer.$ref === undefined ? answer : (at(answer.$ref.split("/").slice(1)) as Answer);
  return Object.values(content).flatMap(({ example, examples }) =>
    examples ? Object.values(examples).map(({ value }) => value) : [example],
  );
}

type Mock = typeof fetch;
const account = { apiKey: "example-key", email: "user@example.com", password: "example-password" };
const app = { clientId: "example-client", clientSecret: "not-a-real-secret" };
const old = (refreshToken: string): Token => ({
  accessToken: "old",
  tokenType: "Bearer",
  issuedAt: 0,
  expiresAt: 1,
  refreshToken,
});
const user = {
  managerUrl: "https://manager.example.com",
  username: "user",
  password: "example-password",
};
interface Auth {
  getToken(): Promise<Token>;
}
const rows: [
  name: string,
  provider: Provider<object, never>,
  operation: string,
  open: (fetch: Mock) => Promise<Auth> | Auth,
][] = [
  [
    "GenLogs, a login",
    genlogs,
    "POST /auth/token",
    (fetch) => createGenLogsClient({ ...account, fetch }).auth,
  ],
  [
    "GenLogs, a refresh",
    genlogs,
    "POST /auth/token/refresh",
    (fetch) =>
      createGenLogsClient({
        ...account,
        renew: "refresh-token",
        fetch,
        store: storeHolding(genlogs, account, old("r")),
      }).auth,
  ],
  [
    "Apinizer",
    apinizer,
    "POST /auth/token",
    (fetch) => createApinizerClient({ ...user, fetch }).auth,
  ],
  [
    "Petje.af, a code",
    petjeaf,
    "POST /oauth2/tokens",
    async (fetch) =>
      (
        await createPetjeafClient({ ...app, fetch }).exchange("?code=example-code&state=s", {
          state: "s",
        })
      ).auth,
  ],
  [
    "Petje.af, a refresh",
    petjeaf,
    "POST /oauth2/tokens",
    (fetch) =>
      createPetjeafClient({
        ...app,
        fetch,
        store: storeHolding(petjeaf, { ...app, key: "me" }, old("r")),
      }).session("me").auth,
  ],
];

test("no token operation of a spec is left out", () => {
  const tokens = (provider: Provider<object, never>): string[] =>
    Object.entries(provider.meta.operations)
      .filter(([name, { id }]) => name.startsWith("POST ") && /Token$/.test(id))
      .map(([name]) => `${provider.name} ${name}`);
  expect(new Set(rows.map(([, { name }, operation]) => `${name} ${operation}`))).toEqual(
    new Set([genlogs, apinizer, petjeaf].flatMap(tokens)),
  );
});

test.each(rows)(
  "T-04 every example of a token answer is a token that can be used, from a mock that gives nothing else: %s",
  async (_, { name }, operation, open) => {
    const examples = examplesOf(name, operation);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const asked: string[] = [];
      const mock: Mock = async (input) => {
        asked.push(input as string);
        return Response.json(example, { headers: { date: new Date().toUTCString() } });
      };
      const auth = await open(mock);
      const token = await auth.getToken();
      if (token.expiresAt !== undefined)
        expect(token.expiresAt).toBeGreaterThan(Date.now() + 60_000);
      expect(await auth.getToken()).toEqual(token);
      expect(asked).toEqual([expect.stringContaining(operation.split(" ")[1]!)]);
    }
  },
);
