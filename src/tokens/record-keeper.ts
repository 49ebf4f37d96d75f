/**
 * One credential's record in the store: reading, compare-and-set, and what is still in memory only
 * (rules T-14 to T-17).
 */
import { useOf } from "./binding.ts";
import { StoreError } from "../errors.ts";
import type { StoreAccess } from "./store-access.ts";
import type { Intent, TokenRecord } from "./token-store.ts";
import type { Token } from "../token.ts";
import { isTokenRecord } from "./token-record.ts";

export interface Keeper {
  /** Whether the store can tell several processes apart. */
  readonly shared: boolean;
  /** The token that no store holds yet, because it failed. */
  readonly unsaved: Token | undefined;
  /** @throws StoreError */
  load(): Promise<TokenRecord | undefined>;
  /**
   * Writes a token. A failure is reported and not thrown: the token stays in memory, and `flush`
   * writes it later.
   * @param binding what the record carries; undefined where nothing is bound
   * @returns the token that holds now: this one, or one that somebody else stored meanwhile;
   *   undefined if somebody revoked it
   */
  keep(token: Token, origin: Origin, binding: string | undefined): Promise<Token | undefined>;
  /**
   * The newest of what this process got for the refresh token of this one, directly or by further
   * renewals.
   */
  successorOf(token: Token): Token | undefined;
  /** Writes what is unsaved. @returns the failure, which was reported */
  flush(): Promise<StoreError | undefined>;
  /**
   * Marks the record, unless the store holds another refresh token than the one that was refused,
   * or a record of other credentials: a refusal says nothing of these. @returns whether it holds
   * another one
   */
  markDead(sent: Token | undefined, binding: string | undefined): Promise<boolean>;
  /** Deletes the record, unless it is of other credentials. @throws StoreError */
  discard(binding: string | undefined): Promise<void>;
  /** Always true where the store is not shared. @throws StoreError */
  lease(owner: string, ms: number): Promise<boolean>;
  /** @throws StoreError */
  release(owner: string): Promise<void>;
  /**
   * Writes an intent to the record. @returns false if it is not the stored one any more. @throws
   * StoreError
   */
  declare(record: TokenRecord, intent: Intent): Promise<boolean>;
  /** Takes this owner's intent off the record. Best effort: one that stays is waited for. */
  withdraw(owner: string): Promise<void>;
}

/** Where a token comes from, which decides who is right when somebody else wrote meanwhile. */
export type Origin =
  /**
   * This refresh token: right as long as the store holds it still. A record that is gone was
   * revoked.
   */
  | { readonly sent: string }
  /** A login: the later one is right. */
  | "mint"
  /** A new consent takes the place of anything. */
  | "consent";

/** Another token, or none: the session was revoked. */
interface Displaced {
  readonly by: Token | undefined;
}

/** Times that another writer may come first before the store counts as broken. */
const ATTEMPTS = 10;
/** Used refresh tokens that are remembered, in case the store is set back to one of them. */
const REMEMBERED = 100;

interface Unsaved {
  readonly token: Token;
  readonly origin: Origin;
  readonly binding: string | undefined;
  /**
   * The generation it is to follow. Only `write` moves it on, once it has looked at what is stored.
   */
  readonly expected: number;
}

