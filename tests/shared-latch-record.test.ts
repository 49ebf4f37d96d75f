/**
 * T-10, T-11, T-20: what forbids a token request for a time, in memory and in the store. The store
 * and the clock belong to the test.
 */
import {
  CredentialsError,
  RateLimitError,
  ReauthorizationRequiredError,
  ServerError,
  StoreError,
} from "../src/errors.ts";
import { latchKeyOf, partOf } from "../src/tokens/latch-key.ts";
import { Latch } from "../src/tokens/latch.ts";
import { SharedLatch } from "../src/tokens/shared-latch.ts";
import { createStoreAccess } from "../src/tokens/store-access.ts";
import type { LatchEntry, LatchRecord, TokenStore } from "../src/tokens/token-store.ts";
import { failure } from "./support/clients.ts";
import { createManualClock } from "./support/manual-clock.ts";

const LONGEST = 15 * 60_000;
const refusal = new CredentialsError({ provider: "vendor", message: "refused", status: 401 });
const limit = (retryAt?: number): RateLimitError =>
  new RateLimitError({ message: "slow down", ...(retryAt === undefined ? {} : { retryAt }) });

describe("T-10 the latch in memory", () => {
  test("forbids the refused credentials, and no others, until its end", () => {
    let now = 1000;
    const latch = new Latch(() => now);
    expect(latch.forbids("mine")).toBeUndefined();
    expect(latch.note(refusal, "mine", 2000)).toBe(true);
    expect([latch.forbids("mine"), latch.forbids("other")]).toEqual([refusal, undefined]);
    expect([latch.remembers("mine"), latch.remembers("other")]).toEqual([true, false]);
    now = 1999;
    expect(latch.forbids("mine")).toBe(refusal);
    now = 2000;
    expect(latch.forbids("mine")).toBeUndefined();
    expect(latch.remembers("mine")).toBe(true);
  });

  test("does not become longer when the clock is set back", () => {
    let now = 1000;
    const latch = new Latch(() => now);
    latch.note(refusal, "mine", 2000);
    now = 999;
    expect(latch.forbids("mine")).toBeUndefined();
    expect(latch.explain()).toEqual({});
  });

  test("T-11 a rate limit forbids every request until its time, and is no refusal", () => {
    let now = 1000;
    const latch = new Latch(() => now);
    expect(latch.isLimited).toBe(false);
    const error = limit(2000);
    expect(latch.note(error, "mine", 9000)).toBe(false);
    expect([latch.forbids("mine"), latch.forbids("other"), latch.isLimited]).toEqual([
      error,
      error,
      true,
    ]);
    expect(latch.remembers("mine")).toBe(false);
    expect(latch.explain()).toEqual({ retryAt: 2000 });
    now = 2000;
    expect([latch.forbids("mine"), latch.isLimited]).toEqual([undefined, false]);
    expect(latch.note(limit(), "mine", 9000)).toBe(false);
    expect(latch.isLimited).toBe(false);
  });

  test("a refusal comes before a rate limit; other errors latch nothing", () => {
    const latch = new Latch(() => 1000);
    expect(latch.note(new ServerError({ message: "down" }), "mine", 2000)).toBe(false);
    expect(latch.forbids("mine")).toBeUndefined();
    latch.note(limit(3000), "mine", 0);
    latch.note(refusal, "mine", 2000);
    expect(latch.forbids("mine")).toBe(refusal);
    expect(latch.explain()).toEqual({
      latch: { kind: "credentials", reason: "refused", until: 2000 },
      retryAt: 3000,
    });
    latch.clear();
    expect([latch.forbids("mine"), latch.remembers("mine"), latch.explain()]).toEqual([
      undefined,
      false,
      {},
    ]);
  });
});

const KEY = "vendor:key";
interface Setup {
  content?: unknown;
  consentOnly?: boolean;
  secrets?: readonly string[];
  /** Is called before the n-th read and write, counted from 1. */
  beforeGet?: (n: number) => void;
  beforeSet?: (n: number) => void;
}
function createShared(setup: Setup = {}) {
  const clock = createManualClock();
  const store = { content: setup.content as LatchRecord | undefined };
  const log: string[] = [];
  let [reads, writes] = [0, 0];
  const memory: TokenStore = {
    async get(key) {
      log.push(`get ${key}`);
      setup.beforeGet?.((reads += 1));
      return store.content as never;
    },
    async set(key, record, expected) {
      log.push(`set ${key} over ${expected}`);
      setup.beforeSet?.((writes += 1));
      if ((store.content?.generation ?? 0) !== expected) return false;
      store.content = record as never;
      return true;
    },
    async delete(key) {
      log.push(`delete ${key}`);
      store.content = undefined;
    },
  };
  const latch = new SharedLatch({
    store: createStoreAccess(memory, "vendor", 10_000, clock.scheduler),
    key: KEY,
    provider: "vendor",
    consentOnly: setup.consentOnly ?? false,
    secrets: setup.secrets ?? [],
    now: clock.now,
  });
  const entry = (tag: string, left = 1000, more: Partial<LatchEntry> = {}): LatchEntry => ({
    tag,
    until: clock.now() + left,
    ...more,
  });
  const put = (content: object): void => {
    store.content = { generation: 5, latch: [], ...content };
  };
  return { latch, clock, store, log, entry, put };
}
const down = new StoreError({ message: "down", provider: "vendor" });

