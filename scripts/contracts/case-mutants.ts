/** Mutants of a case: copies that break the spec in one place. The spec has to refuse each. */
import type { OpenApiDocument } from "../../src/testing/index.ts";
import type { NamedCase } from "./load.ts";
import { fits, isClosed, resolve, typesOf, type Schema } from "./schema.ts";

export interface CaseMutant {
  readonly name: string;
  readonly mutant: NamedCase;
}

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}
interface Content {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  readonly required?: boolean;
}
interface OperationObject {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}
interface Scheme {
  readonly type: string;
  readonly name?: string;
}

export function operationOf(document: OpenApiDocument, id: string): OperationObject {
  const items = Object.values(document["paths"] as Record<string, Record<string, OperationObject>>);
  const found = items
    .flatMap((item) => Object.values(item))
    .find((operation) => operation.operationId === id);
  if (!found) throw new RangeError(`the spec has no operation ${id}`);
  return found;
}

/** Mutants of a case that keeps to the spec. */
export function caseMutants(document: OpenApiDocument, testCase: NamedCase): CaseMutant[] {
  const operation = operationOf(document, testCase.operationId);
  return [
    ...requestMutants(document, operation, testCase),
    ...responseMutants(document, operation, testCase),
  ].map(({ name, ...change }) => ({
    name: `${testCase.name} with ${name}`,
    mutant: { ...testCase, ...change },
  }));
}

type Change = { readonly name: string } & Partial<Pick<NamedCase, "request" | "response">>;

function requestMutants(
  document: OpenApiDocument,
  operation: OperationObject,
  { request }: NamedCase,
): Change[] {
  const out: Change[] = [];
  const withUrl = (name: string, change: (parameters: Map<string, string>) => void): void => {
    const url = new URL(request.url);
    const parameters = new Map(
      [...url.search.slice(1).split("&").filter(Boolean)].map(
        (pair) => pair.split("=", 2) as [string, string],
      ),
    );
    change(parameters);
    const search = [...parameters].map(([key, value]) => `${key}=${value}`).join("&");
    out.push({
      name,
      request: {
        ...request,
        url: `${url.origin}${url.pathname}${search === "" ? "" : `?${search}`}`,
      },
    });
  };
  const withHeaders = (name: string, change: (headers: Record<string, string>) => void): void => {
    const headers = { ...request.headers };
    change(headers);
    out.push({ name, request: { ...request, headers } });
  };
  const given = new URL(request.url).searchParams;
  for (const parameter of (operation.parameters ?? [])
    .map((one) => resolve(document, one))
    .filter((one) => one.in === "query" && given.has(one.name))) {
    const { name, required, schema = {} } = parameter;
    if (required) withUrl(`no query parameter ${name}`, (all) => all.delete(name));
    withUrl(`a raw plus in the query parameter ${name}`, (all) =>
      all.set(name, `${all.get(name) ?? ""}+`),
    );
    const types = typesOf(schema);
    if (types.some((type) => type !== "string"))
      withUrl(`a query parameter ${name} of another type`, (all) => all.set(name, "neither"));
    if (types.includes("integer"))
      withUrl(`a query parameter ${name} with a fraction`, (all) => all.set(name, "1.5"));
    for (const [why, value] of outside(schema))
      withUrl(`a query parameter ${name} ${why}`, (all) =>
        all.set(name, encodeURIComponent(String(value))),
      );
  }
  out.push(...pathMutants(document, operation, request));
  withUrl("a query parameter too many", (all) => all.set("mutant", "1"));
  const security = (
    operation.security ??
    (document["security"] as object[] | undefined) ??
    []
  ).flatMap((one) => Object.keys(one));
  const { securitySchemes: schemes = {} } = (document["components"] ?? {}) as {
    securitySchemes?: Record<string, Scheme>;
  };
  for (const name of security) {
    const { type, name: header = "" } = schemes[name] ?? { type: "" };
    withHeaders(`no ${name}`, (headers) => {
      delete headers[type === "apiKey" ? header.toLowerCase() : "authorization"];
    });
  }
  if (request.body === undefined) return out;
  const content = resolve(document, operation.requestBody)?.content ?? {};
  const type = request.headers["content-type"] ?? "";
  withHeaders("another media type", (headers) => {
    headers["content-type"] = "application/xml";
  });
  withHeaders("the other common media type", (headers) => {
    headers["content-type"] =
      type === "application/json" ? "application/x-www-form-urlencoded" : "application/json";
  });
  if (resolve(document, operation.requestBody)?.required)
    out.push({
      name: "no body",
      request: { method: request.method, url: request.url, headers: request.headers },
    });
  const form = type === "application/x-www-form-urlencoded";
  for (const { name, value } of valueMutants(
    document,
    content[type]?.schema ?? {},
    request.body,
    "the request",
    form,
  ))
    out.push({ name, request: { ...request, body: value as Record<string, string> } });
  return out;
}

/** Path parameters of another type, and just outside of what their schemas allow. */
function pathMutants(
  document: OpenApiDocument,
  { parameters = [], operationId }: OperationObject,
  request: NamedCase["request"],
): Change[] {
  const { origin, pathname, search } = new URL(request.url);
  // The template's segments are the last ones of the URL's path.
  const template = pathOf(document, operationId).split("/");
  const segments = pathname.split("/");
  return parameters
    .map((one) => resolve(document, one))
    .filter((one) => one.in === "path")
    .flatMap(({ name, schema = {} }) => {
      const at = segments.length - template.length + template.indexOf(`{${name}}`);
      const wrong: [string, unknown][] = typesOf(schema).includes("string")
        ? outside(schema)
        : [["of another type", "neither"], ...outside(schema)];
      return wrong
        .filter(([, value]) => value !== "")
        .map(([why, value]) => {
          const path = segments.with(at, encodeURIComponent(String(value))).join("/");
          return {
            name: `a path parameter ${name} ${why}`,
            request: { ...request, url: `${origin}${path}${search}` },
          };
        });
    });
}

