/** A contract is made of any OpenAPI 3.1 document, not only of those in openapi/. */
import { createContract, type OpenApiDocument, type Violation } from "../src/sandbox/index.ts";

const OK = { 200: { description: "Fine." } };
const withOperation = (operation: object, rest: object = {}): OpenApiDocument => ({
  openapi: "3.1.0",
  servers: [{ url: "https://api.vendor.example/v1" }],
  paths: { "/x": { get: { operationId: "x", responses: OK, ...operation } } },
  ...rest,
});
const schemes = {
  components: {
    securitySchemes: {
      basic: { type: "http", scheme: "basic" },
      bearer: { type: "http", scheme: "bearer" },
      oauth: { type: "oauth2", flows: {} },
      header: { type: "apiKey", in: "header", name: "X-Key" },
      query: { type: "apiKey", in: "query", name: "key" },
      cookie: { type: "apiKey", in: "cookie", name: "session" },
    },
  },
};

async function violations(
  document: OpenApiDocument,
  { query = "", headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<string[]> {
  const contract = await createContract(document);
  const found = contract.match("GET", "/x")!;
  const request = { query, headers: new Headers(headers), body: undefined };
  const show = ({ in: place, at, rule }: Violation): string => `${place} ${at} ${rule}`;
  return contract.checkRequest(found.operation, request).violations.map(show);
}

test.each([
  ["basic", { headers: { authorization: "Basic aWQ6c2VjcmV0" } }],
  ["bearer", { headers: { authorization: "bearer token" } }],
  ["oauth", { headers: { authorization: "Bearer token" } }],
  ["header", { headers: { "x-key": "k" } }],
  ["query", { query: "?key=k" }],
  ["cookie", { headers: { cookie: "a=b; session=s" } }],
])("a request that needs the security scheme %s is refused without it", async (name, request) => {
  const document = withOperation({ security: [{ [name]: [] }] }, schemes);
  expect(await violations(document, request)).toEqual([]);
  expect(await violations(document)).toEqual([`security ${name} required`]);
  const other = name === "basic" ? "Bearer token" : "Basic aWQ6c2VjcmV0";
  expect(await violations(document, { headers: { authorization: other } })).toEqual([
    `security ${name} required`,
  ]);
});

test("one of several alternatives of security suffices, and an empty one needs nothing", async () => {
  const document = withOperation(
    { security: [{ header: [], bearer: [] }, { basic: [] }] },
    schemes,
  );
  expect(await violations(document, { headers: { authorization: "Basic eDp5" } })).toEqual([]);
  expect(await violations(document, { headers: { authorization: "Bearer token" } })).toEqual([
    "security header required",
  ]);
  expect(await violations(withOperation({ security: [{ header: [] }, {}] }, schemes))).toEqual([]);
});

test("parameters of a path are those of its operations, which may describe them anew", async () => {
  const limit = (schema: object) => ({ name: "limit", in: "query", schema });
  const size = { name: "size", in: "query", required: true, schema: { type: "integer" } };
  const document = {
    openapi: "3.1.0",
    paths: {
      "/x": {
        parameters: [limit({ type: "integer" }), size],
        get: { operationId: "x", responses: OK, parameters: [limit({ type: "string" })] },
      },
    },
  };
  expect(await violations(document, { query: "limit=many&size=2" })).toEqual([]);
  expect(await violations(document, { query: "limit=many&size=many" })).toEqual([
    "query size type",
  ]);
  expect(await violations(document)).toEqual(["query size required"]);
});

test("path parameters are checked by their schemas", async () => {
  const id = { name: "id", in: "path", required: true, schema: { type: "integer", minimum: 1 } };
  const contract = await createContract({
    openapi: "3.1.0",
    servers: [{ url: "https://api.vendor.example" }],
    paths: { "/x/{id}": { get: { operationId: "x", responses: OK, parameters: [id] } } },
  });
  const check = (url: string): Violation[] => {
    const { operation, ...request } = contract.locate("GET", url)!;
    const headers = new Headers();
    return [
      ...contract.checkRequest(operation, { ...request, headers, body: undefined }).violations,
    ];
  };
  expect(check("https://api.vendor.example/x/7")).toEqual([]);
  expect(check("https://api.vendor.example/x/0")).toMatchObject([
    { in: "path", at: "id", rule: "minimum" },
  ]);
  expect(check("https://api.vendor.example/x/seven")).toMatchObject([
    { in: "path", at: "id", rule: "type" },
  ]);
});

test("an operation with servers of its own is located by them", async () => {
  const contract = await createContract(
    withOperation({ servers: [{ url: "https://login.vendor.example/oauth" }] }),
  );
  const locate = (url: string) => contract.locate("GET", url)?.operation.id;
  expect(locate("https://login.vendor.example/oauth/x?a=b")).toBe("x");
  expect(locate("https://api.vendor.example/v1/x")).toBeUndefined();
});

test("specification extensions may stand in a schema", async () => {
  const contract = await createContract(
    withOperation({
      responses: {
        200: { content: { "application/json": { schema: { type: "object", "x-order": 1 } } } },
      },
    }),
  );
  const { operation } = contract.match("GET", "/x")!;
  expect(contract.checkResponse(operation, 200, "application/json", "{}")).toEqual([]);
  expect(contract.checkResponse(operation, 200, "application/json", "[]")).toMatchObject([
    { at: "", rule: "type" },
  ]);
});

test("a schema may require a member that it does not describe", async () => {
  const schema = { type: "object", required: ["id"], properties: { name: { type: "string" } } };
  const contract = await createContract(
    withOperation({ responses: { 200: { content: { "application/json": { schema } } } } }),
  );
  const { operation } = contract.match("GET", "/x")!;
  const check = (text: string) =>
    contract.checkResponse(operation, 200, "application/json", text).map(({ at }) => at);
  expect(check(`{"id":7,"name":"a"}`)).toEqual([]);
  expect(check(`{"name":"a"}`)).toEqual(["/id"]);
});
