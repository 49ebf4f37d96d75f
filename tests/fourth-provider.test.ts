/**
 * A provider that this package does not know. Its OpenAPI document, provider object and cases are
 * in this file, and nothing under src/ is changed for it.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import {
  assemble,
  createClient,
  expiryAfter,
  parseInteger,
  readBearer,
  requireSecret,
  requireText,
  requireUrl,
  type Provider,
  type ProviderMeta,
  type Secret,
} from "../src/kit.ts";
import {
  createContract,
  createTokenBook,
  startServer,
  type SandboxClock,
  type Vendor,
} from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";

const json = (schema: object, example: unknown) => ({ "application/json": { schema, example } });
const problem = { type: "object", required: ["error"], properties: { error: { type: "string" } } };
const document = {
  openapi: "3.1.0",
  info: { title: "Weerbericht", version: "1.0.0", license: { name: "MIT", identifier: "MIT" } },
  servers: [{ url: "https://api.weerbericht.example" }],
  security: [{ key: [], session: [] }],
  paths: {
    "/login": {
      post: {
        operationId: "login",
        summary: "Log in",
        security: [{ key: [] }],
        requestBody: {
          required: true,
          content: json(
            {
              type: "object",
              required: ["station", "pin"],
              properties: { station: { type: "string" }, pin: { type: "string" } },
              unevaluatedProperties: false,
            },
            { station: "a", pin: "0000" },
          ),
        },
        responses: {
          200: {
            description: "A token.",
            content: json(
              {
                type: "object",
                required: ["access_token"],
                properties: { access_token: { type: "string" }, expires_in: { type: "integer" } },
              },
              { access_token: "t", expires_in: 60 },
            ),
          },
          default: { description: "Anything else.", content: json(problem, { error: "no" }) },
        },
      },
    },
    "/stations/{id}/wind": {
      get: {
        operationId: "getWind",
        summary: "Wind at a station",
        parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
        responses: {
          200: {
            description: "Wind.",
            content: json(
              {
                type: "object",
                required: ["beaufort"],
                properties: { beaufort: { type: "integer" } },
              },
              { beaufort: 4 },
            ),
          },
          default: { description: "Anything else.", content: json(problem, { error: "no" }) },
        },
      },
    },
    "/about": {
      get: {
        operationId: "about",
        summary: "About",
        security: [],
        responses: {
          200: {
            description: "Text.",
            content: { "text/plain": { schema: { type: "string" }, example: "x" } },
          },
          default: { description: "Anything else.", content: json(problem, { error: "no" }) },
        },
      },
    },
  },
  components: {
    securitySchemes: {
      key: { type: "apiKey", in: "header", name: "X-Weer-Key" },
      session: { type: "http", scheme: "bearer" },
    },
  },
};

interface Paths {
  "/stations/{id}/wind": {
    get: {
      parameters: { path: { id: string } };
      responses: {
        200: {
          headers: Record<string, unknown>;
          content: { "application/json": { beaufort: number } };
        };
      };
    };
  };
  "/about": {
    get: {
      parameters: object;
      responses: { 200: { headers: Record<string, unknown>; content: { "text/plain": string } } };
    };
  };
}

const folder = mkdtempSync(join(tmpdir(), "corrigenda-fourth-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Its meta file, as `npm run generate` makes it. */
function generated(): ProviderMeta {
  mkdirSync(join(folder, "openapi"), { recursive: true });
  writeFileSync(join(folder, "openapi", "weerbericht.yaml"), stringify(document));
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      "--import",
      "tsx",
      "scripts/generate.ts",
      "--specs",
      join(folder, "openapi"),
      "--out",
      join(folder, "generated"),
    ],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(readFileSync(join(folder, "generated", "weerbericht.ts"), "utf8")).toContain(
    `"/stations/{id}/wind"`,
  );
  const text = readFileSync(join(folder, "generated", "weerbericht.meta.ts"), "utf8");
  return JSON.parse(text.slice(text.indexOf("= {") + 2, text.lastIndexOf(";"))) as ProviderMeta;
}

