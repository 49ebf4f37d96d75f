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
import { Lease } from "../src/sharing/lease.ts";
import { createManualClock, type ManualClock } from "./support/manual-clock.ts";
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
