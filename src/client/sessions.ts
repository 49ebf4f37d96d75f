/**
 * Sessions of a client whose tokens belong to people: one token source for each person, and all of
 * them end with the client.
 */
import { ClosedError } from "../errors.ts";
import { requireText } from "../parts/check-options.ts";
import type { Connection, Provider } from "../provider.ts";
import type { Token } from "../token.ts";
import type { CloseOptions, TokenSource } from "../token-source.ts";
import type { BindingKey } from "../tokens/binding.ts";
import { close, requireWithin } from "./closing.ts";
import { createGrantedTokenSource, type GrantedTokenSource } from "./granted-token-source.ts";
import type { Runtime } from "./options.ts";
import { createPool, type Pool } from "./pool.ts";

/** What the client of one person is made of. */
export interface SessionParts {
  /** The name that the person's token is stored under. */
  readonly key: string;
  readonly connection: Connection;
  readonly source: GrantedTokenSource;
  /** The token source as the caller sees it. */
  readonly auth: TokenSource;
}

interface SessionsOptions<Session> {
  readonly provider: Provider<object, never>;
  readonly runtime: Runtime;
  /** Makes the connection of a person. */
  readonly connect: (key: string) => Connection;
  /** Makes the client of a person. */
  readonly open: (parts: SessionParts) => Session;
}

/** The sessions of one client. */
export class Sessions<Session> {
  readonly #options: SessionsOptions<Session>;
  readonly #sources: Pool<GrantedTokenSource>;
  readonly #exchanges = new Set<Promise<unknown>>();
  #closed = false;
  #ending: Promise<void> | undefined;

  constructor(options: SessionsOptions<Session>) {
    const { provider, runtime, connect } = options;
    this.#options = options;
    this.#sources = createPool((key) => createGrantedTokenSource(provider, connect(key), runtime));
  }

  /** @throws ClosedError once the client was closed */
  requireOpen(): void {
    const { name } = this.#options.provider;
    if (this.#closed)
      throw new ClosedError({ provider: name, message: `${name}: the client was closed.` });
  }

  /**
   * The client of a person. Two sessions of one key share one token source.
   * @throws ConfigurationError if the key is not a text
   */
  open(key: string): Session {
    const { connect, open } = this.#options;
    const source = this.#sources.get(requireText(key, "key"));
    const { getToken, explain, reset } = source;
    const auth: TokenSource = {
      getToken,
      explain,
      reset,
      close: (options) => this.#closeOne(key, source, options),
    };
    return open({ key, connection: connect(key), source, auth });
  }

  /**
   * Stores a new token of a person.
   * @param bindingKey see `GrantedTokenSource.adopt`
   */
  adopt(key: string, token: Token, bindingKey: BindingKey | undefined): Promise<void> {
    return this.#sources.get(key).adopt(token, "authorization_code", bindingKey);
  }

  /** Makes `close` wait for an exchange. */
  track<T>(exchange: Promise<T>): Promise<T> {
    this.#exchanges.add(exchange);
    return exchange.finally(() => this.#exchanges.delete(exchange));
  }

  /** Ends all sessions. @throws StoreError as `TokenSource.close` does */
  close(options?: CloseOptions): Promise<void> {
    const { provider, runtime } = this.#options;
    return close(options, {
      provider: provider.name,
      scheduler: runtime.scheduler,
      finish: () => (this.#ending ??= this.#end()),
      pending: () =>
        this.#exchanges.size > 0 || this.#sources.values().some(({ pending }) => pending),
    });
  }

  /**
   * Closes the source of one person. Until all work of the closed source has ended, sessions of the
   * key still get that source, even if the caller of `close` has stopped waiting. After that, a
   * session gets a new source.
   */
  async #closeOne(
    key: string,
    source: GrantedTokenSource,
    options: CloseOptions | undefined,
  ): Promise<void> {
    requireWithin(options);
    const drop = (): void => this.#sources.drop(key, source);
    source.finish().then(drop, drop);
    await source.close(options);
  }

  async #end(): Promise<void> {
    // First of all: an exchange that began now would bring a token that no session could take.
    this.#closed = true;
    await Promise.allSettled(this.#exchanges);
    const ends = await Promise.allSettled(this.#sources.values().map((source) => source.finish()));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
}
