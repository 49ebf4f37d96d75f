/**
 * Mutants of a spec: copies that a fixed list of operators has changed in one place. There are two
 * kinds. A mutant that tightens refuses an exchange that keeps to the spec, so a real case can
 * notice it. A mutant that loosens refuses no such exchange: only an exchange that breaks the spec,
 * and that the mutant lets pass, can show it.
 *
 * Some changes do both, such as another type or another name. They count as tightening: what an
 * exchange that keeps to the spec can notice has to be noticed by one. Members and parameters whose
 * names a mutant invents do not count, since no real exchange has them.
 */
import type { OpenApiDocument } from "../../src/testing/index.ts";
import type { Subject } from "./load.ts";
import { escape, closedBy, nodeAt, pointerOf, typesOf, type Schema } from "./schema.ts";

export type MutantKind = "tightens" | "loosens";

export interface SpecMutant {
  readonly name: string;
  readonly kind: MutantKind;
  readonly document: OpenApiDocument;
}

type Json = Record<string, unknown>;
/** A change of the node at a pointer. */
interface Mutation {
  readonly name: string;
  readonly kind: MutantKind;
  readonly pointer: string;
  readonly change: (node: Json) => void;
}
type Mutations = Generator<Mutation>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}
interface Operation {
  readonly security?: Json[];
  readonly parameters?: readonly object[];
  readonly requestBody?: { readonly content?: Json; readonly required?: boolean };
  readonly responses: Readonly<Record<string, Json>>;
}

const METHODS = ["get", "put", "post", "delete", "patch"];

export function* specMutants(document: OpenApiDocument): Generator<SpecMutant> {
  for (const { name, kind, pointer, change } of mutationsOf(document)) {
    const copy = structuredClone(document) as Json;
    change(nodeAt(copy, pointer) as Json);
    yield { name: `${name} at ${pointer === "" ? "/" : pointer}`, kind, document: copy };
  }
}

/** A mistake, made in the spec and in each form of it that has the same node. */
export interface Mistake {
  readonly name: string;
  readonly kind: MutantKind;
  /** The mutants, by the document in which the mistake is made. */
  readonly broken: ReadonlyMap<OpenApiDocument, OpenApiDocument>;
}

/** The mistakes of a spec, and those that only a form of it can have. */
export function mistakesOf({ document, forms }: Pick<Subject, "document" | "forms">): Mistake[] {
  const mistakes = new Map<string, Mistake & { broken: Map<OpenApiDocument, OpenApiDocument> }>();
  for (const one of [document, ...forms.map((form) => form.document)]) {
    for (const { name, kind, document: mutant } of specMutants(one)) {
      const key = `${kind} ${name}`;
      const mistake = mistakes.get(key) ?? { name, kind, broken: new Map() };
      mistake.broken.set(one, mutant);
      mistakes.set(key, mistake);
    }
  }
  return [...mistakes.values()];
}

function* mutationsOf(document: OpenApiDocument): Mutations {
  for (const [pointer, schema] of schemasOf(document)) yield* ofSchema(pointer, schema);
  yield* ofSecurity(document, "", document["security"] as Json[] | undefined);
  const parameters = new Map<string, Parameter>();
  for (const [path, item] of Object.entries(
    document["paths"] as Record<string, Record<string, Operation>>,
  )) {
    for (const method of METHODS.filter((one) => one in item)) {
      const pointer = `/paths/${escape(path)}/${method}`;
      const operation = item[method]!;
      yield* ofSecurity(document, pointer, operation.security);
      // Operations may share a parameter. It is mutated once.
      for (const index of (operation.parameters ?? []).keys()) {
        const place = pointerOf(document, `${pointer}/parameters/${index}`);
        parameters.set(place, nodeAt(document, place) as Parameter);
      }
      yield* ofBody(pointer, operation);
      yield* ofAnswers(pointer, operation);
    }
  }
  for (const [pointer, parameter] of parameters) yield* ofParameter(pointer, parameter);
  const { responses: shared = {} } = (document["components"] ?? {}) as {
    responses?: Record<string, Json>;
  };
  for (const [name, response] of Object.entries(shared))
    yield* ofMediaTypes(`/components/responses/${name}`, response["content"] as Json | undefined);
}

function* ofSecurity(
  document: OpenApiDocument,
  pointer: string,
  security: readonly Json[] | undefined,
): Mutations {
  const { securitySchemes: schemes = {} } = (document["components"] ?? {}) as {
    securitySchemes?: Readonly<Record<string, { readonly in?: string }>>;
  };
  for (const name of Object.keys(security?.[0] ?? {}))
    yield {
      name: `security ${name} dropped`,
      // Without the scheme, a query parameter with the key is one that the spec does not know.
      kind: schemes[name]?.in === "query" ? "tightens" : "loosens",
      pointer,
      change: (node) => {
        delete (node["security"] as Json[])[0]?.[name];
      },
    };
}

function* ofParameter(pointer: string, parameter: Parameter): Mutations {
  const { name, in: place, required = false } = parameter;
  // A query parameter that the spec does not know is refused; an unknown header is not.
  const noticed = place === "query" || required ? "tightens" : "loosens";
  yield {
    name: `parameter ${name} renamed`,
    kind: noticed,
    pointer,
    change: (node) => void (node["name"] = `${name}Mutant`),
  };
  yield {
    name: `parameter ${name} moved`,
    kind: noticed,
    pointer,
    change: (node) => void (node["in"] = place === "header" ? "query" : "header"),
  };
  // A path parameter is always required (OpenAPI 3.1, Parameter Object).
  if (place === "path") return;
  yield ofRequired(`parameter ${name}`, pointer, required);
}

