/** Token sources that the authorization code flow fills. */
import type { Connection, Provider } from "../provider.ts";
import type { TokenSource } from "../token-source.ts";
import type { Token } from "../token.ts";
import type { BindingKey } from "../tokens/binding.ts";
import { GrantedSource } from "../tokens/granted-source.ts";
import { requireTokenRequests } from "./check-provider.ts";
import { publicSource, sourceSettings } from "./create-token-source.ts";
import type { Runtime } from "./options.ts";

/** A token source that the authorization code flow fills. */
export interface GrantedTokenSource extends TokenSource {
  /**
   * Takes over the token of a consent, in place of what is stored. The token is kept in memory if
   * it cannot be stored.
   * @param bindingKey the key of the credentials that brought it; undefined in a store of the
   *   client's own
   */
  adopt(token: Token, grant: string, bindingKey: BindingKey | undefined): Promise<void>;
  /** Forgets the token, stored or not. @throws StoreError */
  forget(): Promise<void>;
  /**
   * What `close` waits for, however long that takes. Keeps no process alive. @throws StoreError as
   * `close` does
   */
  finish(): Promise<void>;
  /** Whether a request or a save is under way, or a token is in memory only. */
  readonly pending: boolean;
}

/** @throws ConfigurationError */
export function createGrantedTokenSource(
  provider: Provider<object, never>,
  connection: Connection,
  runtime: Runtime,
): GrantedTokenSource {
  requireTokenRequests(provider, connection, runtime.binds);
  const source = new GrantedSource(sourceSettings(provider, connection, runtime));
  const granted: GrantedTokenSource = {
    ...publicSource(source, provider.name, runtime),
    adopt: (token, grant, bindingKey) => source.adopt(token, grant, bindingKey),
    forget: () => source.forget(),
    finish: () => source.finish(),
    get pending() {
      return source.pending;
    },
  };
  source.holder = granted;
  return granted;
}
