/**
 * T-14: how long a lease counts as held. The clocks belong to the test, because only such clocks
 * can be late, stop, or be set.
 */
import type { SharedTokenStore } from "../src/index.ts";
import { createLeasedStore } from "./support/leased-store.ts";
import { sha256 } from "../src/platform/encoding.ts";
import { createRuntime } from "../src/client/options.ts";
import { storeKey } from "../src/tokens/store-key.ts";
import { createTokenSource } from "../src/client/create-token-source.ts";
import { StoreError } from "../src/errors.ts";
import { Lease } from "../src/sharing/lease.ts";
import { failure } from "./support/clients.ts";
import { createManualClock, settle, type ManualClock } from "./support/manual-clock.ts";
import { plainConnection, plainProvider } from "./support/plain-provider.ts";
import { until } from "./support/wait.ts";

afterEach(() => jest.restoreAllMocks());

const TIMES = { ttl: 5000, heartbeat: 1600, poll: 100, patience: 60_000 };
/** A lease that a store gives to anybody. How often the store was asked is counted. */
function openLease(clock: ManualClock): { lease: Lease; asked: () => number } {
  let asked = 0;
  const lease = new Lease({
    acquire: async () => {
      asked += 1;
      return true;
    },
    release: async () => undefined,
    times: TIMES,
    now: clock.now,
    scheduler: clock.scheduler,
  });
  return { lease, asked: () => asked };
}

test("T-14 a lease is held for as long as signs of life come in time", async () => {
  const clock = createManualClock();
  const { lease, asked } = openLease(clock);
  expect(lease.held).toBe(false);
  expect(await lease.take()).toBe(true);
  await clock.advance(10 * TIMES.ttl);
  expect(asked()).toBe(1 + Math.floor((10 * TIMES.ttl) / TIMES.heartbeat));
  expect(lease.held).toBe(true);
  await lease.end();
  expect(lease.held).toBe(false);
  expect(clock.pending).toBe(0);
});

test("T-14 a sign of life that came too late gets the lease back, and not the turn: another owner may have had one in between", async () => {
  const clock = createManualClock();
  const { lease, asked } = openLease(clock);
  await lease.take();
  // The process stands still for a whole lease, and then gives its sign of life.
  await clock.stall(TIMES.ttl);
  expect(asked()).toBe(2);
  expect(lease.held).toBe(false);
  await clock.advance(TIMES.heartbeat); // Nor do later signs of life give it back.
  expect(asked()).toBe(3);
  expect(lease.held).toBe(false);
  await lease.take();
  expect(lease.held).toBe(true);
  await lease.end();
});

test.each([
  ["forward", TIMES.ttl],
  ["back", -TIMES.ttl],
])(
  "T-14 a lease is not held by one clock alone: the wall clock went %s by a lease while the other one stood still",
  async (_, ms) => {
    const clock = createManualClock();
    const { lease } = openLease(clock);
    await lease.take();
    clock.jump(ms - Math.sign(ms));
    expect(lease.held).toBe(true);
    clock.jump(Math.sign(ms));
    expect(lease.held).toBe(false);
    await lease.end();
  },
);

/** A lease on a store that answers as the test says. `log` holds what the store was asked. */
function leaseOf(
  clock: ManualClock,
  acquire: (n: number) => boolean | Promise<boolean>,
  release: () => Promise<void> = async () => undefined,
): { lease: Lease; log: string[] } {
  const log: string[] = [];
  let asked = 0;
  const lease = new Lease({
    acquire: async (ms) => {
      log.push(`acquire for ${ms}`);
      return acquire((asked += 1));
    },
    release: async () => {
      log.push("release");
      await release();
    },
    times: TIMES,
    now: clock.now,
    scheduler: clock.scheduler,
  });
  return { lease, log };
}
const ACQUIRE = `acquire for ${TIMES.ttl}`;
const never = (): Promise<never> => new Promise(() => undefined);

