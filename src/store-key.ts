import type { Connection } from "./provider.ts";

/** `provider:token URL:client:subject`, each percent-encoded. Nothing in it derives from a secret (rule T-07). */
export function storeKey(provider: string, { baseUrl, tokenOperation, identity }: Connection): string {
  const tokenUrl = baseUrl + tokenOperation.slice(tokenOperation.indexOf("/"));
  return [provider, tokenUrl, ...identity].map(encodeURIComponent).join(":");
}
