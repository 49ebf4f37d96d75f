import { bindingKeyOf } from "../tokens/binding.ts";
import type { CommonUrls, Provider } from "../provider.ts";
import { createReveal } from "../http/reveal-secret.ts";
import { storeKey } from "../tokens/store-key.ts";
import { partOf } from "../tokens/latch-key.ts";
import type { TokenStore } from "../tokens/token-store.ts";
import type { Token } from "../token.ts";

/**
 * A store for a client that starts with a token. It holds that token as a client with these options
 * would have stored it, and ignores what is written.
 * @param options of the client
 * @throws ConfigurationError if the provider refuses the options
 * @example
 * const store = storeHolding(genlogs, { apiKey, email, password }, token);
 * const client = createGenLogsClient({ apiKey, email, password, store });
 */
export function storeHolding<Options extends object>(
  provider: Provider<object, Options>,
  options: Options & CommonUrls,
  token: Token,
): TokenStore {
  const connection = provider.connect(options);
  const binding = async (): Promise<string> =>
    (await bindingKeyOf(provider.name, connection, createReveal(connection.credentials))).bindingOf(
      storeKey(provider.name, connection),
    );
  return {
    get: async (key) =>
      partOf(key).part === "latch" ? undefined : { generation: 1, token, binding: await binding() },
    set: async () => true,
    delete: async () => undefined,
  };
}
