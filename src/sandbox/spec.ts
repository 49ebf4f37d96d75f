/** The operations of an OpenAPI document, and how a request is matched with one of them. */
import { parsePathTemplate, type PathTemplate } from "../http/path-template.ts";
import type { Match, OpenApiDocument, Operation } from "./contract.ts";
import { HTTP_METHODS } from "../platform/http-methods.ts";
import { escapePointer, nodeAt } from "../platform/json-pointer.ts";
import { percentDecode } from "./query.ts";

/** A list of alternatives. Each names the security schemes that are needed together. */
export type Security = readonly Readonly<Record<string, unknown>>[];

export interface Scheme {
  readonly type: string;
  /** Where an API key is sent: `header`, `query` or `cookie`. */
  readonly in?: string;
  /** Name of the header, of the query parameter or of the cookie. */
  readonly name?: string;
  /** `bearer` or `basic`, if `type` is `http`. */
  readonly scheme?: string;
}

/** What the document says of one operation. */
export interface Described {
  /** JSON pointer of the operation. */
  readonly pointer: string;
  /** JSON pointers of its parameters, then of those of its path. */
  readonly parameters: readonly string[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security: Security;
  readonly servers: readonly string[];
  readonly template: PathTemplate;
}

export interface Spec {
  readonly schemes: Readonly<Record<string, Scheme>>;
  readonly operations: ReadonlyMap<Operation, Described>;
  /** The node at a JSON pointer after every `$ref` is followed, and the pointer of that node. */
  resolve(pointer: string): { readonly node: unknown; readonly pointer: string };
}

interface OperationObject {
  readonly operationId?: string;
  readonly security?: Security;
  readonly servers?: readonly Server[];
  readonly parameters?: readonly unknown[];
  readonly responses?: Readonly<Record<string, unknown>>;
}
interface Server {
  readonly url: string;
}
type PathItem = Readonly<Record<string, OperationObject>> & {
  readonly servers?: readonly Server[];
  readonly parameters?: readonly unknown[];
};

export function readSpec(document: OpenApiDocument): Spec {
  const resolve = (pointer: string): ReturnType<Spec["resolve"]> => {
    const node = nodeAt(document, pointer);
    const ref = (node as { $ref?: unknown } | undefined)?.$ref;
    return typeof ref === "string" ? resolve(ref.replace(/^#/, "")) : { node, pointer };
  };
  const {
    paths = {},
    security,
    servers,
  } = document as {
    paths?: Record<string, PathItem>;
    security?: Security;
    servers?: readonly Server[];
  };
  const operations = new Map<Operation, Described>();
  for (const [path, item] of Object.entries(paths)) {
    for (const method of HTTP_METHODS) {
      const object = item[method];
      if (!object) continue;
      const needed = object.security ?? security ?? [];
      const pathPointer = `/paths/${escapePointer(path)}`;
      const pointer = `${pathPointer}/${method}`;
      const operation = {
        id: object.operationId ?? `${method} ${path}`,
        method: method.toUpperCase(),
        path,
        security: Object.keys(needed[0] ?? {}),
      };
      operations.set(operation, {
        pointer,
        parameters: [
          ...(object.parameters ?? []).map((_, i) => `${pointer}/parameters/${i}`),
          ...(item.parameters ?? []).map((_, i) => `${pathPointer}/parameters/${i}`),
        ],
        responses: object.responses ?? {},
        security: needed,
        servers: (object.servers ?? item.servers ?? servers ?? []).map(({ url }) => url),
        template: parsePathTemplate(path),
      });
    }
  }
  const schemes = nodeAt(document, "/components/securitySchemes") as Spec["schemes"] | undefined;
  return { schemes: schemes ?? {}, operations, resolve };
}

/** The operation of a path below the server's URL. */
export function matchPath({ operations }: Spec, method: string, path: string): Match | undefined {
  for (const [operation, described] of operations) {
    const values = operation.method === method ? parametersOf(described, path) : undefined;
    if (values) return { operation, path: values };
  }
  return undefined;
}

/** Path parameters by name, decoded; undefined if the path does not match the template. */
function parametersOf(
  { template }: Described,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const values = template.match(path)?.map(percentDecode);
  return (
    values &&
    Object.fromEntries(template.names.map((name, i): [string, string] => [name, values[i] ?? ""]))
  );
}

/** The operation that a whole URL names, by the operation's own servers or the document's. */
export function locateUrl(
  spec: Spec,
  method: string,
  url: string,
): (Match & { query: string }) | undefined {
  const { origin, pathname, search } = new URL(url);
  const parts = `${origin}${pathname}`.split("/");
  for (const [operation, described] of spec.operations) {
    if (operation.method !== method) continue;
    for (const server of described.servers) {
      // A variable at the start of a server's URL stands for the origin.
      const absolute = server.startsWith("{")
        ? origin + server.slice(server.indexOf("}") + 1)
        : server;
      const base = absolute.replace(/\/$/, "");
      const length = base.split("/").length;
      const path = parsePathTemplate(base).match(parts.slice(0, length).join("/"))
        ? parametersOf(described, `/${parts.slice(length).join("/")}`)
        : undefined;
      if (path) return { operation, path, query: search };
    }
  }
  return undefined;
}