const provider = (
  meta: ProviderMeta,
): Provider<Paths, { key: Secret; station: string; pin: Secret }> => ({
  name: "weerbericht",
  meta,
  tokenScheme: "session",
  connect({ baseUrl, allowHttpHost, key, station, pin }) {
    const name = requireText(station, "station");
    const secret = requireSecret(pin, "pin");
    return {
      baseUrl: requireUrl(baseUrl ?? meta.servers[0]?.url, "baseUrl", allowHttpHost),
      identity: [name],
      apiKeys: { key: requireSecret(key, "key") },
      tokenOperation: "POST /login",
      credentials: { pin: secret },
      grants: () => [
        {
          name: "login",
          grantType: "password",
          request: async (reveal) => {
            const value = await reveal("pin");
            return {
              operation: "POST /login",
              body: { station: name, pin: value },
              secrets: [value],
            };
          },
        },
      ],
    };
  },
  parseToken({ body, ...moment }) {
    const lifetime = parseInteger(body["expires_in"]);
    return assemble(readBearer(body), moment, {
      at: lifetime === undefined ? undefined : expiryAfter(lifetime, moment),
      pointer: "/expires_in",
    });
  },
  readProblem: (body) => ({
    code:
      typeof body === "object" && body !== null && "error" in body ? String(body.error) : undefined,
  }),
});

const vendor = (
  clock: SandboxClock,
): Vendor<{ baseUrl: string; key: string; station: string; pin: string }> => {
  const book = createTokenBook(clock, () => `weer-${Math.random()}`);
  return {
    name: "weerbericht",
    document,
    prefix: "",
    settings: {},
    options: (root) => ({
      baseUrl: root,
      key: "sandbox-weer-key",
      station: "de-bilt",
      pin: "sandbox-pin-0000",
    }),
    handlers: {
      login: ({ body }) =>
        (body as { pin: string }).pin === "sandbox-pin-0000"
          ? {
              status: 200,
              body: {
                access_token: book.issue({ subject: "s", scope: "" }, 60).accessToken,
                expires_in: 60,
              },
            }
          : { status: 401, body: { error: "bad_pin" } },
      getWind: ({ headers, path }) =>
        book.check(headers.get("authorization")?.slice(7) ?? "").state === "live"
          ? { status: 200, body: { beaufort: path["id"]?.length ?? 0 } }
          : { status: 401, body: { error: "expired" } },
      about: () => ({ status: 200, body: "wind and rain" }),
    },
    refuse: ({ violations }) => ({
      status: violations[0]?.in === "security" ? 401 : 400,
      body: { error: "invalid" },
    }),
    notFound: () => ({ status: 404, body: { error: "nothing" } }),
    tokens: book,
  };
};

test("a fourth provider needs its spec, its provider object and its cases, and no edit under src/", async () => {
  const meta = generated();
  expect(meta.operations["POST /login"]).toEqual({
    id: "login",
    security: ["key"],
    request: "application/json",
    response: "application/json",
  });
  const { vendors, now, advance, close } = await startServer({ weer: vendor });
  const { options, count, revokeAccessTokens } = vendors.weer;
  try {
    const client = createClient(provider(meta), { ...options, now });
    const wind = () => client.GET("/stations/{id}/wind", { params: { path: { id: "De Bilt" } } });
    expect((await wind()).data?.beaufort).toBe(7);
    expect((await client.GET("/about")).data).toBe("wind and rain");
    advance(60_000);
    expect((await wind()).data?.beaufort).toBe(7);
    revokeAccessTokens();
    expect((await wind()).data?.beaufort).toBe(7);
    expect(count("login")).toBe(3);
    expect(
      await failure(
        createClient(provider(meta), { ...options, pin: "wrong-pin-0000" }).auth.getToken(),
      ),
    ).toMatchObject({ provider: "weerbericht", kind: "credentials", vendorCode: "bad_pin" });
    expect(() => createClient(provider(meta), { ...options, station: "" })).toThrow(
      expect.objectContaining({ option: "station" }),
    );
  } finally {
    await close();
  }
});

test("its cases run against the same contract", async () => {
  const contract = await createContract(document);
  const found = contract.match("GET", "/stations/De%20Bilt/wind");
  expect(found).toMatchObject({
    operation: { id: "getWind", security: ["key", "session"] },
    path: { id: "De Bilt" },
  });
  const cases: [operation: string, status: number, body: string, rules: string[]][] = [
    ["getWind", 200, `{"beaufort":4}`, []],
    ["getWind", 200, `{"beaufort":"4"}`, ["type"]],
    ["getWind", 200, "{}", ["required"]],
    ["login", 418, `{"error":"teapot"}`, []],
    ["login", 418, `[]`, ["type"]],
  ];
  for (const [id, status, body, rules] of cases) {
    const operation = contract.operations.find((candidate) => candidate.id === id)!;
    expect(
      contract.checkResponse(operation, status, "application/json", body).map(({ rule }) => rule),
    ).toEqual(rules);
  }
});
