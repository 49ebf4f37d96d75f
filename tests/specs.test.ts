/**
 * The curated OpenAPI documents are complete: every answer is described, and has an example that is
 * valid.
 */
import { createContract, type Contract } from "../src/sandbox/index.ts";
import { FORMS, SPECS } from "./support/specs.ts";

interface Response {
  $ref?: string;
  content?: Record<string, { example?: unknown; examples?: Record<string, { value: unknown }> }>;
}
interface Parameter {
  in: string;
  name: string;
  example?: unknown;
}
interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: Response;
  responses: Record<string, Response>;
}

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
});
