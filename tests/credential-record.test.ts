/**
 * T-14 to T-17: the record of a credential in the store. Compare-and-set, the token that the store
 * failed to save, and the succession of refresh tokens. The store belongs to the test.
 */
import { StoreError } from "../src/errors.ts";
import type { Token } from "../src/token.ts";
import { createStoreAccess } from "../src/tokens/store-access.ts";
import { CredentialRecord } from "../src/tokens/token-record.ts";
import type { TokenRecord, TokenStore } from "../src/tokens/token-store.ts";
import { isOvertaken, TokenSuccession } from "../src/tokens/token-succession.ts";
import { failure } from "./support/clients.ts";
import { createManualClock, settle } from "./support/manual-clock.ts";

const KEY = "key";
const tokenOf = (n: number, more: Partial<Token> = {}): Token => ({
  accessToken: `access-${n}`,
  tokenType: "Bearer",
  issuedAt: 1000 * n,
  refreshToken: `refresh-${n}`,
  ...more,
});
const recordOf = (n: number, generation: number, more: Partial<TokenRecord> = {}): TokenRecord => ({
  token: tokenOf(n),
  generation,
  ...more,
});
const intent = { refreshTokenHash: "hash", owner: "me", at: 1 };
const disk = new StoreError({ message: "disk full", provider: "vendor" });

interface Setup {
  shared?: boolean;
  login?: boolean;
  stored?: TokenRecord;
  /** Is called before the n-th write, counted from 1. */
  beforeSet?: (n: number) => void | Promise<void>;
  /** Is called after the n-th write was made. */
  afterSet?: (n: number) => void;
}

function createRecord({ shared = true, login = false, stored, beforeSet, afterSet }: Setup = {}) {
  const store: { content: TokenRecord | undefined } = { content: stored };
  const reports: StoreError[] = [];
  const log: string[] = [];
  let writes = 0;
  const memory: TokenStore = {
    get: async () => {
      log.push("get");
      return store.content;
    },
    async set(_, record, expected) {
      log.push(`set over ${expected}`);
      const n = (writes += 1);
      await beforeSet?.(n);
      if ((store.content?.generation ?? 0) !== expected) return false;
      store.content = record;
      afterSet?.(n);
      return true;
    },
    async delete() {
      log.push("delete");
      store.content = undefined;
    },
    ...(shared ? { renewer: () => undefined as never } : {}),
  };
  const clock = createManualClock();
  const access = createStoreAccess(memory, "vendor", 10_000, clock.scheduler);
  const report = (error: StoreError): void => void reports.push(error);
  const record = new CredentialRecord({ store: access, key: KEY, login, report });
  return { record, store, reports, log };
}

const throwing = (times = Infinity) => {
  return (n: number): void => {
    if (n <= times) throw disk;
  };
};

