import type { Connection } from "../provider.ts";

/** Where tokens are had, without what is secret in a request there. */
export const tokenUrlOf = ({
  baseUrl,
  tokenOperation,
}: Pick<Connection, "baseUrl" | "tokenOperation">): string =>
  baseUrl + tokenOperation.slice(tokenOperation.indexOf("/"));

/**
 * `provider:token URL:client:subject`, each percent-encoded. Nothing in it derives from a secret
 * (rule T-07).
 */
export const storeKey = (provider: string, connection: Connection): string =>
  [provider, tokenUrlOf(connection), ...connection.identity].map(encodePart).join(":");

/** A part that is `latch` would make the key that of another credential's latch. */
const encodePart = (part: string): string =>
  part === "latch" ? "%6Catch" : encodeURIComponent(part);
