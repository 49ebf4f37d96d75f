/**
 * The record of one credential in the store: reading it, compare-and-set, and the unsaved token,
 * which stays in memory after the store failed to save it (rules T-14 to T-17).
 */
import { StoreError } from "../errors.ts";
import type { Token } from "../token.ts";
import type { RecordAccess } from "./renewer.ts";
import type { StoreAccess } from "./store-access.ts";
import type { Intent, TokenRecord } from "./token-store.ts";
import { isOvertaken, TokenSuccession, type SaveRule } from "./token-succession.ts";

/** What a record may be used for by the credentials of this client (rule T-07). */
export type Use =
  /** Its token may be served. */
  | "token"
  /**
   * Its access token is not served. Its refresh token may be sent, and the token that it brings may
   * be served.
   */
  | "refresh"
  | "nothing";

/** The most attempts of a write, after which the store counts as broken. */
const ATTEMPTS = 10;

interface Unsaved {
  readonly token: Token;
  readonly rule: SaveRule;
  readonly binding: string | undefined;
  /** The generation that the write replaces. */
  readonly expected: number;
}

interface Settings {
  readonly store: StoreAccess;
  readonly key: string;
  /** Whether the credentials can log in, so that a record of other credentials is not needed. */
  readonly login: boolean;
  /** Is told of each write that failed. */
  readonly report: (error: StoreError) => void;
}

export class CredentialRecord implements RecordAccess {
  readonly key: string;
  /** Whether other clients may write the record. */
  readonly shared: boolean;
  readonly #store: StoreAccess;
  readonly #login: boolean;
  readonly #report: (error: StoreError) => void;
  readonly #succession = new TokenSuccession();
  #generation = 0;
  #unsaved: Unsaved | undefined;
  #writing: Promise<StoreError | undefined> | undefined;
  /**
   * What the store holds instead of the token that `save` got last: the token of another client, or
   * nothing, because the session was revoked. Undefined if that token was not displaced.
   */
  #displaced: { readonly by: Token | undefined } | undefined;

  constructor({ store, key, login, report }: Settings) {
    this.key = key;
    this.shared = store.shared;
    this.#store = store;
    this.#login = login;
    this.#report = report;
  }

  /** The token that is in memory and not in the store. */
  get unsaved(): Token | undefined {
    return this.#unsaved?.token;
  }

  get hasUnsaved(): boolean {
    return this.#unsaved !== undefined;
  }

  /** @throws StoreError */
  async load(): Promise<TokenRecord | undefined> {
    const record = await this.#store.getRecord(this.key);
    this.#generation = record?.generation ?? 0;
    if (record) this.#succession.saw(record.token);
    return record;
  }

