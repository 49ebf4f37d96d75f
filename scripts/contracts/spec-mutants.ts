/**
 * Mutants of a spec: copies that a fixed list of operators has changed in one place. A case or a
 * mutant of a case has to notice each of them.
 */
import type { OpenApiDocument } from "../../src/testing/index.ts";
import { escape, isClosed, nodeAt, type Schema } from "./schema.ts";

export interface SpecMutant {
  readonly name: string;
  readonly document: OpenApiDocument;
}

type Json = Record<string, unknown>;
const METHODS = ["get", "put", "post", "delete", "patch"];

export function* specMutants(document: OpenApiDocument): Generator<SpecMutant> {
  const mutate = (name: string, pointer: string, change: (node: Json) => void): SpecMutant => {
    const copy = structuredClone(document) as Json;
    change(nodeAt(copy, pointer) as Json);
    return { name: `${name} at ${pointer === "" ? "/" : pointer}`, document: copy };
  };
  for (const [pointer, schema] of schemasOf(document))
    yield* schemaMutants(pointer, schema, mutate);

  const rootSecurity = document["security"] as Json[] | undefined;
  for (const name of Object.keys(rootSecurity?.[0] ?? {}))
    yield mutate(`security ${name} dropped`, "", (root) => {
      delete (root["security"] as Json[])[0]?.[name];
    });
  for (const [path, item] of Object.entries(
    document["paths"] as Record<string, Record<string, Json>>,
  )) {
    for (const method of METHODS.filter((one) => one in item)) {
      const pointer = `/paths/${escape(path)}/${method}`;
      const operation = item[method] as {
        security?: Json[];
        parameters?: Json[];
        requestBody?: { content?: Json; required?: boolean };
        responses: Record<string, Json>;
      };
      for (const name of Object.keys(operation.security?.[0] ?? {}))
        yield mutate(`security ${name} dropped`, pointer, (node) => {
          delete (node["security"] as Json[])[0]?.[name];
        });
      for (const [index, parameter] of (operation.parameters ?? []).entries()) {
        const where = `${pointer}/parameters/${index}`;
        yield mutate(`parameter ${String(parameter["name"])} renamed`, where, (node) => {
          node["name"] = `${String(node["name"])}Mutant`;
        });
        yield mutate(`parameter ${String(parameter["name"])} moved`, where, (node) => {
          node["in"] = "header";
        });
        // A path parameter is always required (OpenAPI 3.1, Parameter Object).
        if (parameter["in"] === "path") continue;
        yield mutate(
          `parameter ${String(parameter["name"])} ${parameter["required"] ? "no longer" : "made"} required`,
          where,
          (node) => {
            node["required"] = !parameter["required"];
          },
        );
      }
      if (operation.requestBody) {
        yield mutate(
          `body ${operation.requestBody.required ? "no longer" : "made"} required`,
          `${pointer}/requestBody`,
          (node) => {
            node["required"] = !operation.requestBody?.required;
          },
        );
        yield* mediaTypeMutants(`${pointer}/requestBody`, operation.requestBody.content, mutate);
      }
      for (const [status, response] of Object.entries(operation.responses)) {
        yield mutate(`answer ${status} removed`, `${pointer}/responses`, (node) => {
          delete node[status];
        });
        yield* mediaTypeMutants(
          `${pointer}/responses/${status}`,
          response["content"] as Json | undefined,
          mutate,
        );
      }
    }
  }
  const { responses: shared = {} } = (document["components"] ?? {}) as {
    responses?: Record<string, Json>;
  };
  for (const [name, response] of Object.entries(shared))
    yield* mediaTypeMutants(
      `/components/responses/${name}`,
      response["content"] as Json | undefined,
      mutate,
    );
}

type Mutate = (name: string, pointer: string, change: (node: Json) => void) => SpecMutant;

function* mediaTypeMutants(
  pointer: string,
  content: Json | undefined,
  mutate: Mutate,
): Generator<SpecMutant> {
  for (const type of Object.keys(content ?? {})) {
    yield mutate(`media type ${type} changed`, `${pointer}/content`, (node) => {
      node["application/vnd.mutant+json"] = node[type];
      delete node[type];
    });
  }
}

