/** Makes a client's connection from its options. */
import { documentedUrl } from "../http/token-url.ts";
import { refuseOption, requireUrl, withoutTrailingSlashes } from "../parts/check-options.ts";
import { parseUrl } from "../platform/parse-url.ts";
import type { CommonUrls, Connection, Provider, ProviderMeta, ServerMeta } from "../provider.ts";

/**
 * The connection that the provider makes, with the URL of the token endpoint where that is not
 * below the base URL: the option `tokenUrl`, or else what `connect` gives, or else the one in the
 * vendor's document.
 * @throws ConfigurationError naming the option that is missing or not usable. A `baseUrl` of the
 *   caller's own needs a `tokenUrl` where the token endpoint would have another origin: a test's
 *   secrets must not reach the vendor.
 */
export function connect<Options extends object>(
  provider: Pick<Provider<object, Options>, "connect" | "meta">,
  options: Options & CommonUrls,
): Connection {
  const { meta } = provider;
  const connection = provider.connect(options);
  const { baseUrl, tokenOperation } = connection;
  const tokenUrl = options.tokenUrl ?? connection.tokenUrl ?? documentedUrl(meta, tokenOperation);
  if (tokenUrl === undefined) return connection;
  requireUrl(tokenUrl, "tokenUrl", options.allowHttpHost);
  // Unlike in a base URL, a slash at the end counts.
  const { href, origin } = new URL(tokenUrl);
  const isOwn = options.baseUrl !== undefined && !serverOf(meta, baseUrl);
  if (isOwn && options.tokenUrl === undefined && origin !== new URL(baseUrl).origin)
    refuseOption(
      "tokenUrl",
      "is missing. The vendor's token endpoint is not below its API, so a `baseUrl` of your own needs it too.",
    );
  return { ...connection, tokenUrl: href };
}

/** The document's server with this base URL. Undefined: the base URL is another one. */
export const serverOf = (meta: ProviderMeta, baseUrl: string): ServerMeta | undefined =>
  meta.servers.find(({ url }) => withoutTrailingSlashes(parseUrl(url)?.href ?? "") === baseUrl);