  /**
   * What the credentials of this client may do with a record.
   * @param binding the binding of these credentials; undefined in a store of the client's own,
   *   where nothing is bound
   */
  useOf(record: Pick<TokenRecord, "binding">, binding: string | undefined): Use {
    if (binding === undefined || record.binding === binding) return "token";
    if (this.#login) return "nothing";
    // An earlier version wrote no binding. The next renewal writes one.
    return record.binding === undefined ? "token" : "refresh";
  }

  /**
   * Saves a token. A failure is reported and not thrown: the token stays in memory, and `flush`
   * writes it later.
   * @returns the token to use from now on: this one, or one that another client stored meanwhile;
   *   undefined if the session was revoked
   */
  async save(
    token: Token,
    rule: SaveRule,
    binding: string | undefined,
  ): Promise<Token | undefined> {
    this.#unsaved = { token, rule, binding, expected: this.#generation };
    this.#displaced = undefined;
    await this.flush();
    const displaced = this.#displaced as { readonly by: Token | undefined } | undefined;
    this.#succession.saved(token, displaced || typeof rule === "string" ? undefined : rule.sent);
    return displaced ? displaced.by : token;
  }

  /** The newest token that this process got, if the store was set back to a predecessor of it. */
  successorOf(token: Token): Token | undefined {
    return this.#succession.successorOf(token);
  }

  /**
   * Writes the unsaved token, if there is one.
   * @returns the failure, which has been reported; undefined if the write succeeded
   */
  flush(): Promise<StoreError | undefined> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /**
   * Marks the record with `reauthorizationRequired`, unless the store holds another refresh token
   * than the refused one, or a record of other credentials, about which the refusal says nothing.
   * @param sent the token whose refresh token was refused
   * @returns whether the store holds another refresh token
   */
  async markDead(sent: Token | undefined, binding: string | undefined): Promise<boolean> {
    try {
      for (let tries = 0; tries < ATTEMPTS; tries += 1) {
        const stored = await this.load();
        const use = stored && this.useOf(stored, binding);
        if (!stored || use === "nothing") return false;
        if (stored.token.refreshToken !== sent?.refreshToken) return true;
        const { intent: _, ...rest } = withoutGeneration(stored);
        const marked = use === "token" ? { ...rest, reauthorizationRequired: true as const } : rest;
        // If another client has saved since the record was read, the record is read again.
        if (await this.#set(marked, stored.generation)) return false;
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#report(error);
    }
    return false;
  }

  /** Deletes the record, unless it belongs to other credentials. @throws StoreError */
  async discard(binding: string | undefined): Promise<void> {
    this.#unsaved = undefined;
    this.#succession.end();
    await this.#writing; // A write that is under way must not come after the deletion.
    const stored = await this.load().catch(() => undefined); // A damaged record may be deleted.
    this.#generation = 0;
    if (!stored || this.useOf(stored, binding) === "token") await this.#store.delete(this.key);
  }

  writeIntent(record: TokenRecord, intent: Intent): Promise<boolean> {
    return this.#set({ ...withoutGeneration(record), intent }, record.generation);
  }

  async removeIntent(owner: string): Promise<void> {
    try {
      const stored = await this.load();
      if (stored?.intent?.owner !== owner) return;
      const { intent: _, ...rest } = withoutGeneration(stored);
      await this.#set(rest, stored.generation);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  guard<T>(operation: () => Promise<T>): Promise<T> {
    return this.#store.guard(this.key, operation);
  }

  async #set(record: Omit<TokenRecord, "generation">, expected: number): Promise<boolean> {
    const written = await this.#store.set(this.key, record, expected);
    this.#generation = written ?? this.#generation;
    return written !== undefined;
  }

  async #write(): Promise<StoreError | undefined> {
    try {
      for (let tries = 0; this.#unsaved; tries += 1) {
        if (tries === ATTEMPTS)
          throw this.#store.failure(this.key, "refuses every compare-and-set");
        const unsaved = this.#unsaved;
        const done = await this.#tryWrite(unsaved);
        // Meanwhile `save` may have replaced it by the token of a consent, which is written next.
        if (done && this.unsaved === unsaved.token) this.#unsaved = undefined;
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#report(error);
      return error;
    }
  }

  /** @returns whether the token needs no further write: it was written, or it was displaced */
  async #tryWrite({ token, rule, binding, expected }: Unsaved): Promise<boolean> {
    const record = { token, ...(binding === undefined ? {} : { binding }) };
    if (await this.#set(record, expected)) return true;
    const stored = await this.load();
    const current = stored?.generation ?? 0;
    // An earlier attempt wrote this token, but the store's answer was lost, or the store did not
    // confirm the write. So the record is written again, with what other clients added to it.
    if (stored?.token.accessToken === token.accessToken)
      return this.#set(withoutGeneration(stored), current);
    const displaced = stored
      ? isOvertaken(token, rule, stored) && this.useOf(stored, binding) !== "nothing"
      : this.shared && typeof rule === "object";
    if (this.unsaved === token) {
      if (displaced) this.#displaced = { by: stored?.token };
      else this.#unsaved = { token, rule, binding, expected: current };
    }
    return displaced;
  }
}

function withoutGeneration({
  generation: _,
  ...rest
}: TokenRecord): Omit<TokenRecord, "generation"> {
  return rest;
}