describe("T-14 the compare-and-set of a save", () => {
  test("names the generation that was read, and writes the next one", async () => {
    const { record, store, log } = createRecord({ stored: recordOf(1, 41) });
    expect(await record.load()).toEqual(recordOf(1, 41));
    expect(await record.save(tokenOf(2), { sent: "refresh-1" }, "b")).toEqual(tokenOf(2));
    expect(store.content).toEqual(recordOf(2, 42, { binding: "b" }));
    expect(log).toEqual(["get", "set over 41"]);
    expect([record.hasUnsaved, record.unsaved]).toEqual([false, undefined]);
    // The generation that was written is the one that the next write replaces.
    await record.save(tokenOf(3), { sent: "refresh-2" }, undefined);
    expect(log.at(-1)).toBe("set over 42");
    expect(store.content).toEqual(recordOf(3, 43));
  });

  test("writes over nothing if nothing was stored", async () => {
    const { record, store, log } = createRecord();
    expect(await record.load()).toBeUndefined();
    await record.save(tokenOf(1), "login", undefined);
    expect(log.at(-1)).toBe("set over 0");
    expect(store.content?.generation).toBeGreaterThan(0);
  });

  test("a record that is gone again has generation 0", async () => {
    const { record, store, log } = createRecord({ stored: recordOf(1, 41), shared: false });
    await record.load();
    store.content = undefined;
    await record.load();
    await record.save(tokenOf(2), "login", undefined);
    expect(log.at(-1)).toBe("set over 0");
  });

  test("of a refresh: the token of another client stays, if its refresh token is another one", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41) });
    await record.load();
    store.content = recordOf(7, 50);
    expect(await record.save(tokenOf(2), { sent: "refresh-1" }, undefined)).toEqual(tokenOf(7));
    expect([store.content, record.hasUnsaved]).toEqual([recordOf(7, 50), false]);
  });

  test("of a refresh: if the store still has the refresh token that was sent, it is written over it", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41) });
    await record.load();
    store.content = recordOf(1, 50, { intent });
    expect(await record.save(tokenOf(2), { sent: "refresh-1" }, undefined)).toEqual(tokenOf(2));
    expect(store.content).toEqual(recordOf(2, 51));
  });

  test("of a refresh: a record that is gone from a shared store was revoked, and is not written", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41) });
    await record.load();
    store.content = undefined;
    expect(await record.save(tokenOf(2), { sent: "refresh-1" }, undefined)).toBeUndefined();
    expect([store.content, record.hasUnsaved]).toEqual([undefined, false]);
  });

  test.each<[string, boolean, "login" | "consent" | { sent: string }]>([
    ["a refresh, in a store of one client", false, { sent: "refresh-1" }],
    ["a login", true, "login"],
    ["a consent", true, "consent"],
  ])("of %s: a record that is gone is written again", async (_, shared, rule) => {
    const { record, store } = createRecord({ stored: recordOf(1, 41), shared });
    await record.load();
    store.content = undefined;
    expect(await record.save(tokenOf(2), rule, undefined)).toEqual(tokenOf(2));
    expect(store.content).toMatchObject({ token: tokenOf(2) });
  });

  test("of a login: the later login stays", async () => {
    for (const [theirs, kept] of [
      [1, 2],
      [2, 2],
      [3, 3],
    ] as const) {
      const { record, store } = createRecord({ stored: recordOf(0, 41) });
      await record.load();
      const token = tokenOf(theirs, { accessToken: "theirs" });
      store.content = { token, generation: 50 };
      const held = await record.save(tokenOf(2), "login", undefined);
      expect(held?.accessToken).toBe(theirs < 2 ? "access-2" : "theirs");
      expect(store.content.token.issuedAt).toBe(1000 * kept);
    }
  });

  test("of a consent: it replaces whatever is stored", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41) });
    store.content = recordOf(9, 50);
    expect(await record.save(tokenOf(2), "consent", undefined)).toEqual(tokenOf(2));
    expect(store.content).toEqual(recordOf(2, 51));
  });

  test("a record of other credentials does not stay where there is a login", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41), login: true });
    await record.load();
    store.content = recordOf(9, 50, { binding: "theirs" });
    expect(await record.save(tokenOf(2), { sent: "refresh-1" }, "mine")).toEqual(tokenOf(2));
    expect(store.content).toEqual(recordOf(2, 51, { binding: "mine" }));
  });

  test("a write that the store made, but did not confirm, is made again, with what others added", async () => {
    const { record, store, reports } = createRecord({
      stored: recordOf(1, 41),
      afterSet: (n) => {
        if (n === 1) throw disk;
      },
    });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    expect([reports, record.unsaved]).toEqual([[disk], tokenOf(2)]);
    store.content = { ...store.content!, generation: 60, intent };
    expect(await record.flush()).toBeUndefined();
    expect(store.content).toEqual(recordOf(2, 61, { intent }));
    expect(record.hasUnsaved).toBe(false);
  });

  test.each([10, 9])("is tried ten times: the store refused %i times", async (refusals) => {
    const { record, store, reports } = createRecord({
      stored: recordOf(1, 41),
      // Another client writes first, each time, and leaves the refresh token as it is.
      beforeSet: (n) => {
        if (n <= refusals) store.content = recordOf(1, 100 + n);
      },
    });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    expect(reports).toHaveLength(refusals === 10 ? 1 : 0);
    if (refusals === 10) expect(reports[0]).toMatchObject({ kind: "store", provider: "vendor" });
    expect(record.hasUnsaved).toBe(refusals === 10);
  });
});

