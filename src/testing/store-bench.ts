/** What the checks of a store work with: two handles on the same data, keys, and records. */
import type { LeasedTokenStore, TokenRecord, TokenStore } from "../tokens/token-store.ts";

export interface Bench {
  readonly here: LeasedTokenStore;
  /** Another handle on the same data, as another process opens it. */
  readonly there: LeasedTokenStore;
  /** Whether the store has leases and `list`. */
  readonly shared: boolean;
  /** A key that is not used yet. Its record is deleted at the end of the check. */
  key(name?: string): string;
  /** Deletes the records of all keys. */
  tidy(): Promise<void>;
}

/** A check that is run with a bench. */
export interface Check {
  readonly name: string;
  readonly body: (bench: Bench) => Promise<void>;
}

/** @throws Error if a shared store lacks a method */
export function createBench(here: TokenStore, there: TokenStore, shared: boolean): Bench {
  for (const method of shared ? (["lease", "release", "list"] as const) : []) {
    if (typeof (here as Partial<LeasedTokenStore>)[method] !== "function")
      throw new Error(
        `The store has no \`${method}\`. For a store that serves one process, give { shared: false }.`,
      );
  }
  const keys: string[] = [];
  return {
    here: here as LeasedTokenStore,
    there: there as LeasedTokenStore,
    shared,
    key(name = `contract:${crypto.randomUUID()}`) {
      keys.push(name);
      return name;
    },
    async tidy() {
      for (const key of keys) await here.delete(key);
    },
  };
}

/** A record with the required members only. */
export const plain = (generation = 1, accessToken = "fake-access-token"): TokenRecord => ({
  generation,
  token: { accessToken, tokenType: "Bearer", issuedAt: 1_700_000_000_000 },
});

/** A record with every member. */
export const full = (generation = 1): TokenRecord => ({
  generation,
  token: {
    accessToken: "fake-access-token",
    tokenType: "Bearer",
    issuedAt: 1_700_000_000_000.5,
    expiresAt: 1_700_003_600_000,
    refreshToken: 'fake "refresh" \\ token é😀',
    refreshExpiresAt: 1_800_000_000_000,
    scope: ["a", "b"],
  },
  reauthorizationRequired: true,
  intent: { refreshTokenHash: "hash", owner: "host/1/2/3", at: 1_700_000_000_001 },
  binding: "fake-binding",
});

/** Those of the wanted keys that the store lists. */
export const listOf = async (
  store: LeasedTokenStore,
  wanted: readonly string[],
): Promise<string[]> =>
  (await store.list())
    .flatMap((entry) => (typeof entry === "string" ? [entry] : "key" in entry ? [entry.key] : []))
    .filter((key) => wanted.includes(key));

/**
 * Compares two values as JSON, whatever the order of their members. An undefined member counts as
 * absent.
 * @throws Error that names the difference
 */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [is, shouldBe] = [canonical(actual), canonical(expected)];
  if (is !== shouldBe) throw new Error(`${what}: expected ${short(shouldBe)}, got ${short(is)}`);
}

const canonical = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

const short = (text = "undefined"): string =>
  text.length > 300 ? `${text.slice(0, 300)}...` : text;
