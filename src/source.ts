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

export interface TokenSource {
  /** @throws CorrigendaError; the signal's reason when it aborts */
  getToken(options?: GetTokenOptions): Promise<Token>;
  /** What is known of the token, without any secret. Sends nothing. */
  explain(): Promise<Explanation>;
  /** Forgets every failure and what was learnt, and reads the token from the store again. */
  reset(): void;
  /** Ends the source. Waits for a request that is under way, since its answer may be the only copy of a token. */
  close(): Promise<void>;
}

/** What the authorization code flow needs besides. */
export interface GrantedTokenSource extends TokenSource {
  /** Takes over a token that was obtained outside, in place of what is stored. Kept in memory if it cannot be stored. `bindingKey`: of the credentials that brought it, where the store is not the client's own. */
  adopt(token: Token, grant: string, bindingKey: BindingKey | undefined): Promise<void>;
  /** Forgets the token, stored or not. @throws StoreError */
  forget(): Promise<void>;
}