describe("T-10 the latch in the store", () => {
  test("has a key of its own beside the token's", async () => {
    const { latch, log, clock } = createShared();
    await latch.add("tag", refusal, clock.now() + 1000);
    expect(log).toEqual([`get ${KEY}:latch`, `set ${KEY}:latch over 0`]);
    expect(latchKeyOf(KEY)).toBe("vendor:key:latch");
    expect(partOf("vendor:key:latch")).toEqual({ key: KEY, part: "latch" });
    expect(partOf(KEY)).toEqual({ key: KEY, part: "token" });
  });

  test("says what is noted of these credentials, and of no others", async () => {
    const { latch, entry, put, clock } = createShared();
    put({ latch: [entry("other"), entry("tag", 1000, { status: 401, code: "bad" })] });
    const { refusal: found, ...rest } = await latch.read("tag");
    expect(found?.until).toBe(clock.now() + 1000);
    expect(found?.error).toBeInstanceOf(CredentialsError);
    expect(found?.error).toMatchObject({
      kind: "credentials",
      provider: "vendor",
      status: 401,
      vendorCode: "bad",
      message: expect.stringMatching(/ \(401, bad\), .* before 2026-01-01T00:00:01.000Z/),
    });
    expect(rest).toEqual({ noted: true, renewals: [] });
    expect(await latch.read("unknown")).toEqual({ refusal: undefined, noted: false, renewals: [] });
  });

  test("a refusal that says neither status nor code", async () => {
    const { latch, entry, put } = createShared();
    put({ latch: [entry("tag")] });
    const { refusal: found } = await latch.read("tag");
    expect(found?.error.message).toMatch(/refused before, when/);
    expect(found?.error.status).toBeUndefined();
  });

  test("holds until its end, and no longer than a latch may be", async () => {
    const { latch, entry, put } = createShared();
    for (const [left, holds] of [
      [0, false],
      [1, true],
      [LONGEST, true],
      [LONGEST + 1, false],
    ] as const) {
      put({ latch: [entry("tag", left)] });
      const { refusal: found, noted } = await latch.read("tag");
      expect([left, found !== undefined, noted]).toEqual([left, holds, true]);
    }
  });

  test("T-17 only where a consent is needed does `invalid_grant` ask for one", async () => {
    for (const [consentOnly, code, asks] of [
      [true, "invalid_grant", true],
      [true, "invalid_client", false],
      [false, "invalid_grant", false],
    ] as const) {
      const { latch, entry, put } = createShared({ consentOnly });
      put({ latch: [entry("tag", 1000, { code })] });
      const { refusal: found } = await latch.read("tag");
      expect(found?.error instanceof ReauthorizationRequiredError).toBe(asks);
    }
  });

  test("S-03 masks a secret that the vendor's code repeats", async () => {
    const { latch, entry, put } = createShared({ secrets: ["canary-secret"] });
    put({ latch: [entry("tag", 1000, { code: "canary-secret" })] });
    const { refusal: found } = await latch.read("tag");
    expect(found?.error.message).not.toContain("canary");
    expect(found?.error.vendorCode).not.toContain("canary");
  });

  test("a clock beyond what a date can say is told in ms", async () => {
    const { latch, put, clock } = createShared();
    clock.jump(9e15);
    put({ latch: [{ tag: "tag", until: clock.now() + 1 }] });
    expect((await latch.read("tag")).refusal?.error.message).toContain(`${clock.now() + 1} ms`);
  });

  test("cannot be read while the store fails", async () => {
    const { latch } = createShared({
      beforeGet: () => {
        throw down;
      },
    });
    expect(await failure(latch.read("tag"))).toBe(down);
  });

  test("gets the refusal, and keeps those of other credentials that still hold", async () => {
    const { latch, store, entry, put, clock } = createShared();
    const renewals = [{ at: 1 }];
    put({
      latch: [entry("tag", 500), entry("other", 900), entry("over", 0), entry("far", LONGEST + 1)],
      renewals,
    });
    const error = new CredentialsError({ message: "", status: 403, vendorCode: "code" });
    await latch.add("tag", error, clock.now() + 1000);
    expect(store.content).toEqual({
      generation: 6,
      latch: [entry("tag", 1000, { status: 403, code: "code" }), entry("other", 900)],
      renewals,
    });
    await latch.add("tag", new CredentialsError({ message: "" }), clock.now() + 700);
    expect(store.content).toStrictEqual({
      generation: 7,
      latch: [entry("other", 900), entry("tag", 700)],
      renewals,
    });
  });

  test("keeps the eight that end last", async () => {
    const { latch, store, entry, put, clock } = createShared();
    put({ latch: [3, 1, 8, 4, 2, 7, 6, 5].map((n) => entry(`t${n}`, n * 1000)) });
    await latch.add("new", new CredentialsError({ message: "" }), clock.now() + 4500);
    expect(store.content?.latch.map(({ tag }) => tag)).toEqual([
      ...["t8", "t7", "t6", "t5", "new", "t4", "t3", "t2"],
    ]);
  });

  test("loses the refusal after a success, and nothing else", async () => {
    const { latch, store, entry, put } = createShared();
    put({ latch: [entry("tag"), entry("other")] });
    await latch.remove("tag");
    expect(store.content).toEqual({ generation: 6, latch: [entry("other")] });
  });

  test("T-20 gets the unforeseen renewals, of which it keeps the last eight", async () => {
    const { latch, store, put, entry } = createShared();
    put({ latch: [entry("tag")], renewals: [1, 2, 3, 4, 5, 6, 7].map((at) => ({ at })) });
    await latch.addRenewal({ at: 8, forced: true });
    await latch.addRenewal({ at: 9 });
    expect(store.content).toEqual({
      generation: 7,
      latch: [entry("tag")],
      renewals: [...[2, 3, 4, 5, 6, 7].map((at) => ({ at })), { at: 8, forced: true }, { at: 9 }],
    });
    expect((await latch.read("tag")).renewals).toHaveLength(8);
  });

  test("is written again while other clients write first, five times at most", async () => {
    for (const times of [4, 5]) {
      const { latch, store, put, entry, log, clock } = createShared({
        beforeSet: (n) => {
          if (n <= times) put({ generation: 100 + n, latch: [entry("theirs")] });
        },
      });
      await latch.add("tag", refusal, clock.now() + 1000);
      expect(store.content?.latch.map(({ tag }) => tag)).toEqual(
        times === 4 ? ["theirs", "tag"] : ["theirs"],
      );
      expect(log.filter((step) => step.startsWith("set"))).toHaveLength(5);
    }
  });

  test("is not written if the store fails; another error is thrown", async () => {
    const failing = createShared({
      beforeSet: () => {
        throw down;
      },
    });
    await failing.latch.add("tag", refusal, failing.clock.now() + 1000);
    expect(failing.log).toHaveLength(2);
    const bug = new TypeError("a bug");
    const now = (): never => {
      throw bug;
    };
    const content = { generation: 1, latch: [{ tag: "t", until: 5 }] };
    const latch = new SharedLatch({
      store: { get: async () => content } as never,
      ...{ key: KEY, provider: "vendor", consentOnly: false, secrets: [], now },
    });
    expect(await failure(latch.remove("tag"))).toBe(bug);
  });

  test.each(["damaged", "set_back"])(
    "is deleted and written anew if no process can read it: %s",
    async (code) => {
      const unreadable = new StoreError({ message: "unreadable", code });
      const { latch, store, log, clock } = createShared({
        content: { generation: 5 },
        beforeGet: (n) => {
          if (n === 1) throw unreadable;
        },
      });
      await latch.add("tag", refusal, clock.now() + 1000);
      expect(log).toEqual([
        ...[`get ${KEY}:latch`, `delete ${KEY}:latch`],
        ...[`get ${KEY}:latch`, `set ${KEY}:latch over 0`],
      ]);
      expect(store.content?.latch).toHaveLength(1);
    },
  );

  test("is left alone if only this process cannot read it", async () => {
    for (const code of ["decryption_failed", undefined]) {
      const { latch, log, clock } = createShared({
        beforeGet: () => {
          throw new StoreError({ message: "", code });
        },
      });
      await latch.add("tag", refusal, clock.now() + 1000);
      expect(log).toEqual([`get ${KEY}:latch`]);
    }
  });

  test.each<[string, unknown, number]>([
    ["something else with a generation", { generation: 5, latch: "abc" }, 5],
    ["a record with a token, which is not replaced", { generation: 5, token: {} }, 0],
    ["something without a generation", { generation: 1.5 }, 0],
    ["a text", "abc", 0],
  ])("in place of %s", async (_, content, expected) => {
    const { latch, log, clock } = createShared({ content });
    expect(await latch.read("tag")).toEqual({ refusal: undefined, noted: false, renewals: [] });
    await latch.add("tag", refusal, clock.now() + 1000);
    expect(log.at(-1)).toBe(`set ${KEY}:latch over ${expected}`);
  });
});
