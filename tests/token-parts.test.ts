/**
 * The parts of a token source, each by itself: the token in memory, the limit of forced renewals,
 * the store in time, and the timers. Clocks and stores belong to the test.
 */
import { NetworkError, StoreError } from "../src/errors.ts";
import { createDeadline } from "../src/platform/deadline.ts";
import type { Token } from "../src/token.ts";
import { explainFailure, explainToken } from "../src/tokens/explanation.ts";
import { onThisClock, unforeseen, wasForced } from "../src/tokens/forced-renewals.ts";
import { HeldToken, isWithin } from "../src/tokens/held-token.ts";
import { SAVE_PAUSE, SaveRetries } from "../src/tokens/save-retries.ts";
import { startRenewal } from "../src/tokens/single-flight.ts";
import { createStoreAccess } from "../src/tokens/store-access.ts";
import { storeKey } from "../src/tokens/store-key.ts";
import { StoreShare } from "../src/tokens/store-share.ts";
import type { TokenRecord, TokenStore } from "../src/tokens/token-store.ts";
import { failure } from "./support/clients.ts";
import { sleep } from "./support/coordinator.ts";
import { createManualClock, settle } from "./support/manual-clock.ts";

const HOUR = 3_600_000;
const FUTURE = 5 * 60_000;
const tokenOf = (issuedAt: number, more: Partial<Token> = {}): Token => ({
  accessToken: `access-${issuedAt}`,
  tokenType: "Bearer",
  issuedAt,
  expiresAt: issuedAt + HOUR,
  ...more,
});
const never = (): Promise<never> => new Promise(() => undefined);

describe("the token in memory", () => {
  const create = () => {
    const clock = { now: 1_000_000 };
    return { clock, held: new HeldToken(() => clock.now), token: tokenOf(1_000_000) };
  };

  test("T-04 is usable until it expires, or is refused", () => {
    const { clock, held, token } = create();
    expect(held.isUsable(undefined)).toBe(false);
    expect(held.isUsable(token)).toBe(true);
    held.refused = tokenOf(0, { accessToken: token.accessToken });
    expect(held.isUsable(token)).toBe(false);
    held.refused = tokenOf(0);
    expect(held.isUsable(token)).toBe(true);
    clock.now = token.expiresAt!;
    expect(held.isUsable(token)).toBe(false);
  });

  test("T-05 how fresh it is depends on the jitter and on how long it is needed", () => {
    const { clock, held, token } = create();
    expect([held.freshness(undefined), held.origin, held.jitter]).toEqual(["stale", "store", 0]);
    held.softFailedAt = 5;
    held.take(token, "password", 1);
    expect(held).toMatchObject({ current: token, origin: "password", jitter: 1 });
    expect(held.softFailedAt).toBe(-Infinity);
    clock.now = token.expiresAt! - 240_001;
    expect([held.freshness(undefined), held.freshness(241)]).toEqual(["fresh", "hard"]);
    clock.now += 1;
    expect(held.freshness(undefined)).toBe("soft");
    held.jitter = 0;
    clock.now = token.expiresAt! - 300_001;
    expect(held.freshness(undefined)).toBe("fresh");
    held.refused = token;
    expect(held.freshness(undefined)).toBe("stale");
  });

  test("T-20 a refusal forces a renewal, once in 30 s; in between, the refused token is served", () => {
    const { clock, held, token } = create();
    held.take(token, "password", 0);
    expect(held.reject(token)).toBeUndefined();
    expect(held.refused).toBe(token);
    const next = tokenOf(1_000_001);
    held.take(next, "password", 0);
    clock.now += 29_999;
    expect(held.reject(next)).toBe(next);
    expect(held.refused).toBe(token);
    clock.now += 1;
    expect(held.reject(next)).toBeUndefined();
    expect(held.refused).toBe(next);
  });

  test("T-20 a late refusal of an earlier token, or of one that is stale, forces nothing", () => {
    const { clock, held, token } = create();
    held.take(tokenOf(1_000_001), "password", 0);
    expect(held.reject(token)).toBeUndefined();
    expect(held.refused).toBeUndefined();
    held.take(token, "password", 0);
    clock.now += HOUR;
    expect(held.reject(token)).toBeUndefined();
    expect(held.refused).toBeUndefined();
  });

  test("T-20 with no token in memory, the store may hold the refused one", () => {
    const { held, token } = create();
    expect(held.reject(token)).toBeUndefined();
    expect(held.refused).toBe(token);
    // Again, at once: there is none that could be served.
    held.refused = undefined;
    expect(held.reject(token)).toBeUndefined();
    expect(held.refused).toBeUndefined();
  });

  test("reset() forgets refusals and failures, and leaves what is not saved", () => {
    const { held, token } = create();
    held.take(token, "password", 0);
    held.reject(token);
    held.softFailedAt = 1_000_000;
    held.reset(token);
    expect(held).toMatchObject({ current: token, softFailedAt: -Infinity });
    expect(held.refused).toBeUndefined();
    expect(held.reject(token)).toBeUndefined();
    expect(held.refused).toBe(token); // It forces a renewal at once.
  });

  test("a span that began in the future is over: the clock was set back", () => {
    expect([9, 10, 19, 20].map((now) => isWithin(10, 10, now))).toEqual([false, true, true, false]);
  });
});