const pathOf = (document: OpenApiDocument, id: string): string =>
  Object.entries(document["paths"] as Record<string, Record<string, OperationObject>>).find(
    ([, item]) => Object.values(item).some(({ operationId }) => operationId === id),
  )?.[0] ?? "";

function responseMutants(
  document: OpenApiDocument,
  operation: OperationObject,
  { response, answer, mediaType }: NamedCase,
): Change[] {
  const out: Change[] = [];
  const declared = Object.keys(operation.responses).filter((status) => /^\d+$/.test(status));
  const other =
    declared.find((status) => status !== answer) ?? (answer === "default" ? "200" : "418");
  out.push({ name: `status ${other}`, response: { ...response, status: Number(other) } });
  if (answer !== "default")
    out.push({ name: "a status that no document names", response: { ...response, status: 418 } });
  if (mediaType === null)
    return [
      ...out,
      {
        name: "a body",
        response: { ...response, headers: { "content-type": "application/json" }, body: {} },
      },
    ];
  out.push({
    name: "an answer of another media type",
    response: { ...response, headers: { ...response.headers, "content-type": "application/xml" } },
  });
  const schema = resolve(document, operation.responses[answer])?.content?.[mediaType]?.schema;
  if (schema && !mediaType.startsWith("text/")) {
    for (const { name, value } of valueMutants(
      document,
      schema,
      response.body,
      "the answer",
      false,
    ))
      out.push({ name, response: { ...response, body: value } });
  }
  return out;
}

/** Values just outside what a schema's constraints allow. */
function outside({ pattern, minLength, minimum, maximum, format }: Schema): [string, unknown][] {
  return [
    ...(pattern === undefined ? [] : [["against its pattern", "not \n ☃"] as [string, unknown]]),
    ...(minLength === undefined
      ? []
      : [["that is too short", "x".repeat(minLength - 1)] as [string, unknown]]),
    ...(minimum === undefined ? [] : [["that is too small", minimum - 1] as [string, unknown]]),
    ...(maximum === undefined ? [] : [["that is too large", maximum + 1] as [string, unknown]]),
    ...(format === undefined || format === "password"
      ? []
      : [["against its format", "not of it"] as [string, unknown]]),
  ];
}

/** A value of none of the types. */
function ofOtherType(types: readonly string[]): unknown {
  const candidates: [string, unknown][] = [
    ["string", "text"],
    ["boolean", true],
    ["object", {}],
    ["array", []],
    ["null", null],
    ["number", 1.5],
  ];
  return candidates.find(
    ([type]) => !types.includes(type) && !(type === "number" && types.includes("integer")),
  )?.[1];
}

/** Copies of a value that differ in one place, so that the schema does not allow them. */
function* valueMutants(
  document: OpenApiDocument,
  unresolved: Schema,
  value: unknown,
  path: string,
  form: boolean,
): Generator<{ name: string; value: unknown }> {
  const schema = resolve(document, unresolved);
  const union = schema.oneOf ?? schema.anyOf;
  if (union) {
    const all = union.flatMap((branch) => typesOf(resolve(document, branch)));
    if (all.length === union.length)
      yield { name: `${path} of another type`, value: ofOtherType(all) };
    for (const branch of union)
      if (fits(document, branch, value))
        yield* membersOf(document, resolve(document, branch), value, path, form);
    return;
  }
  const types = typesOf(schema);
  if (types.length > 0 && !form)
    yield { name: `${path} of another type`, value: ofOtherType(types) };
  yield* membersOf(document, schema, value, path, form);
}

function* membersOf(
  document: OpenApiDocument,
  schema: Schema,
  value: unknown,
  path: string,
  form: boolean,
): Generator<{ name: string; value: unknown }> {
  if (schema.const !== undefined)
    yield {
      name: `${path} of another value`,
      value: typeof schema.const === "string" ? `${schema.const} not` : "not",
    };
  for (const [why, wrong] of typeof value === "string" || typeof value === "number"
    ? outside(schema)
    : [])
    yield { name: `${path} ${why}`, value: wrong };
  if (Array.isArray(value)) {
    if (!schema.items) return;
    for (const [index, item] of value.entries()) {
      for (const mutant of valueMutants(document, schema.items, item, `${path}[${index}]`, form))
        yield { name: mutant.name, value: value.with(index, mutant.value) };
    }
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const members = value as Record<string, unknown>;
  for (const name of schema.required ?? []) {
    if (name in members)
      yield {
        name: `${path} without ${name}`,
        value: Object.fromEntries(Object.entries(members).filter(([member]) => member !== name)),
      };
  }
  if (isClosed(schema))
    yield { name: `${path} with a member too many`, value: { ...members, mutant: "1" } };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (!(name in members)) continue;
    if (form)
      yield {
        name: `${path}.${name} twice`,
        value: { ...members, [name]: [members[name], members[name]] },
      };
    for (const mutant of valueMutants(document, property, members[name], `${path}.${name}`, form))
      yield { name: mutant.name, value: { ...members, [name]: mutant.value } };
  }
}