/** @param login whether there is a login, with which nothing of other credentials is taken */
export function createKeeper(
  store: StoreAccess,
  key: string,
  login: boolean,
  report: (error: StoreError) => void,
): Keeper {
  let generation = 0;
  let unsaved: Unsaved | undefined;
  let writing: Promise<StoreError | undefined> | undefined;
  /**
   * The refresh tokens that were used up here, one after another, and what was got for the last of
   * them.
   */
  let chain: { readonly spent: readonly string[]; readonly token: Token } | undefined;
  /** What somebody else did in place of the token that was to be written last. */
  let displaced: Displaced | undefined;
  const { shared } = store;

  async function load(): Promise<TokenRecord | undefined> {
    const record = await store.get(key);
    if (record !== undefined && !isTokenRecord(record))
      throw store.failure(key, "holds something that is no token record; nothing was overwritten");
    generation = record?.generation ?? 0;
    // Once somebody else has renewed, what this one got is used up as well.
    const known = [chain?.token.refreshToken, ...(chain?.spent ?? [])];
    if (record && !known.includes(record.token.refreshToken)) chain = undefined;
    return record;
  }

  async function set(record: Omit<TokenRecord, "generation">, expected: number): Promise<boolean> {
    const written = await store.set(key, record, expected);
    generation = written ?? generation;
    return written !== undefined;
  }

  async function write(): Promise<StoreError | undefined> {
    try {
      for (let tries = 0; unsaved; tries += 1) {
        if (tries === ATTEMPTS) throw store.failure(key, "refuses every compare-and-set");
        const { token, origin, binding, expected } = unsaved;
        const done = async (): Promise<boolean> => {
          if (await set({ token, ...(binding === undefined ? {} : { binding }) }, expected))
            return true;
          const stored = await load();
          const current = stored?.generation ?? 0;
          if (stored?.token.accessToken === token.accessToken) {
            // Written before, and this one was not told. Once more, lest it was not confirmed, with
            // what others put beside it.
            return set(withoutGeneration(stored), current);
          }
          if (
            stored
              ? isOvertaken(token, origin, stored) && useOf(stored, binding, login) !== "nothing"
              : shared && typeof origin === "object"
          ) {
            if (unsaved?.token === token) displaced = { by: stored?.token };
            return true;
          }
          if (unsaved?.token === token) unsaved = { ...unsaved, expected: current };
          return false;
        };
        // A consent may have come in its place meanwhile, and is written next.
        if ((await done()) && unsaved?.token === token) unsaved = undefined;
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      report(error);
      return error;
    }
  }

  const flush = (): Promise<StoreError | undefined> =>
    (writing ??= write().finally(() => {
      writing = undefined;
    }));

  return {
    shared,
    get unsaved() {
      return unsaved?.token;
    },
    load,
    async keep(token, origin, binding) {
      unsaved = { token, origin, binding, expected: generation };
      displaced = undefined;
      await flush();
      const instead = displaced as Displaced | undefined;
      chain =
        !instead && typeof origin === "object" && origin.sent !== token.refreshToken
          ? {
              spent: [...(chain?.spent ?? []), origin.sent]
                .filter((one) => one !== token.refreshToken)
                .slice(-REMEMBERED),
              token,
            }
          : undefined;
      return instead ? instead.by : token;
    },
    successorOf: ({ refreshToken }) =>
      refreshToken !== undefined && chain?.spent.includes(refreshToken) ? chain.token : undefined,
    flush,
    async markDead(sent, binding) {
      try {
        for (let tries = 0; tries < ATTEMPTS; tries += 1) {
          const stored = await load();
          const use = stored && useOf(stored, binding, login);
          if (!stored || use === "nothing") return false;
          if (stored.token.refreshToken !== sent?.refreshToken) return true;
          const { intent: _, ...rest } = withoutGeneration(stored);
          // Another process may save between the look and the mark: then the record is looked at
          // again.
          if (
            await set(
              use === "token" ? { ...rest, reauthorizationRequired: true } : rest,
              stored.generation,
            )
          )
            return false;
        }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        report(error);
      }
      return false;
    },
    async discard(binding) {
      unsaved = chain = undefined;
      await writing; // A write that is under way must not come after the deletion.
      const stored = await load().catch(() => undefined); // What cannot be read may be deleted.
      generation = 0;
      if (!stored || useOf(stored, binding, login) === "token") await store.delete(key);
    },
    lease: (owner, ms) => store.lease(key, owner, ms),
    release: (owner) => store.release(key, owner),
    declare: (record, intent) => set({ ...withoutGeneration(record), intent }, record.generation),
    async withdraw(owner) {
      try {
        const stored = await load();
        if (stored?.intent?.owner !== owner) return;
        const { intent: _, ...rest } = withoutGeneration(stored);
        await set(rest, stored.generation);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
      }
    },
  };
}

function withoutGeneration({
  generation: _,
  ...rest
}: TokenRecord): Omit<TokenRecord, "generation"> {
  return rest;
}

function isOvertaken(token: Token, origin: Origin, { token: stored }: TokenRecord): boolean {
  if (origin === "consent") return false;
  // Clocks of hosts differ: who has the successor of what is stored needs none.
  return origin === "mint"
    ? stored.issuedAt >= token.issuedAt
    : stored.refreshToken !== origin.sent;
}