test("T-14 a lease is held for `ttl` after the last request that the store granted, by the monotonic clock alone as well", async () => {
  const clock = createManualClock();
  const { lease } = leaseOf(clock, (n) => (n === 1 ? true : never()));
  await lease.take();
  clock.jump(-TIMES.ttl + 1); // The wall clock says that next to no time has passed.
  await clock.advance(TIMES.ttl - 1);
  expect(lease.held).toBe(true);
  await clock.advance(1);
  expect(lease.held).toBe(false);
});

test("T-14 a lease counts from before the request: the store may have counted from then", async () => {
  const clock = createManualClock();
  const { lease } = leaseOf(clock, async (n) => {
    if (n > 1) return never();
    await clock.advance(1000);
    return true;
  });
  await lease.take();
  await clock.advance(TIMES.ttl - 1001);
  expect(lease.held).toBe(true);
  await clock.advance(1);
  expect(lease.held).toBe(false);
});

test("T-14 a heartbeat that fails is repeated, and costs nothing while the lease lasts", async () => {
  const clock = createManualClock();
  const { lease, log } = leaseOf(clock, (n) =>
    n === 2 ? Promise.reject(new Error("lost")) : true,
  );
  await lease.take();
  await clock.advance(TIMES.heartbeat);
  expect(lease.held).toBe(true);
  await clock.advance(2 * TIMES.heartbeat);
  expect([log.length, lease.held]).toEqual([4, true]);
  await lease.end();
});

test("T-14 a heartbeat that is refused is the last, and the lease is another owner's", async () => {
  const clock = createManualClock();
  const { lease, log } = leaseOf(clock, (n) => n === 1);
  await lease.take();
  await clock.advance(TIMES.heartbeat);
  expect([lease.held, clock.pending]).toEqual([false, 0]);
  expect(log).toEqual([ACQUIRE, ACQUIRE]);
  await lease.end(); // There is nothing to give back.
  expect(log).toEqual([ACQUIRE, ACQUIRE]);
});

test("T-14 a lease that was refused has no heartbeat", async () => {
  const clock = createManualClock();
  const { lease } = leaseOf(clock, () => false);
  expect(await lease.take()).toBe(false);
  expect([lease.held, clock.pending]).toEqual([false, 0]);
});

test("T-14 a lease that is taken twice has one heartbeat, which keeps no process alive", async () => {
  const clock = createManualClock();
  const { lease } = leaseOf(clock, () => true);
  await lease.take();
  await lease.take();
  expect([clock.pending, clock.keepsAlive]).toEqual([1, false]);
  await clock.advance(TIMES.heartbeat);
  expect([clock.pending, clock.keepsAlive]).toEqual([1, false]);
  await lease.end();
  expect(clock.pending).toBe(0);
});

test("T-14 requests for the lease come one after another, also after one that failed", async () => {
  const clock = createManualClock();
  let [open, most] = [0, 0];
  const { lease } = leaseOf(clock, async (n) => {
    most = Math.max(most, (open += 1));
    await settle();
    open -= 1;
    if (n === 1) throw new Error("lost");
    return true;
  });
  const taken = [lease.take(), lease.take()];
  expect(await failure(taken[0]!)).toMatchObject({ message: "lost" });
  expect(await taken[1]).toBe(true);
  expect(most).toBe(1);
  await lease.end();
});

test("T-14 a lease is given back after a heartbeat that is under way, which would take it again, and only then taken anew", async () => {
  const clock = createManualClock();
  const answers: ((granted: boolean) => void)[] = [];
  let released: (() => void) | undefined;
  const { lease, log } = leaseOf(
    clock,
    (n) => (n === 2 ? new Promise((resolve) => answers.push(resolve)) : true),
    () =>
      new Promise((resolve) => {
        released = resolve;
      }),
  );
  await lease.take();
  await clock.advance(TIMES.heartbeat);
  const ended = [lease.end(), lease.end()];
  const taken = lease.take();
  await settle();
  expect(log).toEqual([ACQUIRE, ACQUIRE]);
  answers[0]?.(true);
  await settle();
  expect(log).toEqual([ACQUIRE, ACQUIRE, "release"]);
  expect([lease.held, clock.pending]).toEqual([false, 0]);
  released?.();
  await Promise.all(ended);
  expect(await taken).toBe(true);
  expect(log).toEqual([ACQUIRE, ACQUIRE, "release", ACQUIRE]);
  expect([lease.held, clock.pending]).toEqual([true, 1]);
  // A later end gives it back again.
  const again = lease.end();
  await settle();
  released?.();
  await again;
  expect(log.at(-1)).toBe("release");
});

