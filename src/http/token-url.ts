/** URLs of token endpoints. */
import type { Connection, ProviderMeta } from "../provider.ts";

const pathOf = (operation: string): string => operation.slice(operation.indexOf("/"));

/**
 * The URL of an operation for which the OpenAPI document lists `servers`. Undefined: it lists none,
 * and the operation lies below the base URL.
 */
export function documentedUrl(meta: ProviderMeta, operation: string): string | undefined {
  const server = meta.operations[operation]?.servers?.[0]?.url;
  return server === undefined ? undefined : server.replace(/\/$/, "") + pathOf(operation);
}

/** URL of the token endpoint, without the parts of a request that may be secret. */
export const tokenUrlOf = ({
  baseUrl,
  tokenOperation,
  tokenUrl,
}: Pick<Connection, "baseUrl" | "tokenOperation" | "tokenUrl">): string =>
  tokenUrl ?? baseUrl + pathOf(tokenOperation);

/**
 * URL of any token operation, such as a refresh operation beside the login. An operation with
 * `servers` of its own keeps their path, but the request goes to the origin of the token URL: if
 * the caller gave another token URL, no secret may reach the vendor by mistake.
 */
export function urlOfOperation(
  operation: string,
  meta: ProviderMeta,
  connection: Pick<Connection, "baseUrl"> &
    Partial<Pick<Connection, "tokenOperation" | "tokenUrl">>,
): string {
  const { baseUrl, tokenUrl, tokenOperation } = connection;
  if (tokenUrl !== undefined && operation === tokenOperation) return tokenUrl;
  const documented = documentedUrl(meta, operation);
  return documented === undefined
    ? baseUrl + pathOf(operation)
    : new URL(new URL(documented).pathname, tokenUrl ?? baseUrl).href;
}
