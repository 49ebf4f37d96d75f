/** Puts API keys and tokens into the headers that the spec's security schemes name. */
import type { Connection, ProviderMeta } from "../provider.ts";
import type { Secret } from "../secret.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import { assertHeaderValue } from "./reveal-secret.ts";

interface ApiKeySource {
  readonly provider: { readonly meta: ProviderMeta };
  readonly connection: Pick<Connection, "apiKeys">;
  readonly secrets: KnownSecrets;
}

/** Sets the header of a security scheme. Does nothing if the spec does not have the scheme. */
export function setCredential(
  headers: Headers,
  scheme: ProviderMeta["schemes"][string] | undefined,
  value: string,
): void {
  if (scheme) headers.set(scheme.header, (scheme.prefix ?? "") + value);
}

/**
 * Sets the header of each of these security schemes for which the connection has an API key.
 * @param reveal calls a key that is given as a function; `option` is the name of the key's scheme
 * @returns the values of the keys that were set
 * @throws ConfigurationError if the function for a key fails, or a header cannot carry the key
 */
export async function setApiKeys(
  headers: Headers,
  schemes: readonly string[],
  { provider, connection, secrets }: ApiKeySource,
  reveal: (key: Secret, option: string) => Promise<string>,
): Promise<string[]> {
  const values: string[] = [];
  for (const scheme of schemes) {
    const key = connection.apiKeys?.[scheme];
    const target = provider.meta.schemes[scheme];
    if (key === undefined || target === undefined) continue;
    const value = typeof key === "string" ? key : await reveal(key, scheme);
    assertHeaderValue(value, scheme);
    secrets.addCredentials(value);
    setCredential(headers, target, value);
    values.push(value);
  }
  return values;
}
