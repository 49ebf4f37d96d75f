/** Puts a token source together: its store, its credentials, its requests, and its renewer. */
import { isRepeatable } from "../http/grants.ts";
import type { TokenEndpoint } from "../http/token-request.ts";
import { roomFor, sendWithRetries } from "../http/token-retry.ts";
import { requireTokenOptions } from "../parts/check-options.ts";
import type { Connection, Provider } from "../provider.ts";
import type { TokenSource } from "../token-source.ts";
import { RenewalCredentials } from "../tokens/renewal-credentials.ts";
import type { TokenRequester, TokenSourceSettings } from "../tokens/renewal-settings.ts";
import { SharedLatch } from "../tokens/shared-latch.ts";
import { createSoleRenewer } from "../tokens/sole-renewer.ts";
import { createStoreAccess } from "../tokens/store-access.ts";
import { storeKey } from "../tokens/store-key.ts";
import { RenewableTokenSource } from "../tokens/token-source.ts";
import { close } from "./closing.ts";
import type { Runtime } from "./options.ts";

/** What sends token requests to the endpoint of a connection. */
export function createTokenEndpoint(
  provider: Provider<object, never>,
  connection: Connection,
  runtime: Runtime,
): TokenEndpoint {
  return { ...runtime, provider, connection, monotonic: runtime.scheduler.monotonic };
}

/** The token source of a credential. @throws ConfigurationError */
export function createTokenSource(
  provider: Provider<object, never>,
  connection: Connection,
  runtime: Runtime,
): TokenSource {
  const source = new RenewableTokenSource(sourceSettings(provider, connection, runtime));
  return publicSource(source, provider.name, runtime);
}

/** What a token source is made of. @throws ConfigurationError */
export function sourceSettings(
  provider: Provider<object, never>,
  connection: Connection,
  runtime: Runtime,
): TokenSourceSettings {
  const { name } = provider;
  const { timeouts, scheduler, now, secrets, binds } = runtime;
  const key = storeKey(name, connection);
  const endpoint = createTokenEndpoint(provider, connection, runtime);
  const store = createStoreAccess(runtime.store, name, timeouts.attempt, scheduler);
  const grantsFor: NonNullable<Connection["grants"]> = (state) => connection.grants?.(state) ?? [];
  const login = grantsFor({ refreshToken: undefined, worked: () => false }).some(isRepeatable);
  const latch = { store, key, provider: name, consentOnly: !login, secrets, now };
  return {
    ...runtime,
    provider: name,
    key,
    store,
    login,
    grantsFor,
    createRenewer: (record, environment) =>
      runtime.store.renewer?.(record, environment) ?? createSoleRenewer(record, environment),
    credentials: new RenewalCredentials({ endpoint, connection, key, binds }),
    requests: createRequester(endpoint, runtime),
    sharedLatch: binds ? new SharedLatch(latch) : undefined,
    onToken: ({ accessToken, refreshToken }) => secrets.add(accessToken, refreshToken),
  };
}

/** What callers may do with a source. Its options and the caller's clock are checked here. */
export const publicSource = (
  source: RenewableTokenSource,
  provider: string,
  { scheduler, checkClock }: Pick<Runtime, "scheduler" | "checkClock">,
): TokenSource => ({
  async getToken(options) {
    checkClock();
    return source.getToken(requireTokenOptions(options));
  },
  async explain() {
    checkClock();
    return source.explain();
  },
  reset: () => source.reset(),
  close: (options) =>
    close(options, {
      provider,
      scheduler,
      finish: () => source.finish(),
      pending: () => source.pending,
    }),
});

const createRequester = (endpoint: TokenEndpoint, runtime: Runtime): TokenRequester => ({
  room: roomFor(runtime.timeouts),
  send: (request, grant, sending) =>
    sendWithRetries(request, grant, endpoint, { ...runtime, ...sending }),
});
