/** URLs of token endpoints. */
import { parseUrl } from "../platform/parse-url.ts";
import type { Connection, ProviderMeta } from "../provider.ts";

const pathOf = (operation: string): string => operation.slice(operation.indexOf("/"));

/**
 * The URL that the document gives an operation with servers of its own. Undefined: the operation
 * has none, and lies below the base URL.
 */
export function documentedUrl(meta: ProviderMeta, operation: string): string | undefined {
  const server = meta.operations[operation]?.servers?.[0]?.url;
  if (server === undefined) return undefined;
  const url = server.replace(/\/$/, "") + pathOf(operation);
  return parseUrl(url)?.href ?? url;
}

/** URL of the token endpoint, without the parts of a request that may be secret. */
export const tokenUrlOf = ({
  baseUrl,
  tokenOperation,
  tokenUrl,
}: Pick<Connection, "baseUrl" | "tokenOperation" | "tokenUrl">): string =>
  tokenUrl ?? baseUrl + pathOf(tokenOperation);

/**
 * URL of any token operation, such as a refresh operation beside the login. One with servers of its
 * own follows the token URL: where the caller gave another token URL, its path goes to the caller's
 * origin, so that no secret reaches the vendor by mistake.
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
  if (documented === undefined) return baseUrl + pathOf(operation);
  const isDocumented = tokenUrl !== undefined && tokenUrl === documentedUrl(meta, tokenOperation!);
  return isDocumented
    ? documented
    : new URL(new URL(documented).pathname, tokenUrl ?? baseUrl).href;
}