describe("T-20 renewals that came before the token's own time", () => {
  test("are noted if they were forced, or if the stored token is from the future", () => {
    const ahead = tokenOf(1000 + FUTURE + 1);
    expect(unforeseen(ahead, 900, true, 1000)).toEqual({ at: 900, forced: true });
    expect(unforeseen(undefined, 900, true, 1000)).toEqual({ at: 900, forced: true });
    expect(unforeseen(ahead, 900, false, 1000)).toEqual({ at: 900 });
    expect(unforeseen(tokenOf(1000 + FUTURE), 900, false, 1000)).toBeUndefined();
    expect(unforeseen(undefined, 900, false, 1000)).toBeUndefined();
  });

  test("a forced one is too recent for 30 s, by a clock that was not set back", () => {
    const forced = (at: number) => [{ at: 0 }, { at, forced: true as const }];
    expect([9_999, 10_000, 39_999, 40_000].map((now) => wasForced(forced(10_000), now))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(wasForced([{ at: 10_000 }], 10_000)).toBe(false);
    expect(wasForced([], 10_000)).toBe(false);
  });

  test("T-04 a token from a clock that is ahead is as old as the latest noted renewal", () => {
    const now = 10_000_000;
    const ahead = tokenOf(now + 2 * HOUR);
    const moved = { ...ahead, issuedAt: now - 5, expiresAt: now - 5 + HOUR };
    const renewals = [{ at: now - 90 }, { at: now - 5 }, { at: now + 1 }];
    expect(onThisClock(ahead, renewals, now)).toEqual(moved);
    expect(onThisClock(ahead, [{ at: now }], now)?.issuedAt).toBe(now);
    // Without an expiry.
    const { expiresAt: _, ...endless } = ahead;
    expect(onThisClock(endless, renewals, now)).toEqual({ ...endless, issuedAt: now - 5 });
    // Nothing was noted, or it is too old, or the clock is not ahead.
    expect(onThisClock(ahead, [], now)).toBeUndefined();
    expect(onThisClock(endless, [], now)).toBeUndefined();
    expect(onThisClock(ahead, [{ at: now + 1 }], now)).toBeUndefined();
    expect(onThisClock(ahead, [{ at: now - HOUR }], now)).toBeUndefined();
    expect(onThisClock(tokenOf(now + FUTURE), renewals, now)).toBeUndefined();
  });
});

describe("what is told of a token", () => {
  const standing = {
    now: 1_000_500,
    jitter: 0,
    source: "password",
    refused: false,
    renewable: true,
    saved: true,
  };

  test("its state, age, and when it is renewed", () => {
    expect(explainToken(tokenOf(1_000_000), standing)).toEqual({
      ...{ source: "password", renewable: true, saved: true, state: "fresh" },
      ...{ issuedAt: 1_000_000, age: 500, expiresAt: 1_000_000 + HOUR },
      renewsAt: 1_000_000 + HOUR - 300_000,
    });
    const { expiresAt: _, ...endless } = tokenOf(1_000_000);
    expect(explainToken(endless, { ...standing, refused: true })).toEqual({
      ...{ source: "password", renewable: true, saved: true, state: "refused" },
      ...{ issuedAt: 1_000_000, age: 500 },
    });
    const jitter = { ...standing, jitter: 1, now: 1_000_000 + HOUR - 240_001 };
    expect(explainToken(tokenOf(1_000_000), jitter)).toMatchObject({
      state: "fresh",
      renewsAt: 1_000_000 + HOUR - 240_000,
    });
  });

  test("the last failure, without what it does not say", () => {
    const error = new NetworkError({ message: "cut", code: "timeout", status: 500 });
    expect(explainFailure(error, 5)).toEqual({
      ...{ at: 5, kind: "network", message: "cut", code: "timeout", status: 500 },
    });
    expect(explainFailure(new NetworkError({ message: "cut" }), 5)).toEqual({
      ...{ at: 5, kind: "network", message: "cut" },
    });
  });
});

describe("a store as a client uses it", () => {
  const create = (parts: Partial<TokenStore>, random = 0) => {
    const clock = createManualClock(() => random);
    const store: TokenStore = {
      get: async () => undefined,
      set: async () => true,
      delete: async () => undefined,
      ...parts,
    };
    return { clock, access: createStoreAccess(store, "vendor", 5000, clock.scheduler) };
  };
  const record: TokenRecord = { token: tokenOf(1), generation: 7 };
  const late = {
    kind: "store",
    provider: "vendor",
    retryable: true,
    message: expect.stringMatching(/did not answer in time \(key key\)/),
  };

  test.each(["get", "getRecord", "set", "delete", "guard"] as const)(
    "T-18 %s: an operation that takes too long is an error in time",
    async (name) => {
      const { clock, access } = create({ get: never, set: never, delete: never });
      const run = {
        get: () => access.get("key"),
        getRecord: () => access.getRecord("key"),
        set: () => access.set("key", record, 0),
        delete: () => access.delete("key"),
        guard: () => access.guard("key", never),
      }[name];
      const pending = failure(run());
      await settle();
      // Only a write keeps the process alive meanwhile.
      expect([clock.pending, clock.keepsAlive]).toEqual([1, ["set", "delete"].includes(name)]);
      await clock.advance(4999);
      expect(clock.pending).toBe(1);
      await clock.advance(1);
      expect(await pending).toMatchObject(late);
    },
  );

  test("S-03 an error that the store rejects with is not handed on", async () => {
    const fail = (): never => {
      throw new Error("canary");
    };
    const { access } = create({ get: fail, set: fail, delete: fail });
    for (const run of [
      () => access.get("key"),
      () => access.getRecord("key"),
      () => access.set("key", record, 0),
      () => access.delete("key"),
      () => access.guard("key", fail),
    ])
      expect(await failure(run())).toMatchObject({
        kind: "store",
        provider: "vendor",
        retryable: true,
        message: expect.stringMatching(/^vendor: the token store failed \(key key\)/),
      });
  });

  test("a StoreError is handed on, with the name of the provider", async () => {
    const unnamed = new StoreError({ message: "disk full", code: "disk" });
    const named = new StoreError({ message: "vendor: disk full", provider: "vendor" });
    const { access } = create({});
    expect(await failure(access.guard("key", () => Promise.reject(unnamed)))).toMatchObject({
      ...{ message: "vendor: disk full", provider: "vendor", code: "disk" },
    });
    expect(await failure(access.guard("key", () => Promise.reject(named)))).toBe(named);
  });

  test("T-14 the first generation is random, and each later one follows", async () => {
    const written: [number, number][] = [];
    const { access } = create(
      {
        set: async (_, { generation }, expected) => {
          written.push([generation, expected]);
          return expected !== 9;
        },
      },
      0.5,
    );
    expect(await access.set("key", record, 0)).toBe(1 + 2 ** 39);
    expect(await access.set("key", record, 7)).toBe(8);
    expect(await access.set("key", record, 9)).toBeUndefined();
    expect(written).toEqual([
      [1 + 2 ** 39, 0],
      [8, 7],
      [10, 9],
    ]);
    const least = create({});
    expect(await least.access.set("key", record, 0)).toBe(1);
  });

  test("T-19 anything but a token record, or nothing, is an error", async () => {
    expect(await create({}).access.getRecord("key")).toBeUndefined();
    expect(await create({ get: async () => record }).access.getRecord("key")).toBe(record);
    const { access } = create({ get: async () => ({}) as never });
    expect(await access.get("key")).toEqual({});
    expect(await failure(access.getRecord("key"))).toMatchObject({
      message: expect.stringMatching(/holds something that is no token record/),
    });
  });

  test("is shared if it brings a renewer", () => {
    expect(create({}).access.shared).toBe(false);
    expect(create({ renewer: () => undefined as never }).access.shared).toBe(true);
  });
});

test("T-07 a store key names provider, address, client and subject, and none of them ends it like a latch", () => {
  const connection = {
    baseUrl: "https://api.example/v1",
    tokenOperation: "POST /token",
    grants: () => [],
    identity: ["a:b", "latch"],
  };
  expect(storeKey("vendor", connection)).toBe(
    "vendor:https%3A%2F%2Fapi.example%2Fv1%2Ftoken:a%3Ab:%6Catch",
  );
});

describe("T-18 the store's share of a renewal", () => {
  const TOTAL = 30_000;
  const late = new Error("late");
  const create = (hasRepeatableGrant: boolean) => {
    const clock = createManualClock();
    const { scheduler } = clock;
    const deadline = createDeadline(TOTAL, scheduler);
    const share = new StoreShare({
      ...{ deadline, total: TOTAL, hasRepeatableGrant, grace: 100, late: () => late, scheduler },
    });
    deadline.keepAlive(false);
    return { clock, share };
  };

  test("is a third of the deadline where a login can follow, in all", async () => {
    const { clock, share } = create(true);
    const taking = (ms: number) => clock.advanceUntil(share.ask(() => sleep(clock, ms)));
    await taking(4000);
    await taking(5999);
    await clock.advance(5000); // What is not the store's does not count.
    expect(await share.ask(async () => "x")).toBe("x");
    expect(await failure(taking(2))).toBe(late);
    let asked = false;
    const once = async (): Promise<void> => void (asked = true);
    expect(await failure(share.ask(once))).toBe(late);
    expect(asked).toBe(false);
  });

  test("an operation that fails counts as well", async () => {
    const { clock, share } = create(true);
    const failing = share.ask(async () => {
      await sleep(clock, 9999);
      throw new Error("down");
    });
    expect(await failure(clock.advanceUntil(failing))).toMatchObject({ message: "down" });
    expect(await failure(clock.advanceUntil(share.ask(() => sleep(clock, 2))))).toBe(late);
    expect(clock.scheduler.monotonic()).toBe(10_000);
  });

  test("is the whole deadline where only the store has what is needed", async () => {
    const { clock, share } = create(false);
    await clock.advanceUntil(share.ask(() => sleep(clock, 29_000)));
    expect(await failure(clock.advanceUntil(share.ask(never)))).toBe(late);
    expect(clock.scheduler.monotonic()).toBe(TOTAL);
    expect(await failure(share.ask(async () => "x"))).toBe(late);
  });

  test("keeps no process alive", async () => {
    const { clock, share } = create(true);
    void share.ask(never).catch(() => undefined);
    void share.settle(never());
    await settle();
    expect([clock.pending, clock.keepsAlive]).toEqual([3, false]);
  });

  test("T-09 a save is waited for until the deadline, and a little longer after it", async () => {
    const { clock, share } = create(true);
    expect(await share.settle(Promise.resolve())).toBe(true);
    expect(await failure(share.settle(Promise.reject(late)))).toBe(late);
    expect(await clock.advanceUntil(share.settle(never()))).toBe(false);
    expect(clock.scheduler.monotonic()).toBe(TOTAL);
    expect(await clock.advanceUntil(share.settle(never()))).toBe(false);
    expect(clock.scheduler.monotonic()).toBe(TOTAL + 100);
  });
});

test("T-16 a save is repeated after 1 s, then after twice as long each time, up to 15 s", async () => {
  const clock = createManualClock();
  const at: number[] = [];
  const retries: SaveRetries = new SaveRetries(clock.scheduler, () => {
    at.push(clock.scheduler.monotonic());
    retries.schedule();
  });
  expect(SAVE_PAUSE).toBe(1000);
  retries.stop(); // Nothing to stop.
  retries.schedule();
  expect([clock.pending, clock.keepsAlive]).toEqual([1, false]);
  await clock.advance(60_000);
  expect(at).toEqual([1, 3, 7, 15, 30, 45, 60].map((s) => 1000 * s));
  retries.schedule(); // In place of the one that is scheduled.
  expect(clock.pending).toBe(1);
  retries.stop();
  expect(clock.pending).toBe(0);
  retries.schedule();
  await clock.advance(1000);
  expect(at.at(-1)).toBe(61_000);
});

describe("one renewal for all who wait", () => {
  const token = tokenOf(1);
  const create = (run: Parameters<typeof startRenewal>[2]) => {
    const clock = createManualClock();
    const ended: string[] = [];
    const renewal = startRenewal(30_000, clock.scheduler, run, () => ended.push("end"));
    return { clock, ended, renewal };
  };

  test("T-06 keeps the process alive only while a caller waits, in a pause as well", async () => {
    const { clock, renewal, ended } = create(async ({ rest }) => {
      await rest(1000);
      return token;
    });
    await settle();
    expect([clock.pending, clock.keepsAlive]).toEqual([2, false]);
    const abort = new AbortController();
    const gone = failure(renewal.wait(abort.signal));
    const waiting = renewal.wait(undefined);
    await settle();
    expect(clock.keepsAlive).toBe(true);
    abort.abort(new Error("gone"));
    expect(await gone).toMatchObject({ message: "gone" });
    expect(clock.keepsAlive).toBe(true);
    expect(await clock.advanceUntil(waiting)).toBe(token);
    expect([clock.pending, ended]).toEqual([0, ["end"]]);
  });

  test("T-06 a pause that begins while a caller waits keeps the process alive, and no longer", async () => {
    const { clock, renewal } = create(async ({ rest }, deadline) => {
      await Promise.resolve();
      await rest(1000);
      deadline.clear();
      await rest(1000);
      return token;
    });
    const abort = new AbortController();
    const gone = failure(renewal.wait(abort.signal));
    await settle();
    await clock.advance(1000);
    expect([clock.pending, clock.keepsAlive]).toEqual([1, true]);
    abort.abort();
    await gone;
    expect([clock.pending, clock.keepsAlive]).toEqual([1, false]);
    expect(await clock.advanceUntil(renewal.result)).toBe(token);
  });

  test("T-09 each caller gets an error of its own, and an error that is not ours as it is", async () => {
    const error = new NetworkError({ message: "cut" });
    const { renewal, ended, clock } = create(() => Promise.reject(error));
    const [one, two] = await Promise.all([
      failure(renewal.wait(undefined)),
      failure(renewal.wait(undefined)),
    ]);
    expect(one).toBeInstanceOf(NetworkError);
    expect(one).not.toBe(two);
    expect([one === (error as unknown), ended, clock.pending]).toEqual([false, ["end"], 0]);
    const bug = new TypeError("a bug");
    expect(await failure(create(() => Promise.reject(bug)).renewal.wait(undefined))).toBe(bug);
  });

  test("T-08 has a deadline of its own", async () => {
    const { clock, renewal } = create(
      (_, deadline) =>
        new Promise((_resolve, reject) => {
          deadline.signal.addEventListener("abort", () => reject(new Error("late")));
        }),
    );
    expect(await failure(clock.advanceUntil(renewal.wait(undefined)))).toMatchObject({
      message: "late",
    });
    expect(clock.scheduler.monotonic()).toBe(30_000);
  });
});
