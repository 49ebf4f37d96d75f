/**
 * Mutants of a case: copies that break the spec in one place. The spec has to refuse each, by the
 * rule that the mutant breaks.
 */
import type { OpenApiDocument } from "../../src/testing/index.ts";
import type { NamedViolation } from "../errata/ledger.ts";
import type { NamedCase } from "./load.ts";
import { closedBy, escape, fits, resolve, typesOf, type Schema } from "./schema.ts";

export interface CaseMutant {
  readonly name: string;
  readonly mutant: NamedCase;
  /** What the mutant breaks. */
  readonly breaks: NamedViolation;
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

/** Mutants of a case that keeps to the spec. No two of them are the same exchange. */
export function caseMutants(document: OpenApiDocument, testCase: NamedCase): CaseMutant[] {
  const operation = operationOf(document, testCase.operationId);
  const seen = new Set([JSON.stringify(testCase)]);
  return [
    ...requestMutants(document, operation, testCase),
    ...responseMutants(document, operation, testCase),
  ].flatMap(({ name, breaks, ...change }) => {
    const mutant = { ...testCase, ...change };
    const text = JSON.stringify(mutant);
    if (seen.has(text)) return [];
    seen.add(text);
    return [{ name: `${testCase.name} with ${name}`, mutant, breaks }];
  });
}

type Change = { readonly name: string; readonly breaks: NamedViolation } & Partial<
  Pick<NamedCase, "request" | "response">
>;

function requestMutants(
  document: OpenApiDocument,
  operation: OperationObject,
  { request }: NamedCase,
): Change[] {
  const out: Change[] = [];
  const breaks = (place: NamedViolation["in"], at: string, rule: string): NamedViolation => ({
    half: "request",
    in: place,
    at,
    rule,
  });
  const withUrl = (
    name: string,
    [at, rule]: readonly [at: string, rule: string],
    change: (parameters: Map<string, string>) => void,
  ): void => {
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
      breaks: breaks("query", at, rule),
      request: {
        ...request,
        url: `${url.origin}${url.pathname}${search === "" ? "" : `?${search}`}`,
      },
    });
  };
  const withHeaders = (
    name: string,
    broken: NamedViolation,
    change: (headers: Record<string, string>) => void,
  ): void => {
    const headers = { ...request.headers };
    change(headers);
    out.push({ name, breaks: broken, request: { ...request, headers } });
  };
  const given = new URL(request.url).searchParams;
  for (const parameter of (operation.parameters ?? [])
    .map((one) => resolve(document, one))
    .filter((one) => one.in === "query" && given.has(one.name))) {
    const { name, required, schema = {} } = parameter;
    if (required)
      withUrl(`no query parameter ${name}`, [name, "required"], (all) => all.delete(name));
    withUrl(`a raw plus in the query parameter ${name}`, [name, "encoding"], (all) =>
      all.set(name, `${all.get(name) ?? ""}+`),
    );
    const types = typesOf(schema);
    if (types.length > 0 && !types.includes("string"))
      withUrl(`a query parameter ${name} of another type`, [name, "type"], (all) =>
        all.set(name, "neither"),
      );
    if (types.includes("integer"))
      withUrl(`a query parameter ${name} with a fraction`, [name, "type"], (all) =>
        all.set(name, "1.5"),
      );
    for (const { why, rule, value } of outside(schema))
      withUrl(`a query parameter ${name} ${why}`, [name, rule], (all) =>
        all.set(name, encodeURIComponent(String(value))),
      );
  }
  out.push(...headerMutants(document, operation, request));
  out.push(...pathMutants(document, operation, request));
  withUrl("a query parameter too many", ["mutant", "unknown"], (all) => all.set("mutant", "1"));
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
    withHeaders(`no ${name}`, breaks("security", name, "required"), (headers) => {
      delete headers[type === "apiKey" ? header.toLowerCase() : "authorization"];
    });
  }
  if (request.body === undefined) return out;
  const content = resolve(document, operation.requestBody)?.content ?? {};
  const type = request.headers["content-type"] ?? "";
  const ofMediaType = breaks("body", "", "mediaType");
  withHeaders("another media type", ofMediaType, (headers) => {
    headers["content-type"] = "application/xml";
  });
  withHeaders("the other common media type", ofMediaType, (headers) => {
    headers["content-type"] =
      type === "application/json" ? "application/x-www-form-urlencoded" : "application/json";
  });
  if (resolve(document, operation.requestBody)?.required)
    out.push({
      name: "no body",
      breaks: breaks("body", "", "required"),
      request: { method: request.method, url: request.url, headers: request.headers },
    });
  const form = type === "application/x-www-form-urlencoded";
  const mutants = valueMutants(document, content[type]?.schema ?? {}, request.body, "", form);
  for (const { what, at, rule, value } of mutants)
    out.push({
      name: `the request${what}`,
      breaks: breaks("body", at, rule),
      request: { ...request, body: value as Record<string, string> },
    });
  return out;
}

