/**
 * Checks requests and answers against a curated spec. The one validator of this project: the
 * sandbox refuses by it, and contract cases are judged by it.
 */
import type { ValidateFunction } from "ajv/dist/2020.js";
import { ConfigurationError } from "../errors.ts";
import { parsePathTemplate, type PathTemplate } from "../http/path-template.ts";

export type OpenApiDocument = Readonly<Record<string, unknown>>;

export interface Violation {
  readonly in: "body" | "header" | "path" | "query" | "security";
  /** Name of the parameter, or JSON pointer into the body. */
  readonly at: string;
  /** JSON Schema keyword, or `required`, `unknown`, `mediaType`, `status`. */
  readonly rule: string;
  /** What is wrong, without the value. */
  readonly message: string;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** Below the server's URL, with `{templates}`. */
  readonly path: string;
  /** Names of the security schemes that have to be there. */
  readonly security: readonly string[];
}

export interface ContractRequest {
  /** As it stands in the URL, percent-encoded, with or without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  /** Undefined: there is none. */
  readonly body: string | undefined;
}

export interface Contract {
  readonly operations: readonly Operation[];
  /** The operation of a path below the server's URL. A slash at the end counts. */
  match(
    method: string,
    path: string,
  ): { readonly operation: Operation; readonly path: Readonly<Record<string, string>> } | undefined;
  /**
   * The operation that a whole URL means, by the servers of the spec. Server variables may have any
   * value.
   */
  locate(
    method: string,
    url: string,
  ): { readonly operation: Operation; readonly query: string } | undefined;
  /** What is wrong with a request, and its body as the media type decodes it. */
  checkRequest(
    operation: Operation,
    request: ContractRequest,
  ): { readonly violations: readonly Violation[]; readonly body: unknown };
  /**
   * Under which key of the spec an answer of this status falls: the status, its class, or
   * `default`.
   */
  answerKey(operation: Operation, status: number): string | undefined;
  /**
   * What is wrong with an answer. `body` is the text. An answer that no status names is judged by
   * `default`.
   */
  checkResponse(
    operation: Operation,
    status: number,
    contentType: string | null,
    body: string,
  ): readonly Violation[];
}