const ofRequired = (what: string, pointer: string, required: boolean): Mutation => ({
  name: `${what} ${required ? "no longer" : "made"} required`,
  kind: required ? "loosens" : "tightens",
  pointer,
  change: (node) => void (node["required"] = !required),
});

function* ofBody(pointer: string, { requestBody }: Operation): Mutations {
  if (!requestBody) return;
  yield ofRequired("body", `${pointer}/requestBody`, requestBody.required ?? false);
  yield* ofMediaTypes(`${pointer}/requestBody`, requestBody.content);
}

function* ofAnswers(pointer: string, { responses }: Operation): Mutations {
  for (const [status, response] of Object.entries(responses)) {
    yield {
      name: `answer ${status} removed`,
      // Where `default` would take the answer, a case still notices: it says under which key of
      // `responses` its answer falls.
      kind: "tightens",
      pointer: `${pointer}/responses`,
      change: (node) => {
        delete node[status];
      },
    };
    yield* ofMediaTypes(`${pointer}/responses/${status}`, response["content"] as Json | undefined);
  }
}

function* ofMediaTypes(pointer: string, content: Json | undefined): Mutations {
  for (const type of Object.keys(content ?? {}))
    yield {
      name: `media type ${type} changed`,
      kind: "tightens",
      pointer: `${pointer}/content`,
      change: (node) => {
        node["application/vnd.mutant+json"] = node[type];
        delete node[type];
      },
    };
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

/** A parameter arrives as text, and a schema of type string takes any text. */
const isOfParameter = (pointer: string): boolean => /\/parameters\/[^/]+\/schema$/.test(pointer);

function* ofSchema(pointer: string, schema: Schema): Mutations {
  yield* ofTypes(pointer, schema);
  if (schema.const !== undefined)
    yield {
      name: "const changed",
      kind: "tightens",
      pointer,
      change: (node) =>
        void (node["const"] =
          typeof schema.const === "string" ? `${schema.const} mutant` : "mutant"),
    };
  for (const keyword of ["format", "pattern", "minLength", "minimum", "maximum"] as const) {
    // `format: password` is a hint for tools and restricts no value (OpenAPI 3.1, 4.4).
    if (schema[keyword] !== undefined && schema[keyword] !== "password")
      yield {
        name: `${keyword} dropped`,
        kind: "loosens",
        pointer,
        change: (node) => {
          delete node[keyword];
        },
      };
  }
  yield* ofMembers(pointer, schema);
  for (const keyword of ["oneOf", "anyOf"] as const) {
    for (const index of (schema[keyword] ?? []).keys())
      yield {
        name: `branch ${index} of ${keyword} removed`,
        kind: "tightens",
        pointer,
        change: (node) => void (node[keyword] as unknown[]).splice(index, 1),
      };
  }
}

function* ofTypes(pointer: string, schema: Schema): Mutations {
  const types = typesOf(schema);
  const [only] = types;
  if (types.length === 1 && only !== undefined) {
    const other = OTHER[only] ?? "string";
    yield {
      name: `type ${only} changed`,
      kind: other === "string" && isOfParameter(pointer) ? "loosens" : "tightens",
      pointer,
      change: (node) => void (node["type"] = other),
    };
    return;
  }
  for (const [index, type] of types.entries())
    yield {
      name: `type ${type} removed`,
      kind: "tightens",
      pointer,
      change: (node) => void (node["type"] as string[]).splice(index, 1),
    };
}

function* ofMembers(pointer: string, schema: Schema): Mutations {
  const { properties = {}, required = [] } = schema;
  const closed = closedBy(schema);
  for (const name of required)
    yield {
      name: `${name} no longer required`,
      kind: "loosens",
      pointer,
      change: (node) => void (node["required"] = required.filter((one) => one !== name)),
    };
  for (const name of Object.keys(properties)) {
    if (!required.includes(name))
      yield {
        name: `${name} made required`,
        kind: "tightens",
        pointer,
        change: (node) => void (node["required"] = [...required, name]),
      };
    yield {
      name: `${name} renamed`,
      // An open object takes the member by its old name still, and checks it no longer.
      kind: closed ? "tightens" : "loosens",
      pointer: `${pointer}/properties`,
      change: (node) => {
        node[`${name}Mutant`] = node[name];
        delete node[name];
      },
    };
  }
  if (closed)
    yield {
      name: "closed object opened",
      kind: "loosens",
      pointer,
      change: (node) => {
        delete node[closed];
      },
    };
}

/** Every schema of a document, with its JSON pointer. */
function* schemasOf(document: OpenApiDocument): Generator<[string, Schema]> {
  const { schemas = {}, ...components } = (document["components"] ?? {}) as {
    schemas?: Record<string, Schema>;
  };
  for (const [name, schema] of Object.entries(schemas))
    yield* within(`/components/schemas/${escape(name)}`, schema);
  yield* inline("/paths", document["paths"]);
  yield* inline("/components", components);
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
