/**
 * What every token store has to keep to, tied to no test runner: `for (const { name, run } of
 * storeContract(open)) test(name, run);`
 */
import { latchKeyOf } from "../tokens/latch-key.ts";
import type {
  LeasedTokenStore,
  SharedTokenStore,
  TokenRecord,
  TokenStore,
} from "../tokens/token-store.ts";

export interface StoreCheck {
  readonly name: string;
  /** Rejects with what is wrong. */
  run(): Promise<void>;
}

export interface StoreContractOptions {
  /**
   * False: the store serves one process at a time, and has neither leases nor `list`. True when
   * absent.
   */
  readonly shared?: boolean;
}

/**
 * @param open a store on the same data every time, as another process would open it. It needs not
 *   be empty: keys are random, and deleted in the end
 */
export function storeContract(
  open: () => TokenStore | Promise<TokenStore>,
  { shared = true }: StoreContractOptions = {},
): readonly StoreCheck[] {
  const check = (name: string, body: (bench: Bench) => Promise<void>): StoreCheck => ({
    name,
    async run() {
      const bench = createBench(await open(), await open(), shared);
      try {
        await body(bench);
      } finally {
        await bench.tidy();
      }
    },
  });
  return [
    check("a key that was never written holds nothing", async ({ here, key }) =>
      same(await here.get(key()), undefined, "get"),
    ),

    check("what is written is read, as a whole and by everybody", async ({ here, there, key }) => {
      for (const record of [
        plain(),
        full(),
        { ...plain(), token: { ...plain().token, accessToken: "x".repeat(100_000) } },
      ]) {
        const name = key();
        same(await here.set(name, record, 0), true, "set of a new key");
        same(await here.get(name), record, "get");
        same(await there.get(name), record, "get by another handle");
      }
    }),

    check(
      "compare-and-set: only who knows the generation may write",
      async ({ here, there, key }) => {
        const name = key();
        same(await here.set(name, plain(7), 3), false, "set with a generation that nobody wrote");
        same(await here.get(name), undefined, "get after a set that was refused");
        same(await here.set(name, plain(7), 0), true, "set of a new key");
        same(await there.set(name, plain(8), 0), false, "set as if the key were new");
        same(await there.set(name, plain(8), 6), false, "set with an old generation");
        same(await here.get(name), plain(7), "get after sets that were refused");
        same(await there.set(name, plain(8), 7), true, "set with the generation");
        same(await here.set(name, plain(9), 7), false, "set with the generation of before");
        same(await here.get(name), plain(8), "get");
        // An intent is one more write, and a generation need not be the next number.
        same(await here.set(name, full(2 ** 40), 8), true, "set to a far generation");
        same(await there.get(name), full(2 ** 40), "get of a far generation");
      },
    ),

    check("of many writers at once, one writes", async ({ here, there, key }) => {
      const name = key();
      for (let generation = 0; generation < 5; generation += 1) {
        const written = await Promise.all(
          Array.from({ length: 16 }, (_, i) =>
            (i % 2 === 0 ? here : there).set(
              name,
              { ...plain(generation + 1), token: { ...plain().token, accessToken: `writer-${i}` } },
              generation,
            ),
          ),
        );
        same(
          written.filter(Boolean).length,
          1,
          `writers who were told that they wrote generation ${generation + 1}`,
        );
        same(
          (await here.get(name))?.token.accessToken,
          `writer-${written.indexOf(true)}`,
          "the token of the writer who was told so",
        );
      }
    }),

    check(
      "what is deleted is gone for everybody, and may come again",
      async ({ here, there, key }) => {
        const name = key();
        await here.delete(name);
        await here.set(name, plain(5), 0);
        await there.delete(name);
        same(await here.get(name), undefined, "get after delete");
        same(
          await here.set(name, plain(6), 5),
          false,
          "set with the generation of what was deleted",
        );
        same(await here.set(name, plain(1), 0), true, "set as a new key");
        same(await there.get(name), plain(1), "get");
      },
    ),

    check("keys are kept apart, whatever they look like", async ({ here, key }) => {
      const base = key();
      const names = [
        "",
        ":a",
        "a",
        "{a}",
        "{",
        "}",
        "{}",
        "a}b{c",
        "%7B",
        "*",
        "[a]",
        "\\",
        "/../a",
        " ",
        "ä😀",
        "\u0000",
        "__proto__",
        "x".repeat(1000),
      ].map((ending) => key(base + ending));
      for (const [i, name] of names.entries())
        same(await here.set(name, plain(i + 1), 0), true, `set of ${JSON.stringify(name)}`);
      for (const [i, name] of names.entries())
        same(await here.get(name), plain(i + 1), `get of ${JSON.stringify(name)}`);
      if (shared) same((await listOf(here, names)).sort(), [...names].sort(), "list");
      for (const name of names) await here.delete(name);
      if (shared) same(await listOf(here, names), [], "list after delete");
    }),

    check("a latch is kept beside its key, and deleted with it", async ({ here, there, key }) => {
      const name = key();
      const place = latchKeyOf(name);
      // As a record, since a store keeps what it is given.
      const latch = (generation: number): TokenRecord =>
        ({
          generation,
          latch: [
            { tag: "fake-tag", status: 401, code: "invalid_client", until: 1_700_000_000_000 },
          ],
        }) as unknown as TokenRecord;
      const written = await here.set(place, latch(3), 0).catch(() => "rejected");
      if (written === "rejected") return; // Allowed: each client remembers by itself.
      same(written, true, "set of a latch");
      same(await there.get(place), latch(3), "get of a latch");
      same(await here.get(name), undefined, "get of a key that has a latch only");
      same(await here.set(name, plain(1), 0), true, "set of a key that has a latch");
      same(await there.set(place, latch(4), 3), true, "set of a latch, with its generation");
      same(
        await here.set(place, latch(5), 3),
        false,
        "set of a latch, with the generation of before",
      );
      if (shared) same(await listOf(here, [name, place]), [name], "list");
      await here.delete(place);
      same(await there.get(place), undefined, "get of a latch that was deleted");
      same(await there.get(name), plain(1), "get of a key whose latch was deleted");
      same(await there.set(place, latch(4), 0), true, "set of a latch that was deleted");
      await here.delete(name);
      same(await there.get(place), undefined, "get of a latch after its key was deleted");
      same(await there.set(place, latch(1), 0), true, "set of a latch as a new one");
      if (shared)
        same(await listOf(here, [name, place]), [], "list of a key that has a latch only");
    }),

    ...(!shared
      ? []
      : [
          check(
            "a lease has one owner, who may prolong it and give it back",
            async ({ here, there, key }) => {
              const [name, other] = [key(), key()];
              same(await here.lease(name, "a", 60_000), true, "lease of a");
              same(await there.lease(name, "b", 60_000), false, "lease of b meanwhile");
              same(await there.lease(other, "b", 60_000), true, "lease of b on another key");
              same(await here.lease(name, "a", 60_000), true, "lease of a once more");
              await there.release(name, "b");
              same(
                await there.lease(name, "b", 60_000),
                false,
                "lease of b after it gave back what it did not have",
              );
              await here.release(name, "a");
              same(await there.lease(name, "b", 60_000), true, "lease of b after a gave it back");
              await there.release(name, "b");
              await there.release(other, "b");
              same(await here.get(name), undefined, "get of a key that has leases only");
            },
          ),

          check(
            "a lease ends by itself, and not before; prolonging starts it anew",
            async ({ here, there, key }) => {
              const [short, long] = [key(), key()];
              same(await here.lease(short, "a", 60_000), true, "lease");
              same(
                await here.lease(short, "a", 50),
                true,
                "lease, prolonged by less than was left",
              );
              same(await here.lease(long, "a", 50), true, "lease");
              same(await here.lease(long, "a", 60_000), true, "lease, prolonged");
              await new Promise((resolve) => setTimeout(resolve, 150));
              same(await there.lease(short, "b", 60_000), true, "lease of b after a's has ended");
              same(await there.lease(long, "b", 60_000), false, "lease of b while a's has not");
              same(await here.lease(short, "a", 60_000), false, "lease of a, who came back late");
              await here.release(short, "a");
              same(
                await here.lease(short, "c", 60_000),
                false,
                "lease of c, after a gave back what it had lost",
              );
              await there.release(short, "b");
              await here.release(long, "a");
            },
          ),

          check("of many at once, one gets the lease", async ({ here, there, key }) => {
            for (let round = 0; round < 5; round += 1) {
              const name = key();
              const taken = await Promise.all(
                Array.from({ length: 16 }, (_, i) =>
                  (i % 2 === 0 ? here : there).lease(name, `owner-${i}`, 60_000),
                ),
              );
              same(
                taken.filter(Boolean).length,
                1,
                "owners who were told that they have the lease",
              );
              await here.release(name, `owner-${taken.indexOf(true)}`);
            }
          }),
        ]),
  ];
}

