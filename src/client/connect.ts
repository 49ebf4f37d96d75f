/** Makes a client's connection from its options. */
import { ConfigurationError } from "../errors.ts";
import { documentedUrl } from "../http/token-url.ts";
import { requireUrl, withoutTrailingSlashes } from "../parts/check-options.ts";
import { parseUrl } from "../platform/parse-url.ts";
import type { CommonUrls, Connection, Provider, ProviderMeta, ServerMeta } from "../provider.ts";

/**
 * The connection that the provider makes, with the URL of the token endpoint where that is not
 * below the base URL: the one that `connect` gives, or else the option `tokenUrl`, or else the one
 * in the vendor's document.
 * @throws ConfigurationError naming the option that is missing or not usable. A `baseUrl` of the
 *   caller's own needs a `tokenUrl` where the vendor's document has the token endpoint on another
 *   server: a test's secrets must not reach the vendor.
 */
export function connect<Options extends object>(
  provider: Pick<Provider<object, Options>, "connect" | "meta">,
  options: Options & CommonUrls,
): Connection {
  const connection = provider.connect(options);
  const { baseUrl, tokenOperation } = connection;
  const given = connection.tokenUrl ?? options.tokenUrl;
  const tokenUrl = given ?? documentedUrl(provider.meta, tokenOperation);
  if (tokenUrl === undefined) return connection;
  if (given === undefined && options.baseUrl !== undefined && !serverOf(provider.meta, baseUrl)) {
    throw new ConfigurationError({
      option: "tokenUrl",
      message:
        "Option `tokenUrl` is missing. The vendor's token endpoint is not below its API, so a `baseUrl` of your own needs it too.",
    });
  }
  requireUrl(tokenUrl, "tokenUrl", options.allowHttpHost);
  // Unlike in a base URL, a slash at the end counts.
  return { ...connection, tokenUrl: new URL(tokenUrl).href };
}

/** The document's server with this base URL. Undefined: the base URL is another one. */
export const serverOf = (meta: ProviderMeta, baseUrl: string): ServerMeta | undefined =>
  meta.servers.find(({ url }) => withoutTrailingSlashes(parseUrl(url)?.href ?? "") === baseUrl);
