/** What a client needs of a spec at run time. */
import { HTTP_METHODS } from "../../src/platform/http-methods.ts";
import type { OperationMeta, ProviderMeta, ServerMeta } from "../../src/provider.ts";

interface Operation {
  operationId?: string;
  security?: Record<string, string[]>[];
  requestBody?: Body;
  responses?: Record<string, Body>;
  servers?: Server[];
}
interface Server {
  url: string;
  variables?: Record<string, { default: string }>;
}
interface Body {
  $ref?: string;
  content?: Record<string, unknown>;
}
interface Scheme {
  type: string;
  in?: string;
  name?: string;
  scheme?: string;
  flows?: { authorizationCode?: { authorizationUrl: string } };
}
export interface Spec {
  servers?: Server[];
  security?: Record<string, string[]>[];
  paths?: Record<
    string,
    Partial<Record<(typeof HTTP_METHODS)[number], Operation>> & { servers?: Server[] }
  >;
  components?: { securitySchemes?: Record<string, Scheme> };
}

/** The header that a credential of a security scheme travels in. Undefined: it has none. */
function placeOf({
  type,
  in: place,
  name,
  scheme,
}: Scheme): ProviderMeta["schemes"][string] | undefined {
  if (type === "apiKey" && place === "header" && name) return { header: name };
  const header = "Authorization";
  if (type === "oauth2" || (type === "http" && scheme?.toLowerCase() === "bearer"))
    return { header, prefix: "Bearer " };
  // RFC 7617.
  if (type === "http" && scheme?.toLowerCase() === "basic") return { header, prefix: "Basic " };
  return undefined;
}

const serverMeta = ({ url, variables }: Server, authorizationUrl?: string): ServerMeta => ({
  url,
  ...(variables
    ? {
        variables: Object.fromEntries(
          Object.entries(variables).map(([name, variable]) => [name, variable.default]),
        ),
      }
    : {}),
  ...(authorizationUrl === undefined ? {} : { authorizationUrl }),
});

/** The servers of a document, each with the authorization page of the document. */
function serversOf({ servers = [], components }: Spec): ServerMeta[] {
  const page = Object.values(components?.securitySchemes ?? {})
    .map(({ flows }) => flows?.authorizationCode?.authorizationUrl)
    .find((url) => url !== undefined);
  return servers.map((server) => serverMeta(server, page));
}

/** @param forms the document with each of its overlays. An overlay may name other servers */
export function metaOf(spec: Spec, forms: readonly Spec[], file: string): ProviderMeta {
  const fail = (what: string): never => {
    throw new Error(`${file}: ${what}`);
  };
  const resolve = (body: Body | undefined): Body | undefined =>
    body?.$ref === undefined
      ? body
      : (body.$ref
          .split("/")
          .slice(1)
          .reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], spec) as Body);
  const mediaType = (body: Body | undefined, where: string): string | undefined => {
    const types = Object.keys(resolve(body)?.content ?? {});
    return types.length > 1
      ? fail(`${where} has more than one media type, and the client cannot choose`)
      : types[0];
  };
  const schemesOf = (security: Record<string, string[]>[] | undefined, where: string): string[] =>
    (security?.length ?? 0) > 1
      ? fail(`${where} has alternative securities, and the client cannot choose`)
      : Object.keys(security?.[0] ?? {});

  const operations: Record<string, OperationMeta> = {};
  for (const [path, item] of Object.entries(spec.paths ?? {})) {
    for (const method of HTTP_METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const name = `${method.toUpperCase()} ${path}`;
      const success = Object.entries(operation.responses ?? {}).filter(([status]) =>
        status.startsWith("2"),
      );
      const statuses = success.map(([status]) => status.toUpperCase());
      // An operation's servers take precedence over those of its path (OpenAPI 3.1, 4.8.9).
      const servers = operation.servers ?? item.servers;
      const request = mediaType(operation.requestBody, `the request of ${name}`);
      const response = mediaType(success[0]?.[1], `the answer of ${name}`);
      operations[name] = {
        id: operation.operationId ?? fail(`${name} has no operationId`),
        security: schemesOf(operation.security ?? spec.security, name),
        ...(request === undefined ? {} : { request }),
        ...(response === undefined ? {} : { response }),
        ...(statuses.length === 0 || statuses.join() === "200" ? {} : { success: statuses }),
        ...(servers === undefined ? {} : { servers: servers.map((one) => serverMeta(one)) }),
      };
    }
  }
  const schemes = Object.entries(spec.components?.securitySchemes ?? {}).map(
    ([name, scheme]) =>
      [
        name,
        placeOf(scheme) ??
          fail(
            `the security scheme ${name} has no place that the client knows: use oauth2, http bearer, http basic, or an apiKey in a header`,
          ),
      ] as const,
  );
  return {
    servers: [
      ...new Map([spec, ...forms].flatMap(serversOf).map((one) => [one.url, one])).values(),
    ],
    schemes: Object.fromEntries(schemes),
    security: schemesOf(spec.security, "the root"),
    operations,
  };
}