interface Bench {
  readonly here: SharedTokenStore;
  readonly there: SharedTokenStore;
  /** A key that nobody has used. */
  key(name?: string): string;
  tidy(): Promise<void>;
}

function createBench(here: TokenStore, there: TokenStore, shared: boolean): Bench {
  for (const method of shared ? (["lease", "release", "list"] as const) : []) {
    if (typeof (here as Partial<LeasedTokenStore>)[method] !== "function")
      throw new Error(
        `the store has no \`${method}\`: for a store that serves one process, give { shared: false }`,
      );
  }
  const keys: string[] = [];
  return {
    here: here as SharedTokenStore,
    there: there as SharedTokenStore,
    key(name = `contract:${crypto.randomUUID()}`) {
      keys.push(name);
      return name;
    },
    async tidy() {
      for (const key of keys) await here.delete(key);
    },
  };
}

const plain = (generation = 1): TokenRecord => ({
  generation,
  token: { accessToken: "fake-access-token", tokenType: "Bearer", issuedAt: 1_700_000_000_000 },
});
const full = (generation = 1): TokenRecord => ({
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

const listOf = async (store: SharedTokenStore, wanted: readonly string[]): Promise<string[]> =>
  (await store.list())
    .flatMap((entry) => (typeof entry === "string" ? [entry] : "key" in entry ? [entry.key] : []))
    .filter((key) => wanted.includes(key));

/** Compared as JSON with the members in order; undefined members count as absent. */
function same(actual: unknown, expected: unknown, what: string): void {
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
