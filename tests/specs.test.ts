/**
 * The curated OpenAPI documents are complete: every answer is described, every parameter has an
 * example, and what tools need besides is there.
 */
import { createContract, type Contract } from "../src/sandbox/index.ts";
import { FORMS, SPECS } from "./support/specs.ts";

interface Schema {
  const?: unknown;
  format?: string;
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
}
interface Response {
  $ref?: string;
  content?: Record<
    string,
    { schema?: Schema; example?: unknown; examples?: Record<string, { value: unknown }> }
  >;
}
interface Parameter {
  in: string;
  name: string;
  schema?: Schema;
  example?: unknown;
}
interface Operation {
  operationId: string;
  parameters?: Parameter[];
  security?: object[];
  requestBody?: Response;
  responses: Record<string, Response>;
}

/** Every object of a document. */
const nodesOf = (node: unknown): { node: object }[] =>
  typeof node !== "object" || node === null
    ? []
    : [...(Array.isArray(node) ? [] : [{ node }]), ...Object.values(node).flatMap(nodesOf)];

describe.each([...SPECS, ...FORMS])("$name", ({ document }) => {
  let contract: Contract;
  beforeAll(async () => {
    contract = await createContract(document);
  });

  const resolve = (node: Response): Response =>
    node.$ref === undefined
      ? node
      : (node.$ref
          .split("/")
          .slice(1)
          .reduce<unknown>(
            (at, part) => (at as Record<string, unknown>)[part],
            document,
          ) as Response);
  const operations = Object.values(
    document["paths"] as Record<string, Record<string, Operation>>,
  ).flatMap((item) => Object.values(item).filter((operation) => "operationId" in operation));
  const examples = (node: Response): [string, unknown][] =>
    Object.entries(resolve(node).content ?? {}).flatMap(([type, { example, examples }]) =>
      (examples ? Object.values(examples).map(({ value }) => value) : [example]).map(
        (value): [string, unknown] => [type, value],
      ),
    );
  const find = (id: string) => contract.operations.find((operation) => operation.id === id)!;

  test.each(operations)(
    "$operationId: every answer has an example that validates, and what no document names has a default",
    (operation) => {
      expect(Object.keys(operation.responses)).toContain("default");
      for (const [status, response] of Object.entries(operation.responses)) {
        const found = examples(response);
        if (resolve(response).content) expect(found.length).toBeGreaterThan(0);
        for (const [type, value] of found) {
          expect(value).toBeDefined();
          const text = type.startsWith("text/") ? String(value) : JSON.stringify(value);
          expect(
            contract.checkResponse(
              find(operation.operationId),
              status === "default" ? 418 : Number(status),
              type,
              text,
            ),
          ).toEqual([]);
        }
      }
    },
  );

  const queryOf = ({ parameters = [] }: Operation): string =>
    parameters
      .filter(({ in: place }) => place === "query")
      .map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`)
      .join("&");

  test("every parameter has an example, and the request that the examples make is valid", () => {
    for (const operation of operations) {
      for (const { name, example } of operation.parameters ?? [])
        expect([name, example]).not.toEqual([name, undefined]);
      const bodies = operation.requestBody ? examples(operation.requestBody) : [];
      for (const [type, value] of bodies.length > 0 ? bodies : [[undefined, undefined] as const]) {
        const body =
          type === undefined
            ? undefined
            : type === "application/json"
              ? JSON.stringify(value)
              : new URLSearchParams(value as Record<string, string>).toString();
        const headers = new Headers({
          ...(type === undefined ? {} : { "content-type": type }),
          "x-api-key": "k",
          "access-token": "t",
          authorization: "Bearer t",
        });
        expect(
          contract.checkRequest(find(operation.operationId), {
            query: queryOf(operation),
            headers,
            body,
          }).violations,
        ).toEqual([]);
      }
    }
  });

  test("a tool can say whom to ask, and where the vendor's documents are", () => {
    expect(document).toMatchObject({
      info: { contact: { name: expect.any(String), url: expect.stringMatching(/^https:/) } },
      externalDocs: { url: expect.stringMatching(/^https:/) },
    });
  });

  test("every specification extension is explained in the description of the document", () => {
    const { description } = document["info"] as { description: string };
    const names = nodesOf(document).flatMap(({ node }) => Object.keys(node));
    for (const name of new Set(names.filter((one) => one.startsWith("x-"))))
      expect(description).toContain(`\`${name}\``);
  });

  const bodies = operations.flatMap(({ requestBody }) =>
    Object.entries(requestBody?.content ?? {}).map(([type, { schema = {} }]) => {
      const whole = resolve(schema as Response) as Schema;
      const branches = (whole.oneOf ?? [whole]).map((one) => resolve(one as Response) as Schema);
      return { type, whole, branches };
    }),
  );

  test("a tool refuses a member that a request cannot have", () => {
    for (const { type, whole, branches } of bodies) {
      for (const { additionalProperties } of branches) expect(additionalProperties).toBe(false);
      // Prism drops unknown members of a form whose schema itself lists the members.
      if (type === "application/x-www-form-urlencoded") expect(whole.properties).toBeUndefined();
    }
  });

  test("a tool hides what is typed in for a secret", () => {
    const named = [
      ...bodies.flatMap(({ branches }) =>
        branches.flatMap(({ properties = {} }) => Object.entries(properties)),
      ),
      ...operations.flatMap(({ parameters = [] }) =>
        parameters.map(({ name, schema }) => [name, schema] as const),
      ),
    ];
    const secrets = named.filter(([name]) => /password|secret|token$|^code$/.test(name));
    expect(secrets.length).toBeGreaterThan(0);
    for (const [name, schema] of secrets)
      expect([name, schema]).toEqual([name, expect.objectContaining({ format: "password" })]);
  });

  test("every member of a form has an example of its own, which Postman takes in place of the whole", () => {
    for (const { type, branches } of bodies.filter((one) => one.type !== "application/json"))
      for (const { properties = {} } of branches)
        for (const [name, schema] of Object.entries(properties))
          expect([type, name, schema]).toEqual([
            type,
            name,
            expect.objectContaining({ example: schema.const ?? expect.any(String) }),
          ]);
  });

  test("an operation without credentials says so with the empty requirement, which Postman reads right", () => {
    for (const { security } of operations) if (security) expect(security).not.toEqual([]);
    expect(document["security"]).not.toEqual([]);
  });

  test("Retry-After is described for every answer that may be a 429 or 503", () => {
    for (const { responses } of operations)
      for (const [status, response] of Object.entries(responses))
        if (["429", "503", "default"].includes(status))
          expect(resolve(response)).toHaveProperty("headers.Retry-After");
  });
});

test.each([...SPECS, ...FORMS].filter(({ name }) => name.startsWith("petjeaf")))(
  "PJ-11 $name: the addresses of OAuth are on the hosts of the server",
  ({ document }) => {
    const [{ url }] = document["servers"] as [{ url: string }];
    const { host } = new URL(url);
    expect(document).toMatchObject({
      servers: [{ url }],
      components: {
        securitySchemes: {
          oauth2: {
            flows: {
              authorizationCode: {
                authorizationUrl: `https://${host.replace("api.", "")}/oauth2/authorize`,
                tokenUrl: `${url}/oauth2/tokens`,
                refreshUrl: `${url}/oauth2/tokens`,
              },
            },
          },
        },
      },
    });
  },
);
