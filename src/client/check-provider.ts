/**
 * Checks of what the author of a provider may get wrong. The providers of this package pass them,
 * as a test makes sure. So `createGenLogsClient` and `createApinizerClient` do without them.
 */
import { ConfigurationError } from "../errors.ts";
import type { Connection, Provider } from "../provider.ts";

/**
 * Checks what the token requests of a provider need.
 * @param binds whether tokens are bound to credentials: they are if the client has a `store` option
 * @throws ConfigurationError
 */
export function requireTokenRequests(
  provider: Provider<object, never>,
  connection: Connection,
  binds: boolean,
): void {
  if (binds) requireCredentials(provider.name, connection);
  requireTokenOperation(provider, connection);
}

function requireCredentials(provider: string, { grants, credentials }: Connection): void {
  if (!grants || typeof credentials === "object") return;
  throw new ConfigurationError({
    provider,
    option: "store",
    message: `${provider}: a token in a store of your own is bound to the credentials that brought it, and the provider's \`connect\` gives no \`credentials\`. Add them to what it returns.`,
  });
}

/** A name that the document does not have would send the credentials to the wrong address. */
function requireTokenOperation(
  { name, meta }: Provider<object, never>,
  { tokenOperation }: Connection,
): void {
  if (meta.operations[tokenOperation] !== undefined) return;
  throw new ConfigurationError({
    provider: name,
    option: "tokenOperation",
    message: `${name}: the document has no operation "${tokenOperation}", which the provider's \`connect\` gives as \`tokenOperation\`. Write it as the document does: the method, a space and the path.`,
  });
}

/** A call whose security scheme is unknown would go out without credentials (rule T-22). */
export function requireSchemes({
  name,
  meta,
  tokenScheme,
}: Pick<Provider<object, never>, "name" | "meta" | "tokenScheme">): void {
  const known = Object.keys(meta.schemes);
  const require = (option: string, scheme: string): void => {
    if (known.includes(scheme)) return;
    throw new ConfigurationError({
      provider: name,
      option,
      message: `${name}: \`${option}\` is "${scheme}", and the spec has no such security scheme: it has ${known.join(", ")}.`,
    });
  };
  require("tokenScheme", tokenScheme);
  for (const scheme of meta.security) require("meta.security", scheme);
  for (const { security } of Object.values(meta.operations))
    for (const scheme of security) require("security", scheme);
}