test("T-14 a lease that cannot be given back runs out by itself; another error than the store's is thrown", async () => {
  const clock = createManualClock();
  const errors = [new StoreError({ message: "down" }), new Error("a bug")];
  const { lease } = leaseOf(
    clock,
    () => true,
    () => Promise.reject(errors.shift()),
  );
  await lease.take();
  await lease.end();
  await lease.take();
  expect(await failure(lease.end())).toMatchObject({ message: "a bug" });
});

test("T-14 an intent is judged by who certainly has the turn: a process that lost it meanwhile leaves the owner's intent alone", async () => {
  const clock = createManualClock();
  const memory = createLeasedStore();
  const key = storeKey(plainProvider.name, plainConnection("refresh"));
  const token = {
    accessToken: "access-0",
    tokenType: "Bearer",
    issuedAt: clock.now() - 3_600_000,
    expiresAt: clock.now() - 1,
    refreshToken: "refresh-0",
  };
  const hash = await sha256("refresh-0");
  // Its owner has been silent for so long that the refresh token would be sent again.
  const intent = {
    refreshTokenHash: hash,
    owner: "another-host/2/2/other",
    at: clock.now() - 3_600_000,
  };
  await memory.set(key, { token, generation: 1, intent }, 0);
  let owner: "silent" | "has its turn again" | "gone" = "silent";
  const digest = crypto.subtle.digest.bind(crypto.subtle);
  jest.spyOn(crypto.subtle, "digest").mockImplementation(async (algorithm, data) => {
    if (new TextDecoder().decode(data as Uint8Array) === "refresh-0" && owner === "silent") {
      // Between its second look at the store and its verdict this process stands still for a whole
      // lease, and the owner comes back.
      owner = "has its turn again";
      await clock.stall(TIMES.ttl);
    }
    return digest(algorithm, data);
  });
  const writes: string[] = [];
  let refused = 0;
  const store: SharedTokenStore = {
    ...memory,
    async lease() {
      if (owner === "has its turn again") refused += 1;
      return owner !== "has its turn again";
    },
    async set(name, record, expected) {
      writes.push(`${record.intent ? "an intent" : record.token.refreshToken}: the owner ${owner}`);
      return memory.set(name, record, expected);
    },
  };
  const requests: unknown[] = [];
  const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    requests.push(init?.body);
    return Response.json({
      access_token: "access-1",
      expires_in: 3600,
      refresh_token: "refresh-1",
    });
  };
  const runtime = {
    ...createRuntime({ store, fetch, now: clock.now, leases: TIMES }, undefined),
    scheduler: clock.scheduler,
    binds: false,
  };
  const pending = createTokenSource(plainProvider, plainConnection("refresh"), runtime).getToken();
  const passing = async (): Promise<boolean> => {
    await clock.advance(TIMES.poll);
    return refused > 3;
  };
  await until(passing);
  expect(await memory.get(key)).toEqual({ token, generation: 1, intent });
  expect({ writes, requests }).toEqual({ writes: [], requests: [] });
  owner = "gone";
  let served: string | undefined;
  void pending.then(({ accessToken }) => {
    served = accessToken;
  });
  await until(async () => {
    await clock.advance(TIMES.poll);
    return served !== undefined;
  });
  expect(served).toBe("access-1");
  expect(writes).toEqual(["an intent: the owner gone", "refresh-1: the owner gone"]);
  expect(requests).toEqual(["refresh_token=refresh-0"]);
});