describe("T-16 a token that the store failed to save", () => {
  test("stays in memory, is reported, and is written by the next flush", async () => {
    const { record, store, reports } = createRecord({
      stored: recordOf(1, 41),
      beforeSet: throwing(1),
    });
    await record.load();
    expect(await record.save(tokenOf(2), { sent: "refresh-1" }, "b")).toEqual(tokenOf(2));
    expect([record.unsaved, record.hasUnsaved, reports]).toEqual([tokenOf(2), true, [disk]]);
    expect(await record.flush()).toBeUndefined();
    expect(store.content).toEqual(recordOf(2, 42, { binding: "b" }));
    expect(record.hasUnsaved).toBe(false);
  });

  test("a flush that fails gives its error; with nothing to write there is none", async () => {
    const { record, log } = createRecord({ beforeSet: throwing() });
    expect(await record.flush()).toBeUndefined();
    expect(log).toEqual([]);
    await record.save(tokenOf(2), "login", undefined);
    expect(await record.flush()).toBe(disk);
  });

  test("two flushes at once are one write", async () => {
    const { record, log } = createRecord({ beforeSet: throwing(1) });
    await record.save(tokenOf(2), "login", undefined);
    await Promise.all([record.flush(), record.flush()]);
    expect(log).toEqual(["set over 0", "set over 0"]);
    await record.flush();
    expect(log).toHaveLength(2);
  });

  test("gives way to the token of another client that was stored meanwhile", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41), beforeSet: throwing(1) });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    store.content = recordOf(9, 50);
    expect(await record.flush()).toBeUndefined();
    expect([store.content, record.hasUnsaved]).toEqual([recordOf(9, 50), false]);
  });

  test("that a consent replaces while it is being written: the consent is written next", async () => {
    let open = (): void => undefined;
    const { record, store } = createRecord({
      stored: recordOf(1, 41),
      beforeSet: (n) => {
        if (n === 1) throw disk;
        return n === 2 ? new Promise<void>((resolve) => (open = resolve)) : undefined;
      },
    });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    const flushed = record.flush();
    await settle();
    const saved = record.save(tokenOf(5), "consent", undefined);
    open();
    expect(await flushed).toBeUndefined();
    expect(await saved).toEqual(tokenOf(5));
    expect([store.content?.token, record.hasUnsaved]).toEqual([tokenOf(5), false]);
  });

  test("that is displaced while a consent comes: the consent is not", async () => {
    let open = (): void => undefined;
    const { record, store } = createRecord({
      stored: recordOf(1, 41),
      beforeSet: (n) => {
        if (n === 1) throw disk;
        return n === 2 ? new Promise<void>((resolve) => (open = resolve)) : undefined;
      },
    });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    store.content = recordOf(9, 50);
    const flushed = record.flush();
    await settle();
    const saved = record.save(tokenOf(5), "consent", undefined);
    open();
    await flushed;
    expect(await saved).toEqual(tokenOf(5));
    expect(store.content?.token).toEqual(tokenOf(5));
  });

  test("another error than the store's is thrown, and not reported", async () => {
    const bug = new TypeError("a bug");
    const { record, reports } = createRecord();
    jest.spyOn(Object.getPrototypeOf(record) as CredentialRecord, "load").mockRejectedValue(bug);
    try {
      expect(await failure(record.markDead(tokenOf(1), undefined))).toBe(bug);
      expect(await failure(record.removeIntent("me"))).toBe(bug);
      expect(reports).toEqual([]);
    } finally {
      jest.restoreAllMocks();
    }
  });

  test("another error than the store's ends a save", async () => {
    const bug = new TypeError("a bug");
    const { record, store, reports } = createRecord({ stored: recordOf(1, 41) });
    await record.load();
    store.content = recordOf(1, 50);
    jest.spyOn(record, "load").mockRejectedValue(bug);
    expect(await failure(record.save(tokenOf(2), { sent: "refresh-1" }, undefined))).toBe(bug);
    expect(reports).toEqual([]);
  });
});

describe("T-17 a dead refresh token", () => {
  test("is marked, and its intent is removed", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41, { intent, binding: "b" }) });
    expect(await record.markDead(tokenOf(1), "b")).toBe(false);
    expect(store.content).toEqual(recordOf(1, 42, { binding: "b", reauthorizationRequired: true }));
  });

  test("is not marked if the store holds another refresh token", async () => {
    const { record, store } = createRecord({ stored: recordOf(2, 41) });
    expect(await record.markDead(tokenOf(1), undefined)).toBe(true);
    expect(await record.markDead(undefined, undefined)).toBe(true);
    expect(store.content).toEqual(recordOf(2, 41));
  });

  test("is not marked if the record is gone, or belongs to other credentials", async () => {
    const gone = createRecord();
    expect(await gone.record.markDead(tokenOf(1), undefined)).toBe(false);
    expect(gone.log).toEqual(["get"]);
    const stored = recordOf(2, 41, { binding: "theirs" });
    const theirs = createRecord({ stored, login: true });
    expect(await theirs.record.markDead(tokenOf(1), "mine")).toBe(false);
    expect(theirs.store.content).toEqual(stored);
  });

  test("of a record that is bound otherwise is not marked: only its intent is removed", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41, { intent, binding: "x" }) });
    expect(await record.markDead(tokenOf(1), "mine")).toBe(false);
    expect(store.content).toEqual(recordOf(1, 42, { binding: "x" }));
  });

  test("is looked for again if another client writes first, ten times at most", async () => {
    for (const times of [1, 10]) {
      const { record, store, log } = createRecord({
        stored: recordOf(1, 41),
        beforeSet: (n) => {
          if (n <= times) store.content = recordOf(1, 100 + n);
        },
      });
      expect(await record.markDead(tokenOf(1), undefined)).toBe(false);
      expect(store.content?.reauthorizationRequired).toBe(times === 1 ? true : undefined);
      expect(log.filter((step) => step === "get")).toHaveLength(times === 1 ? 2 : 10);
    }
  });

  test("a store that fails is reported", async () => {
    const { record, reports } = createRecord({ stored: recordOf(1, 41), beforeSet: throwing() });
    expect(await record.markDead(tokenOf(1), undefined)).toBe(false);
    expect(reports).toEqual([disk]);
  });
});