interface Parameter {
  readonly name: string;
  readonly in: "header" | "path" | "query";
  readonly required?: boolean;
  readonly allowReserved?: boolean;
  readonly schema?: { readonly type?: string | readonly string[] };
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
  readonly required?: boolean;
}
interface OperationObject {
  readonly operationId?: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly unknown[];
  readonly requestBody?: unknown;
  readonly responses?: Readonly<Record<string, unknown>>;
}
interface Scheme {
  readonly type: string;
  readonly name?: string;
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/** Members of an OpenAPI document and of its schemas that JSON Schema does not know. */
const VOCABULARY = [
  "openapi",
  "info",
  "jsonSchemaDialect",
  "servers",
  "paths",
  "webhooks",
  "components",
  "security",
  "tags",
  "externalDocs",
  "x-errata",
  "discriminator",
  "example",
  "xml",
];

/** @throws ConfigurationError if Ajv, an optional peer of this package, is not installed */
export async function createContract(document: OpenApiDocument): Promise<Contract> {
  const { Ajv2020, addFormats } = await loadAjv();
  // The meta-schema would look at the document's own members only, not at the schemas within (the
  // linter does that), and it and the optimizer take longer than everything else together.
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    allErrors: true,
    validateFormats: true,
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  });
  addFormats(ajv);
  ajv.addVocabulary(VOCABULARY);
  ajv.addSchema({ ...document, $id: ROOT }, ROOT);

  const compiled = new Map<string, ValidateFunction>();
  const validator = (pointer: string): ValidateFunction => {
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `${ROOT}#${pointer}` });
    compiled.set(pointer, known);
    return known;
  };
  /** The node at a pointer, and the pointer it really stands at, `$ref`s followed. */
  const resolve = (pointer: string): { node: unknown; pointer: string } => {
    const node = nodeAt(document, pointer);
    const ref = (node as { $ref?: unknown } | undefined)?.$ref;
    return typeof ref === "string" ? resolve(ref.replace(/^#/, "")) : { node, pointer };
  };

  const schemes = (nodeAt(document, "/components/securitySchemes") ?? {}) as Readonly<
    Record<string, Scheme>
  >;
  const operations = new Map<
    Operation,
    { pointer: string; object: OperationObject; template: PathTemplate }
  >();
  for (const [path, item] of Object.entries(
    (document["paths"] ?? {}) as Record<string, Record<string, OperationObject>>,
  )) {
    for (const method of METHODS) {
      const object = item[method];
      if (!object) continue;
      const security =
        object.security ?? (document["security"] as OperationObject["security"]) ?? [];
      const operation = {
        id: object.operationId ?? `${method} ${path}`,
        method: method.toUpperCase(),
        path,
        security: Object.keys(security[0] ?? {}),
      };
      operations.set(operation, {
        pointer: `/paths/${escape(path)}/${method}`,
        object,
        template: parsePathTemplate(path),
      });
    }
  }
  const find = (operation: Operation) => {
    const found = operations.get(operation);
    if (!found) throw new RangeError(`${operation.id} is not an operation of this contract`);
    return found;
  };

  function checkParameters(
    { pointer, object }: ReturnType<typeof find>,
    request: ContractRequest,
  ): Violation[] {
    const out: Violation[] = [];
    const query = parseQuery(request.query);
    const known = new Set<string>();
    for (const index of (object.parameters ?? []).keys()) {
      const { node, pointer: where } = resolve(`${pointer}/parameters/${index}`);
      const parameter = node as Parameter;
      if (parameter.in === "path") continue;
      if (parameter.in === "query") known.add(parameter.name);
      const value =
        parameter.in === "query"
          ? (query.find(({ name }) => name === parameter.name)?.value ?? null)
          : request.headers.get(parameter.name);
      if (
        query.some(
          ({ name, raw }) =>
            name === parameter.name && !parameter.allowReserved && RESERVED.test(raw),
        )
      ) {
        out.push({
          in: "query",
          at: parameter.name,
          rule: "encoding",
          message: "must be percent-encoded",
        });
      }
      if (value === null) {
        if (parameter.required)
          out.push({
            in: parameter.in,
            at: parameter.name,
            rule: "required",
            message: "is required",
          });
        continue;
      }
      if (parameter.schema)
        out.push(
          ...complaints(
            validator(`${where}/schema`),
            coerce(value, parameter.schema.type),
            parameter.in,
            parameter.name,
          ),
        );
    }
    for (const name of new Set(query.map((entry) => entry.name))) {
      if (!known.has(name))
        out.push({
          in: "query",
          at: name,
          rule: "unknown",
          message: "is not a parameter of this operation",
        });
      else if (query.filter((entry) => entry.name === name).length > 1)
        out.push({ in: "query", at: name, rule: "repeated", message: "is there more than once" });
    }
    return out;
  }

  function checkSecurity(operation: Operation, { headers }: ContractRequest): Violation[] {
    return operation.security.flatMap((name): Violation[] => {
      const scheme = schemes[name];
      const value = headers.get(scheme?.type === "apiKey" ? (scheme.name ?? "") : "authorization");
      const there =
        value !== null && value !== "" && (scheme?.type === "apiKey" || /^bearer +\S/i.test(value));
      return there ? [] : [{ in: "security", at: name, rule: "required", message: "is required" }];
    });
  }

  const match: Contract["match"] = (method, path) => {
    for (const [operation, { template }] of operations) {
      const found = operation.method === method ? template.match(path) : undefined;
      if (found)
        return {
          operation,
          path: Object.fromEntries(
            template.names.map((name, i) => [name, percentDecode(found[i] ?? "")]),
          ),
        };
    }
    return undefined;
  };

  return {
    operations: [...operations.keys()],
    match,

    locate(method, url) {
      const { origin, pathname, search } = new URL(url);
      for (const { url: server } of (document["servers"] ?? []) as { url: string }[]) {
        // A variable that the URL begins with is its origin.
        const template = (
          server.startsWith("{") ? origin + server.slice(server.indexOf("}") + 1) : server
        ).replace(/\/$/, "");
        const length = template.split("/").length;
        const parts = `${origin}${pathname}`.split("/");
        const found =
          parsePathTemplate(template).match(parts.slice(0, length).join("/")) &&
          match(method, `/${parts.slice(length).join("/")}`);
        if (found) return { operation: found.operation, query: search };
      }
      return undefined;
    },

    answerKey: (operation, status) => answerKey(find(operation).object, status),

    checkRequest(operation, request) {
      const found = find(operation);
      const violations = [...checkSecurity(operation, request), ...checkParameters(found, request)];
      const { node, pointer } = resolve(`${found.pointer}/requestBody`);
      const bodyObject = node as Content | undefined;
      if (request.body === undefined || request.body === "") {
        if (bodyObject?.required)
          violations.push({ in: "body", at: "", rule: "required", message: "is required" });
        return { violations, body: undefined };
      }
      const mediaType = mediaTypeOf(request.headers.get("content-type"));
      if (!bodyObject?.content?.[mediaType]) {
        violations.push({
          in: "body",
          at: "",
          rule: "mediaType",
          message: `must not be ${mediaType === "" ? "of no media type" : mediaType}`,
        });
        return { violations, body: undefined };
      }
      const body = decode(request.body, mediaType);
      if (body === undefined)
        violations.push({ in: "body", at: "", rule: "type", message: `is not ${mediaType}` });
      else
        violations.push(
          ...complaints(validator(`${pointer}/content/${escape(mediaType)}/schema`), body, "body"),
        );
      return { violations, body };
    },

    checkResponse(operation, status, contentType, text) {
      const found = find(operation);
      const key = answerKey(found.object, status);
      if (key === undefined)
        return [
          {
            in: "body",
            at: "",
            rule: "status",
            message: `${status} is not an answer of ${operation.id}`,
          },
        ];
      const { node, pointer } = resolve(`${found.pointer}/responses/${key}`);
      const content = (node as Content).content;
      if (!content)
        return text === ""
          ? []
          : [{ in: "body", at: "", rule: "unknown", message: "must be empty" }];
      const mediaType = mediaTypeOf(contentType);
      if (!content[mediaType])
        return [
          {
            in: "body",
            at: "",
            rule: "mediaType",
            message: `must not be ${mediaType === "" ? "of no media type" : mediaType}`,
          },
        ];
      const body = decode(text, mediaType);
      if (body === undefined)
        return [{ in: "body", at: "", rule: "type", message: `is not ${mediaType}` }];
      return complaints(validator(`${pointer}/content/${escape(mediaType)}/schema`), body, "body");
    },
  };
}

const ROOT = "https://corrigenda.example/openapi";

async function loadAjv() {
  try {
    const [{ Ajv2020 }, formats] = await Promise.all([
      import("ajv/dist/2020.js"),
      import("ajv-formats"),
    ]);
    // A CommonJS module seen through ESM, or through CommonJS again: the function is one or two
    // `default`s deep.
    type AddFormats = (ajv: InstanceType<typeof Ajv2020>) => unknown;
    let addFormats: unknown = formats;
    while (typeof addFormats !== "function")
      addFormats = (addFormats as { default: unknown }).default;
    return { Ajv2020, addFormats: addFormats as AddFormats };
  } catch (cause) {
    const code = (cause as { code?: unknown } | undefined)?.code;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw cause;
    throw new ConfigurationError({
      option: "ajv",
      message:
        "The sandbox checks requests with Ajv, which is not installed. Run: npm install --save-dev ajv ajv-formats",
    });
  }
}

const escape = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1");

const nodeAt = (document: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .reduce<unknown>(
      (node, part) =>
        (node as Record<string, unknown> | undefined)?.[
          part.replaceAll("~1", "/").replaceAll("~0", "~")
        ],
      document,
    );

export const mediaTypeOf = (contentType: string | null): string =>
  (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

const answerKey = ({ responses }: OperationObject, status: number): string | undefined =>
  [String(status), `${String(status)[0]}XX`, "default"].find(
    (name) => responses?.[name] !== undefined,
  );

/**
 * Characters that must be percent-encoded in a value, of those that `encodeURIComponent` encodes
 * (OpenAPI, `allowReserved`).
 */
const RESERVED = /[+:/?#[\]@$,;]/;

function parseQuery(query: string): { name: string; value: string; raw: string }[] {
  return query
    .replace(/^\?/, "")
    .split("&")
    .filter(Boolean)
    .map((pair) => {
      const [name = "", raw = ""] = pair.split(/=(.*)/s);
      return { name: percentDecode(name), value: percentDecode(raw), raw };
    });
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Undefined: the text is not of that media type. */
function decode(text: string, mediaType: string): unknown {
  if (mediaType.startsWith("text/")) return text;
  if (mediaType === "application/x-www-form-urlencoded") {
    const form = new URLSearchParams(text);
    return Object.fromEntries(
      [...new Set(form.keys())].map((name) => [
        name,
        form.getAll(name).length > 1 ? form.getAll(name) : form.get(name),
      ]),
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A parameter's text as the type that its schema asks for, where it can be read as one. */
function coerce(text: string, type: string | readonly string[] | undefined): unknown {
  const types = [type ?? []].flat();
  if ((types.includes("number") || types.includes("integer")) && /^-?\d+(\.\d+)?$/.test(text))
    return Number(text);
  if (types.includes("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}

function complaints(
  validate: ValidateFunction,
  value: unknown,
  where: Violation["in"],
  name?: string,
): Violation[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ keyword, instancePath, params, message }) => {
    const { missingProperty, unevaluatedProperty } = params as Record<string, string | undefined>;
    const member = missingProperty ?? unevaluatedProperty;
    const pointer = member === undefined ? instancePath : `${instancePath}/${escape(member)}`;
    return { in: where, at: name ?? pointer, rule: keyword, message: message ?? "is not valid" };
  });
}