/** Header parameters that are missing, of another type, or just outside of what is allowed. */
function headerMutants(
  document: OpenApiDocument,
  { parameters = [] }: OperationObject,
  request: NamedCase["request"],
): Change[] {
  return parameters
    .map((one) => resolve(document, one))
    .filter((one) => one.in === "header" && one.name.toLowerCase() in request.headers)
    .flatMap(({ name, required, schema = {} }) => {
      const breaks = (rule: string): NamedViolation => ({
        half: "request",
        in: "header",
        at: name,
        rule,
      });
      const key = name.toLowerCase();
      const others = { ...request.headers };
      delete (others as Record<string, string>)[key];
      const types = typesOf(schema);
      const wrong: Outside[] =
        types.length === 0 || types.includes("string")
          ? outside(schema)
          : [{ why: "of another type", rule: "type", value: "neither" }, ...outside(schema)];
      return [
        ...(required
          ? [
              {
                name: `no header ${name}`,
                breaks: breaks("required"),
                request: { ...request, headers: others },
              },
            ]
          : []),
        ...wrong.map(({ why, rule, value }) => ({
          name: `a header ${name} ${why}`,
          breaks: breaks(rule),
          request: {
            ...request,
            // A header has bytes only.
            headers: { ...others, [key]: String(value).replace(/[^ -ÿ]/g, "§") },
          },
        })),
      ];
    });
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
      const wrong: Outside[] = typesOf(schema).includes("string")
        ? outside(schema)
        : [{ why: "of another type", rule: "type", value: "neither" }, ...outside(schema)];
      return wrong
        .filter(({ value }) => value !== "")
        .map(({ why, rule, value }) => {
          const path = segments.with(at, encodeURIComponent(String(value))).join("/");
          return {
            name: `a path parameter ${name} ${why}`,
            breaks: { half: "request" as const, in: "path" as const, at: name, rule },
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
  const breaks = (at: string, rule: string): NamedViolation => ({
    half: "answer",
    in: "body",
    at,
    rule,
  });
  const out: Change[] = [];
  const declared = Object.keys(operation.responses).filter((status) => /^\d+$/.test(status));
  const other =
    declared.find((status) => status !== answer) ?? (answer === "default" ? "200" : "418");
  out.push({
    name: `status ${other}`,
    breaks: breaks("", "status"),
    response: { ...response, status: Number(other) },
  });
  if (answer !== "default")
    out.push({
      name: "a status that no document names",
      breaks: breaks("", "status"),
      response: { ...response, status: 418 },
    });
  if (mediaType === null)
    return [
      ...out,
      { name: "a body", breaks: breaks("", "unknown"), response: { ...response, body: {} } },
    ];
  out.push({
    name: "an answer of another media type",
    breaks: breaks("", "mediaType"),
    response: { ...response, headers: { ...response.headers, "content-type": "application/xml" } },
  });
  const schema = resolve(document, operation.responses[answer])?.content?.[mediaType]?.schema;
  if (!schema || mediaType.startsWith("text/")) return out;
  for (const { what, at, rule, value } of valueMutants(document, schema, response.body, "", false))
    out.push({
      name: `the answer${what}`,
      breaks: breaks(at, rule),
      response: { ...response, body: value },
    });
  return out;
}

/** A value just outside what a schema allows, and the keyword that it breaks. */
interface Outside {
  readonly why: string;
  readonly rule: string;
  readonly value: unknown;
}

/** Values just outside what a schema's constraints allow. */
function outside({ pattern, minLength, minimum, maximum, format }: Schema): Outside[] {
  const all: (Outside | undefined)[] = [
    pattern === undefined
      ? undefined
      : { why: "against its pattern", rule: "pattern", value: "not \n ☃" },
    minLength === undefined
      ? undefined
      : { why: "that is too short", rule: "minLength", value: "x".repeat(minLength - 1) },
    minimum === undefined
      ? undefined
      : { why: "that is too small", rule: "minimum", value: minimum - 1 },
    maximum === undefined
      ? undefined
      : { why: "that is too large", rule: "maximum", value: maximum + 1 },
    // `format: password` is a hint for tools and restricts no value (OpenAPI 3.1, 4.4).
    format === undefined || format === "password"
      ? undefined
      : { why: "against its format", rule: "format", value: "not of it" },
  ];
  return all.filter((one) => one !== undefined);
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

/** A copy of a value that breaks the schema in one place. */
interface ValueMutant {
  /** What is wrong, to stand after the name of the value. */
  readonly what: string;
  /** JSON pointer of the place that breaks the rule. */
  readonly at: string;
  readonly rule: string;
  readonly value: unknown;
}

/** Copies of a value that differ in one place, so that the schema does not allow them. */
function* valueMutants(
  document: OpenApiDocument,
  unresolved: Schema,
  value: unknown,
  at: string,
  form: boolean,
): Generator<ValueMutant> {
  const schema = resolve(document, unresolved);
  const keyword = schema.oneOf ? "oneOf" : "anyOf";
  const union = schema[keyword];
  if (union) {
    const all = union.flatMap((branch) => typesOf(resolve(document, branch)));
    if (all.length === union.length)
      yield { what: " of another type", at, rule: keyword, value: ofOtherType(all) };
    for (const branch of union)
      if (fits(document, branch, value))
        yield* membersOf(document, resolve(document, branch), value, at, form);
    return;
  }
  const types = typesOf(schema);
  if (types.length > 0 && !form)
    yield { what: " of another type", at, rule: "type", value: ofOtherType(types) };
  yield* membersOf(document, schema, value, at, form);
}

function* membersOf(
  document: OpenApiDocument,
  schema: Schema,
  value: unknown,
  at: string,
  form: boolean,
): Generator<ValueMutant> {
  if (schema.const !== undefined) {
    const other = typeof schema.const === "string" ? `${schema.const} not` : "not";
    yield { what: " of another value", at, rule: "const", value: other };
  }
  if (typeof value === "string" || typeof value === "number")
    for (const { why, rule, value: wrong } of outside(schema))
      yield { what: ` ${why}`, at, rule, value: wrong };
  if (Array.isArray(value)) {
    if (!schema.items) return;
    for (const [index, item] of value.entries()) {
      const mutants = valueMutants(document, schema.items, item, `${at}/${index}`, form);
      for (const mutant of mutants)
        yield within(`[${index}]`, mutant, value.with(index, mutant.value));
    }
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const members = value as Record<string, unknown>;
  for (const name of (schema.required ?? []).filter((one) => one in members))
    yield {
      what: ` without ${name}`,
      at: `${at}/${escape(name)}`,
      rule: "required",
      value: Object.fromEntries(Object.entries(members).filter(([member]) => member !== name)),
    };
  const closed = closedBy(schema);
  if (closed)
    yield {
      what: " with a member too many",
      at: `${at}/mutant`,
      rule: closed,
      value: { ...members, mutant: "1" },
    };
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    if (name in members) yield* memberOf(document, [name, property], members, at, form);
}

function* memberOf(
  document: OpenApiDocument,
  [name, property]: readonly [string, Schema],
  members: Readonly<Record<string, unknown>>,
  at: string,
  form: boolean,
): Generator<ValueMutant> {
  const place = `${at}/${escape(name)}`;
  const value = members[name];
  if (form) {
    const rule = typesOf(resolve(document, property)).length > 0 ? "type" : "const";
    yield {
      what: `.${name} twice`,
      at: place,
      rule,
      value: { ...members, [name]: [value, value] },
    };
  }
  for (const mutant of valueMutants(document, property, value, place, form))
    yield within(`.${name}`, mutant, { ...members, [name]: mutant.value });
}

/** The mutant of a part as a mutant of the whole. */
const within = (part: string, mutant: ValueMutant, value: unknown): ValueMutant => ({
  ...mutant,
  what: part + mutant.what,
  value,
});
