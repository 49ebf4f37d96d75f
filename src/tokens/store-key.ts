/** Names of stored tokens. */
import { tokenUrlOf } from "../http/token-url.ts";
import type { Connection } from "../provider.ts";

export { tokenUrlOf };

/**
 * The name that a credential's token is stored under: `provider:token URL:client:subject`, each
 * part percent-encoded. No part derives from a secret (rule T-07).
 */
export const storeKey = (provider: string, connection: Connection): string =>
  [provider, tokenUrlOf(connection), ...connection.identity].map(encodePart).join(":");

/** The part `latch` is encoded, since a key that ends in `:latch` is the latch's own. */
const encodePart = (part: string): string =>
  part === "latch" ? "%6Catch" : encodeURIComponent(part);