describe("T-14 an intent", () => {
  test("is written over the record that was read, and everything else stays", async () => {
    const stored = recordOf(1, 41, { binding: "b" });
    const { record, store } = createRecord({ stored });
    expect(await record.writeIntent(stored, intent)).toBe(true);
    expect(store.content).toEqual(recordOf(1, 42, { binding: "b", intent }));
    expect(await record.writeIntent(stored, intent)).toBe(false);
    // A refusal leaves the generation that the next save replaces.
    await record.save(tokenOf(2), { sent: "refresh-1" }, "b");
    expect(store.content).toEqual(recordOf(2, 43, { binding: "b" }));
  });

  test("is removed by its owner alone", async () => {
    const { record, store, log } = createRecord({ stored: recordOf(1, 41, { intent }) });
    await record.removeIntent("another");
    expect(log).toEqual(["get"]);
    await record.removeIntent("me");
    expect(store.content).toEqual(recordOf(1, 42));
    await record.removeIntent("me");
    expect(store.content).toEqual(recordOf(1, 42));
    store.content = undefined;
    await record.removeIntent("me");
    expect(store.content).toBeUndefined();
  });

  test("stays if the store fails", async () => {
    const { record } = createRecord({
      stored: recordOf(1, 41, { intent }),
      beforeSet: throwing(),
    });
    await record.removeIntent("me");
  });
});

describe("T-07 whose record it is", () => {
  test.each<[login: boolean, stored: string | undefined, mine: string | undefined, use: string]>([
    [true, "mine", "mine", "token"],
    [true, "theirs", "mine", "nothing"],
    [true, undefined, "mine", "nothing"],
    [true, "theirs", undefined, "token"],
    [false, "mine", "mine", "token"],
    [false, "theirs", "mine", "refresh"],
    [false, undefined, "mine", "token"],
    [false, "theirs", undefined, "token"],
  ])("login %s, bound to %s, credentials %s: %s", (login, binding, mine, use) => {
    const { record } = createRecord({ login });
    expect(record.useOf(binding === undefined ? {} : { binding }, mine)).toBe(use);
  });
});

describe("T-14 discarding a record", () => {
  test("deletes it, and what was not saved", async () => {
    const { record, store, log } = createRecord({
      stored: recordOf(1, 41),
      beforeSet: throwing(1),
    });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    await record.discard(undefined);
    expect([store.content, record.hasUnsaved]).toEqual([undefined, false]);
    expect(log.at(-1)).toBe("delete");
    await record.save(tokenOf(3), "consent", undefined);
    expect(log.at(-1)).toBe("set over 0");
  });

  test("leaves the record of other credentials alone", async () => {
    const stored = recordOf(1, 41, { binding: "theirs" });
    const { record, store } = createRecord({ stored });
    await record.discard("mine");
    expect(store.content).toEqual(stored);
  });

  test("deletes one that cannot be read, and what is not there", async () => {
    const broken = createRecord({ stored: { generation: 1 } as TokenRecord });
    await broken.record.discard("mine");
    expect(broken.log).toEqual(["get", "delete"]);
    const empty = createRecord();
    await empty.record.discard("mine");
    expect(empty.log).toEqual(["get", "delete"]);
  });

  test("comes after a write that is under way", async () => {
    let open = (): void => undefined;
    const { record, store, log } = createRecord({
      beforeSet: () => new Promise<void>((resolve) => (open = resolve)),
    });
    const saving = record.save(tokenOf(1), "consent", undefined);
    await settle();
    const discarding = record.discard(undefined);
    await settle();
    expect(log).toEqual(["set over 0"]);
    open();
    await Promise.all([saving, discarding]);
    expect([store.content, log.at(-1)]).toEqual([undefined, "delete"]);
  });

  test("ends the succession: an earlier refresh token that is stored again has no successor", async () => {
    const { record } = createRecord({ stored: recordOf(1, 41) });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    expect(record.successorOf(tokenOf(1))).toEqual(tokenOf(2));
    await record.discard(undefined);
    expect(record.successorOf(tokenOf(1))).toBeUndefined();
  });
});

