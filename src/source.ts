/** What the rest of the package knows of a token source. */
import type { BindingKey } from "./binding.ts";
import type { Explanation } from "./explanation.ts";
import type { Token } from "./token.ts";

export interface GetTokenOptions {
  /** The token that the vendor just refused. It is renewed, unless a newer one is there already. */
  readonly rejected?: Token | undefined;
  /** Seconds for which the token is needed; one that is nearer to its end is renewed first. */
  readonly minTtl?: number | undefined;
  /** Detaches this caller, and nobody else. */
  readonly signal?: AbortSignal | null | undefined;
}

export interface CloseOptions {
  /**
   * ms after which `close` gives up waiting. By default it waits for as long as the requests and
   * the store may take: see `timeouts`.
   */
  readonly within?: number | undefined;
}

export interface TokenSource {
  /** @throws CorrigendaError; the signal's reason when it aborts */
  getToken(options?: GetTokenOptions): Promise<Token>;
  /** What is known of the token, without any secret. Sends nothing. */
  explain(): Promise<Explanation>;
  /** Forgets every failure and what was learnt, and reads the token from the store again. */
  reset(): void;
  /**
   * Ends the source. Waits for a token request that is under way, since its answer may be the only
   * copy of a token, and for what is being saved; keeps the process alive meanwhile. API calls are
   * not waited for: they end by themselves, and a 401 among their answers is returned. A second
   * call does nothing more, and has the same outcome.
   * @throws StoreError if the newest token could not be saved, or, with the code `gave_up`, if it
   *   is not known by then whether it is: the request goes on until its own deadline, and its
   *   connection may keep the process alive until then
   */
  close(options?: CloseOptions): Promise<void>;
}

/** What the authorization code flow needs besides. */
export interface GrantedTokenSource extends TokenSource {
  /**
   * Takes over a token that was obtained outside, in place of what is stored. Kept in memory if it
   * cannot be stored. `bindingKey`: of the credentials that brought it, where the store is not the
   * client's own.
   */
  adopt(token: Token, grant: string, bindingKey: BindingKey | undefined): Promise<void>;
  /** Forgets the token, stored or not. @throws StoreError */
  forget(): Promise<void>;
  /**
   * What `close` waits for, however long that takes. Keeps no process alive. @throws StoreError as
   * `close`
   */
  finish(): Promise<void>;
  /** Whether a request or a save is under way, or a token is in memory only. */
  readonly pending: boolean;
}