const OTHER: Readonly<Record<string, string>> = {
  string: "integer",
  integer: "string",
  number: "string",
  boolean: "string",
  object: "array",
  array: "object",
  null: "string",
};

function* schemaMutants(pointer: string, schema: Schema, mutate: Mutate): Generator<SpecMutant> {
  const { type, properties = {}, required = [] } = schema;
  if (typeof type === "string")
    yield mutate(`type ${type} changed`, pointer, (node) => {
      node["type"] = OTHER[type];
    });
  if (Array.isArray(type)) {
    for (const [index, branch] of (type as string[]).entries())
      yield mutate(`type ${branch} removed`, pointer, (node) => {
        (node["type"] as string[]).splice(index, 1);
      });
  }
  if (schema.const !== undefined)
    yield mutate("const changed", pointer, (node) => {
      node["const"] = typeof schema.const === "string" ? `${schema.const} mutant` : "mutant";
    });
  for (const keyword of ["format", "pattern", "minLength", "minimum", "maximum"] as const) {
    // `format: password` is a hint for tools and restricts no value (OpenAPI 3.1, 4.4).
    if (schema[keyword] !== undefined && schema[keyword] !== "password")
      yield mutate(`${keyword} dropped`, pointer, (node) => {
        delete node[keyword];
      });
  }
  for (const name of required)
    yield mutate(`${name} no longer required`, pointer, (node) => {
      node["required"] = required.filter((one) => one !== name);
    });
  for (const name of Object.keys(properties)) {
    if (!required.includes(name))
      yield mutate(`${name} made required`, pointer, (node) => {
        node["required"] = [...required, name];
      });
    yield mutate(`${name} renamed`, `${pointer}/properties`, (node) => {
      node[`${name}Mutant`] = node[name];
      delete node[name];
    });
  }
  for (const keyword of ["oneOf", "anyOf"] as const) {
    for (const index of (schema[keyword] ?? []).keys())
      yield mutate(`branch ${index} of ${keyword} removed`, pointer, (node) => {
        (node[keyword] as unknown[]).splice(index, 1);
      });
  }
  if (isClosed(schema))
    yield mutate("closed object opened", pointer, (node) => {
      delete node["additionalProperties"];
      delete node["unevaluatedProperties"];
    });
}

/** Every schema of a document, with its JSON pointer. */
function* schemasOf(document: OpenApiDocument): Generator<[string, Schema]> {
  const { schemas = {}, responses } = (document["components"] ?? {}) as {
    schemas?: Record<string, Schema>;
    responses?: Json;
  };
  for (const [name, schema] of Object.entries(schemas))
    yield* within(`/components/schemas/${escape(name)}`, schema);
  const outside: [string, unknown][] = [
    ["/paths", document["paths"]],
    ["/components/responses", responses],
  ];
  for (const [pointer, node] of outside) yield* inline(pointer, node);
}

/**
 * Schemas below members named `schema`. Examples are data and hold no schemas, and a contract does
 * not check the headers of an answer.
 */
function* inline(pointer: string, node: unknown): Generator<[string, Schema]> {
  if (typeof node !== "object" || node === null) return;
  for (const [name, child] of Object.entries(node)) {
    if (["example", "examples", "headers", "links"].includes(name)) continue;
    if (name === "schema") yield* within(`${pointer}/schema`, child as Schema);
    else yield* inline(`${pointer}/${escape(name)}`, child);
  }
}

function* within(pointer: string, schema: Schema): Generator<[string, Schema]> {
  yield [pointer, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* within(`${pointer}/properties/${escape(name)}`, property);
  if (schema.items) yield* within(`${pointer}/items`, schema.items);
  for (const keyword of ["oneOf", "anyOf"] as const) {
    for (const [index, branch] of (schema[keyword] ?? []).entries())
      yield* within(`${pointer}/${keyword}/${index}`, branch);
  }
}