describe("T-14 the succession", () => {
  test("knows the successor of every refresh token that was used up", () => {
    const succession = new TokenSuccession();
    expect(succession.successorOf(tokenOf(1))).toBeUndefined();
    succession.saved(tokenOf(2), "refresh-1");
    succession.saved(tokenOf(3), "refresh-2");
    for (const n of [1, 2]) expect(succession.successorOf(tokenOf(n))).toEqual(tokenOf(3));
    for (const n of [3, 4]) expect(succession.successorOf(tokenOf(n))).toBeUndefined();
    expect(succession.successorOf({ ...tokenOf(1), refreshToken: undefined } as never)).toBe(
      undefined,
    );
  });

  test("ends with a token that no refresh of this process brought", () => {
    for (const end of [
      (one: TokenSuccession) => one.saved(tokenOf(5), undefined),
      (one: TokenSuccession) => one.saved(tokenOf(5), "refresh-5"),
      (one: TokenSuccession) => one.saw(tokenOf(5)),
    ]) {
      const succession = new TokenSuccession();
      succession.saved(tokenOf(2), "refresh-1");
      end(succession);
      expect(succession.successorOf(tokenOf(1))).toBeUndefined();
      succession.saw({ ...tokenOf(2), refreshToken: undefined } as never);
      expect(succession.successorOf(tokenOf(1))).toBeUndefined();
    }
  });

  test("goes on while the store holds a token of it", () => {
    const succession = new TokenSuccession();
    succession.saved(tokenOf(2), "refresh-1");
    for (const n of [1, 2]) {
      succession.saw(tokenOf(n));
      expect(succession.successorOf(tokenOf(1))).toEqual(tokenOf(2));
    }
  });

  test("a refresh token that the vendor issues again is used up no more", () => {
    const succession = new TokenSuccession();
    succession.saved(tokenOf(2), "refresh-1");
    succession.saved(tokenOf(1), "refresh-2");
    expect(succession.successorOf(tokenOf(1))).toBeUndefined();
    expect(succession.successorOf(tokenOf(2))).toEqual(tokenOf(1));
  });

  test("remembers the last hundred refresh tokens", () => {
    const succession = new TokenSuccession();
    for (let n = 1; n <= 101; n += 1) succession.saved(tokenOf(n + 1), `refresh-${n}`);
    expect(succession.successorOf(tokenOf(1))).toBeUndefined();
    expect(succession.successorOf(tokenOf(2))).toEqual(tokenOf(102));
  });

  test("a save that was displaced ends it", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41) });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    store.content = recordOf(9, 60);
    await record.save(tokenOf(3), { sent: "refresh-2" }, undefined);
    for (const n of [1, 2]) expect(record.successorOf(tokenOf(n))).toBeUndefined();
  });

  test("a token of another client that a look finds ends it", async () => {
    const { record, store } = createRecord({ stored: recordOf(1, 41) });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    await record.load();
    expect(record.successorOf(tokenOf(1))).toEqual(tokenOf(2));
    store.content = recordOf(9, 60);
    await record.load();
    expect(record.successorOf(tokenOf(1))).toBeUndefined();
  });

  test("a login or a consent ends it", async () => {
    for (const rule of ["login", "consent"] as const) {
      const { record } = createRecord({ stored: recordOf(1, 41) });
      await record.load();
      await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
      await record.save(tokenOf(3), rule, undefined);
      expect(record.successorOf(tokenOf(1))).toBeUndefined();
    }
  });
});

test("T-14 which token stays", () => {
  const stored = recordOf(2, 1);
  expect(isOvertaken(tokenOf(1), "consent", stored)).toBe(false);
  expect([1, 2, 3].map((n) => isOvertaken(tokenOf(n), "login", stored))).toEqual([
    true,
    true,
    false,
  ]);
  expect(isOvertaken(tokenOf(3), { sent: "refresh-2" }, stored)).toBe(false);
  expect(isOvertaken(tokenOf(3), { sent: "refresh-1" }, stored)).toBe(true);
});
