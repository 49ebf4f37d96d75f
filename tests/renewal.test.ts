/**
 * A renewal under bad conditions: a store that fails or is slow, clocks that jump or differ, lost
 * answers, and refusals that come early.
 */
import {
  createApinizerClient,
  createGenLogsClient,
  createMemoryStore,
  shareable,
  createPetjeafClient,
  type ClientEvent,
  type CommonOptions,
  type PetjeafSession,
  type SharedTokenStore,
  type Token,
  type TokenRecord,
  type TokenStore,
} from "../src/index.ts";
import { createLeasedStore } from "./support/leased-store.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import {
  createWorld,
  sleep,
  withOwnDigest,
  type World,
  type WorldOptions,
} from "./support/coordinator.ts";
import type { ManualClock } from "./support/manual-clock.ts";
import { login } from "./support/plain-provider.ts";
import { onlyKeyOf } from "./support/keys.ts";
import { landed } from "./support/wait.ts";

const HOUR = 3_600_000;
/** GenLogs' tokens may live for a second longer, since the Date header has whole seconds. */
const MORE_THAN_AN_HOUR = HOUR + 2000;
let sandbox: Sandbox;
const events: ClientEvent[] = [];
beforeEach(async () => {
  sandbox = await startSandbox();
  events.splice(0);
});
afterEach(() => sandbox.close());

const common = (): CommonOptions => ({
  now: sandbox.now,
  onEvent: (event) => events.push(event),
  leases: { poll: 10 },
});
const genlogs = (options: Partial<Parameters<typeof createGenLogsClient>[0]> = {}) =>
  createGenLogsClient({ ...sandbox.genlogs.options, ...common(), ...options });
const apinizer = (options: CommonOptions = {}) =>
  createApinizerClient({ ...sandbox.apinizer.options, ...common(), ...options });
const app = (options: CommonOptions = {}) =>
  createPetjeafClient({ ...sandbox.petjeaf.options, ...common(), ...options });
async function consent(options: CommonOptions = {}): Promise<PetjeafSession> {
  const client = app(options);
  const { url, state } = client.authorizationUrl({ scope: "profile.read memberships.read" });
  return client.exchange((await fetch(url, { redirect: "manual" })).headers.get("location") ?? "", {
    state,
    key: "me",
  });
}
const rotations = (): number => sandbox.petjeaf.count("createToken");
const broken = async (): Promise<never> => {
  throw new Error("the disk is full");
};

describe("a store that fails", () => {
  test.each<[string, TokenStore]>([
    ["in everything", { get: broken, set: broken, delete: broken }],
    [
      "in everything, shared",
      shareable({
        get: broken,
        set: broken,
        delete: broken,
        list: broken,
        lease: broken,
        release: broken,
      }),
    ],
    ["in every write", { ...createMemoryStore(), set: broken }],
  ])(
    "T-16 %s costs no call where there is a login, though there is a refresh token",
    async (_, store) => {
      const client = genlogs({ store, renew: "refresh-token" });
      for (let life = 1; life <= 3; life += 1) {
        expect((await client.GET("/carrier/recommendations")).response.status).toBe(200);
        expect(sandbox.genlogs.count("createToken")).toBe(life);
        sandbox.advance(MORE_THAN_AN_HOUR);
      }
      expect(sandbox.genlogs.count("refreshToken")).toBe(0);
    },
  );

  test("T-16 T-05 near its end a token that no store holds is served, though it cannot be renewed; then comes a typed error", async () => {
    const client = apinizer({ store: { ...createMemoryStore(), set: broken } });
    const first = await client.auth.getToken();
    sandbox.advance(HOUR - 10_000);
    sandbox.apinizer.fail({
      operation: "createToken",
      times: 100,
      status: 400,
      body: { error: "invalid_request" },
    });
    expect(await client.auth.getToken()).toBe(first);
    sandbox.advance(10_000);
    expect(await failure(client.auth.getToken())).toMatchObject({ kind: "rejected", status: 400 });
  });

  test("T-16 the same without a login: it is served to its end, then there is a store error", async () => {
    const session = await consent({ store: { ...createMemoryStore(), set: broken } });
    const first = await session.auth.getToken();
    sandbox.advance(HOUR - 10_000);
    expect(await session.auth.getToken()).toBe(first);
    sandbox.advance(10_000);
    expect(await failure(session.auth.getToken())).toMatchObject({ kind: "store" });
    expect(rotations()).toBe(1);
  });
});

test("T-07 `minTtl` holds for a caller who joins the flight of another", async () => {
  const store = createMemoryStore();
  await apinizer({ store }).auth.getToken();
  sandbox.advance(HOUR - 300_000);
  const { auth } = apinizer({ store });
  const [any, long] = await Promise.all([auth.getToken(), auth.getToken({ minTtl: 600 })]);
  expect((any.expiresAt ?? 0) - sandbox.now()).toBeGreaterThan(0);
  expect((long.expiresAt ?? 0) - sandbox.now()).toBeGreaterThan(600_000);
  expect(sandbox.apinizer.count("createToken")).toBe(2);
});

test("T-15 a login starts anew: a refused refresh token is not carried over, nor sent at each renewal from then on", async () => {
  const store = createMemoryStore();
  const client = genlogs({ store, renew: "refresh-token" });
  await client.auth.getToken();
  sandbox.advance(HOUR);
  sandbox.genlogs.fail({ operation: "refreshToken", status: 401, body: { detail: "refused" } });
  sandbox.genlogs.fail({
    operation: "createToken",
    status: 200,
    body: {
      access_token_data: {
        token: "fake-token",
        expires: new Date(sandbox.now() + HOUR).toISOString(),
      },
    },
  });
  expect(await client.auth.getToken()).not.toHaveProperty("refreshToken");
  expect((await store.get(await onlyKeyOf(store)))?.token).not.toHaveProperty("refreshToken");
  sandbox.advance(HOUR);
  await client.auth.getToken();
  expect([sandbox.genlogs.count("refreshToken"), sandbox.genlogs.count("createToken")]).toEqual([
    1, 3,
  ]);
});

test("T-10 a refresh token that was refused is not sent again, though the login after it failed", async () => {
  const client = genlogs({ renew: "refresh-token" });
  await client.auth.getToken();
  sandbox.advance(MORE_THAN_AN_HOUR);
  sandbox.genlogs.fail({ operation: "refreshToken", status: 401, body: { detail: "refused" } });
  sandbox.genlogs.fail({ operation: "createToken", status: 500, times: 3 });
  expect(await failure(client.auth.getToken())).toMatchObject({ kind: "server" });
  await client.auth.getToken();
  expect([sandbox.genlogs.count("refreshToken"), sandbox.genlogs.count("createToken")]).toEqual([
    1, 5,
  ]);
});

test("T-17 a mark that another process's save comes before is not made: what that process saved is looked at", async () => {
  const memory = createLeasedStore();
  const session = await consent({ store: memory });
  const key = await onlyKeyOf(memory);
  const before = await session.auth.getToken();
  let once = true;
  const store: SharedTokenStore = {
    ...memory,
    set: async (...args: [string, TokenRecord, number]) => {
      if (args[1].reauthorizationRequired && once) {
        once = false;
        const record = (await memory.get(key))!;
        const token = {
          ...record.token,
          accessToken: "theirs",
          refreshToken: "their-refresh",
          issuedAt: sandbox.now(),
          expiresAt: sandbox.now() + HOUR,
        };
        await memory.set(
          key,
          { ...record, token, generation: record.generation + 1 },
          record.generation,
        );
      }
      return memory.set(...args);
    },
  };
  sandbox.advance(HOUR);
  sandbox.petjeaf.revokeRefreshTokens();
  expect(before.refreshToken).toBeDefined();
  expect(await app({ store }).session("me").auth.getToken()).toMatchObject({
    accessToken: "theirs",
  });
  expect(events.map(({ type }) => type)).not.toContain("reauthorization_required");
  expect(await memory.get(key)).not.toHaveProperty("reauthorizationRequired");
});

test("T-13 a rotation is in doubt no more once the token of another process was adopted", async () => {
  const store = createMemoryStore();
  const { auth, key } = await consent({ store });
  sandbox.advance(HOUR);
  sandbox.petjeaf.fail({ operation: "createToken", status: 500, times: 2 });
  await failure(auth.getToken());
  expect(await auth.explain()).toMatchObject({ rotationInDoubt: true });
  await app({ store }).session(key).auth.getToken();
  await auth.getToken();
  expect(await auth.explain()).toMatchObject({
    rotationInDoubt: false,
    token: { source: "store" },
  });
});

describe("T-13 where `replay` is off, a refresh token whose answer was lost", () => {
  const lose = (): void => sandbox.petjeaf.fail({ operation: "createToken", cut: "after" });
  const inDoubt = { kind: "reauthorization_required", code: "rotation_in_doubt" };

  test("is not sent again by the next call, nor after a restart; `reset()` permits one try", async () => {
    const store = createMemoryStore();
    const { auth, key } = await consent({ store, replay: false });
    sandbox.advance(HOUR);
    lose();
    expect(await failure(auth.getToken())).toMatchObject({ kind: "network" });
    for (let i = 0; i < 2; i += 1) expect(await failure(auth.getToken())).toMatchObject(inDoubt);
    // Another client cannot know at once that the first one is no longer waiting for the answer.
    expect(
      await failure(
        app({ store, replay: false, timeouts: { attempt: 1500, total: 1500 } })
          .session(key)
          .auth.getToken(),
      ),
    ).toMatchObject({ code: "rotation_in_doubt" });
    expect(rotations()).toBe(2);
    lose();
    auth.reset();
    expect(await failure(auth.getToken())).toMatchObject({ kind: "network" });
    expect(await failure(auth.getToken())).toMatchObject(inDoubt);
    expect(rotations()).toBe(3);
  });

  test.each<[string, () => TokenStore]>([
    ["of the client's own", createMemoryStore],
    [
      "that is not shared",
      () => {
        const { get, set, delete: forget } = createMemoryStore();
        return { get, set, delete: forget };
      },
    ],
  ])("the same with a store %s", async (_, create) => {
    const { auth, key } = await consent({ store: create(), replay: false });
    expect(key).toBe("me");
    sandbox.advance(HOUR);
    lose();
    await failure(auth.getToken());
    expect(await failure(auth.getToken())).toMatchObject(inDoubt);
    expect(rotations()).toBe(2);
  });

  test("is not sent again by one who finds the intent of a dead process", async () => {
    const store = createMemoryStore();
    const { auth, key } = await consent({ store, replay: false });
    sandbox.advance(HOUR);
    lose();
    await failure(auth.getToken());
    const name = await onlyKeyOf(store);
    const record = (await store.get(name))!;
    const [host, , start] = (record.intent?.owner ?? "").split("/");
    await store.set(
      name,
      {
        ...record,
        generation: record.generation + 1,
        intent: { ...record.intent!, owner: `${host}/999999999/${start}/gone` },
      },
      record.generation,
    );
    expect(await failure(app({ store, replay: false }).session(key).auth.getToken())).toMatchObject(
      inDoubt,
    );
    expect(events.map(({ type }) => type)).not.toContain("rotation_replayed");
    expect(rotations()).toBe(2);
  });

  test("serves its access token to the end", async () => {
    const { auth } = await consent({ replay: false });
    const first = await auth.getToken();
    sandbox.advance(HOUR - 100_000);
    lose();
    await auth.getToken();
    await landed(auth);
    sandbox.advance(95_000);
    expect(await auth.getToken()).toBe(first);
    expect(rotations()).toBe(2);
  });

  test("costs a login where there is one", async () => {
    const client = genlogs({ renew: "refresh-token", replay: false });
    await client.auth.getToken();
    sandbox.advance(MORE_THAN_AN_HOUR);
    sandbox.genlogs.fail({ operation: "refreshToken", cut: "after" });
    await failure(client.auth.getToken());
    await client.auth.getToken();
    expect([sandbox.genlogs.count("refreshToken"), sandbox.genlogs.count("createToken")]).toEqual([
      1, 2,
    ]);
  });

  test("is sent again if no connection was made, or the vendor answered", async () => {
    let unreachable = true;
    const refused = Object.assign(new TypeError("fetch failed"), {
      cause: { code: "ECONNREFUSED" },
    });
    const { auth } = await consent({
      replay: false,
      fetch: async (...args) => {
        if (unreachable && rotations() > 0) throw refused;
        return fetch(...args);
      },
    });
    sandbox.advance(HOUR);
    expect(await failure(auth.getToken())).toMatchObject({ kind: "network", maybeReceived: false });
    unreachable = false;
    sandbox.petjeaf.fail({
      operation: "createToken",
      status: 400,
      body: { status: 400, title: "Bad Request", detail: "Try again" },
    });
    expect(await failure(auth.getToken())).toMatchObject({ kind: "rejected" });
    await auth.getToken();
    expect(rotations()).toBe(3);
  });
});

describe("a clock", () => {
  withOwnDigest();
  const answer = (n: number, lifetime: number): Response =>
    Response.json({ access_token: `fake-${n}`, expires_in: lifetime });

  test.each([7_200_000, -7_200_000])(
    "T-02 that jumps by %i ms while the answer is on its way costs nobody a token",
    async (ms) => {
      const world = createWorld({
        vendor: async (n, { jump }) => {
          jump(ms);
          return answer(n, 3600);
        },
      });
      const tokens = await Promise.all(
        Array.from({ length: 3 }, () => world.advanceUntil(world.source.getToken())),
      );
      expect(new Set(tokens).size).toBe(1);
      expect((tokens[0]?.expiresAt ?? 0) - world.now()).toBe(HOUR);
      await world.source.getToken();
      expect(world.requests).toHaveLength(1);
    },
  );

  test("T-04 a process that is frozen for longer than its new token lives renews once more, with a new deadline", async () => {
    const world = createWorld({
      vendor: async (n, { stall }) => {
        if (n === 1) await stall(5000);
        return answer(n, 4);
      },
    });
    const tokens = await Promise.all(
      Array.from({ length: 3 }, () => world.advanceUntil(world.source.getToken())),
    );
    expect(tokens.map(({ accessToken }) => accessToken)).toEqual(["fake-2", "fake-2", "fake-2"]);
    expect(world.requests).toHaveLength(2);
  });

  test("T-04 one that is frozen twice gets a typed error that is no fault of the vendor", async () => {
    const world = createWorld({
      vendor: async (n, { stall }) => {
        await stall(5000);
        return answer(n, 4);
      },
    });
    expect(await failure(world.advanceUntil(world.source.getToken()))).toMatchObject({
      kind: "network",
      code: "timeout",
      retryable: true,
    });
    expect(world.requests).toHaveLength(2);
  });

  test("T-20 that differs by more than a token's life from another host's costs a login a life, not one a client", async () => {
    const store = createMemoryStore();
    const ahead = (): number => sandbox.now() + 2 * HOUR;
    for (let clients = 0; clients < 2 * 120; clients += 1) {
      expect(
        (await apinizer({ store, now: clients % 2 === 0 ? ahead : sandbox.now }).GET("/projects/"))
          .response.status,
      ).toBe(200);
      sandbox.advance(30_000);
    }
    expect(sandbox.apinizer.count("createToken")).toBeLessThanOrEqual(2 * 3);
  }, 60_000);
});

test("T-20 at most one forced renewal in 30 s, of all the clients that share a record", async () => {
  const store = createMemoryStore();
  sandbox.apinizer.fail({
    operation: "listProjects",
    status: 401,
    times: 1000,
    body: { status: "FAILURE", resultMessage: "Token is not valid!" },
  });
  const call = async (): Promise<void> =>
    expect((await apinizer({ store }).GET("/projects/")).response.status).toBe(401);
  for (let i = 0; i < 10; i += 1) await call();
  expect(sandbox.apinizer.count("createToken")).toBe(2);
  sandbox.advance(31_000);
  await call();
  await call();
  expect(sandbox.apinizer.count("createToken")).toBe(3);
});

describe("in the test's own time", () => {
  withOwnDigest();

  test("T-10 what is latched are the credentials, not the request: one that is made anew each time is not sent again", async () => {
    let made = 0;
    const world = createWorld({
      connection: {
        credentials: { key: "fake-private-key" },
        grants: () => [login(() => `assertion-${(made += 1)}`)],
      },
      vendor: async () => Response.json({ error: "invalid_client" }, { status: 401 }),
    });
    for (let i = 0; i < 5; i += 1)
      expect(await failure(world.advanceUntil(world.source.getToken()))).toMatchObject({
        kind: "credentials",
      });
    expect(world.requests).toHaveLength(1);
  });

  test("T-18 a process that waits for its turn looks less and less often, at least every second", async () => {
    let looks = 0;
    const world = createWorld({
      store: () => {
        const store = createLeasedStore();
        return {
          ...store,
          get: (key) => {
            looks += 1;
            return store.get(key);
          },
          lease: async () => false,
        };
      },
      vendor: async () => Response.json({ access_token: "fake", expires_in: 3600 }),
    });
    expect(await failure(world.advanceUntil(world.source.getToken()))).toMatchObject({
      code: "turn_taken",
    });
    expect(looks).toBeLessThan(60);
    expect(looks).toBeGreaterThan(25);
  });
});

describe("T-18 a store each of whose operations takes longer than a lease lasts", () => {
  withOwnDigest();
  const TIMEOUTS = { attempt: 10_000, total: 30_000 };
  const slow =
    (ms: number) =>
    (clock: ManualClock): SharedTokenStore => {
      const store = createLeasedStore();
      const late =
        <A extends unknown[], R>(run: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          await sleep(clock, ms);
          return run(...args);
        };
      return {
        ...store,
        get: late(store.get),
        set: late(store.set),
        delete: late(store.delete),
        lease: late(store.lease),
        release: late(store.release),
      };
    };
  const answer = async (n: number): Promise<Response> =>
    Response.json({ access_token: `fake-${n}`, expires_in: 3600 });

  test.each([2400, 2600, 6000, 9000])(
    "%i ms: a login is sent once the store has used up its share of the deadline",
    async (ms) => {
      const { source, scheduler, advanceUntil, requests } = createWorld({
        timeouts: TIMEOUTS,
        store: slow(ms),
        vendor: answer,
      });
      expect(await advanceUntil(source.getToken())).toMatchObject({ accessToken: "fake-1" });
      // The save comes after it.
      expect(scheduler.monotonic()).toBeLessThanOrEqual(TIMEOUTS.total / 3 + ms);
      expect(requests).toHaveLength(1);
      expect(await advanceUntil(source.getToken())).toMatchObject({ accessToken: "fake-1" });
    },
  );

  test("T-16 a save that outlasts the deadline is not waited for, and goes on", async () => {
    const world = createWorld({
      timeouts: { attempt: 10_000, total: 12_000 },
      store: (clock) => {
        const store = createMemoryStore();
        return {
          ...store,
          set: async (...args) => {
            await sleep(clock, 9000);
            return store.set(...args);
          },
        };
      },
      vendor: async (n, { stall }) => {
        await stall(5000);
        return answer(n);
      },
    });
    await world.advanceUntil(world.source.getToken());
    expect(world.scheduler.monotonic()).toBeLessThanOrEqual(12_100);
    expect(await world.source.explain()).toMatchObject({
      inFlight: false,
      token: { saved: false },
    });
    expect(world.source.pending).toBe(true);
    await world.advance(5000);
    expect(await world.source.explain()).toMatchObject({ token: { saved: true } });
    expect([world.source.pending, world.pending]).toEqual([false, 0]);
  });

  test("T-14 a lease that comes once the login goes on without it is given back, and not kept up", async () => {
    const store = createLeasedStore();
    const released: string[] = [];
    const world = createWorld({
      timeouts: TIMEOUTS,
      vendor: answer,
      store: (clock) => ({
        ...store,
        get: async (key) => {
          await sleep(clock, 3000);
          return store.get(key);
        },
        lease: async (...args) => {
          await sleep(clock, 9000);
          return store.lease(...args);
        },
        release: async (key, owner) => {
          released.push(owner);
          await store.release(key, owner);
        },
      }),
    });
    await world.advanceUntil(world.source.getToken());
    expect([world.requests.length, released.length]).toEqual([1, 0]);
    await world.advance(30_000);
    expect([released.length, world.pending]).toEqual([1, 0]);
  });

  test.each([6000, 9000])(
    "%i ms: a refresh token is not sent, and the error comes in time",
    async (ms) => {
      const { source, scheduler, advanceUntil, requests, now } = createWorld({
        timeouts: TIMEOUTS,
        store: slow(ms),
        vendor: answer,
        ways: "refresh",
      });
      await advanceUntil(
        source.adopt(
          {
            accessToken: "old",
            tokenType: "Bearer",
            issuedAt: now() - 1000,
            expiresAt: now() - 1,
            refreshToken: "fake-refresh",
          },
          "authorization_code",
          undefined,
        ),
      );
      const began = scheduler.monotonic();
      expect(await failure(advanceUntil(source.getToken()))).toMatchObject({
        kind: "store",
        code: "turn_taken",
      });
      expect(scheduler.monotonic() - began).toBeLessThanOrEqual(TIMEOUTS.total + 200);
      expect(requests).toHaveLength(0);
    },
  );
});

describe("T-08 a refresh token is not sent so late that its answer would be cut off", () => {
  withOwnDigest();
  const TIMEOUTS = { attempt: 10_000, total: 30_000 };
  const expired = (now: number): Token => ({
    accessToken: "old",
    tokenType: "Bearer",
    issuedAt: now - 1000,
    expiresAt: now - 1,
    refreshToken: "fake-refresh",
  });
  const world = async (options: Omit<WorldOptions, "timeouts" | "ways">): Promise<World> => {
    const created = createWorld({ timeouts: TIMEOUTS, ways: "refresh", ...options });
    await created.advanceUntil(
      created.source.adopt(expired(created.now()), "authorization_code", undefined),
    );
    return created;
  };
  const renewed = async (n: number): Promise<Response> =>
    Response.json({
      access_token: `fake-${n}`,
      expires_in: 3600,
      refresh_token: `fake-refresh-${n}`,
    });
  const lost = (code: string): Error =>
    Object.assign(new TypeError("fetch failed"), { cause: { code } });

  test("T-11 a wait for Retry-After that leaves no time is the next call's", async () => {
    const { source, requests, advanceUntil, advance } = await world({
      vendor: (n) =>
        n === 1
          ? Promise.resolve(Response.json({}, { status: 429, headers: { "retry-after": "28" } }))
          : renewed(n),
    });
    expect(await failure(advanceUntil(source.getToken()))).toMatchObject({ kind: "rate_limited" });
    expect(requests).toHaveLength(1);
    await advance(28_000);
    expect(await advanceUntil(source.getToken())).toMatchObject({ accessToken: "fake-2" });
  });

  test("nor after an intent that took long to write: it is taken back", async () => {
    const store = createLeasedStore();
    const slow = (clock: ManualClock): SharedTokenStore => ({
      ...store,
      get: async (key) => {
        await sleep(clock, 6000);
        return store.get(key);
      },
      set: async (...args) => {
        if (args[1].intent) await sleep(clock, 9000);
        return store.set(...args);
      },
      lease: async () => true,
      release: async () => undefined,
    });
    const { source, requests, advanceUntil } = await world({
      store: slow,
      vendor: renewed,
      leases: { ttl: 60_000, heartbeat: 30_000 },
    });
    expect(await failure(advanceUntil(source.getToken()))).toMatchObject({
      kind: "store",
      code: "turn_taken",
    });
    expect(requests).toHaveLength(0);
    expect((await store.get(await onlyKeyOf(store)))?.intent).toBeUndefined();
  });

  test("T-13 nor again at once, if the first answer was lost late", async () => {
    const { source, requests, advanceUntil } = await world({
      vendor: async (n, clock) => {
        if (n > 1) return renewed(n);
        await clock.advance(25_000);
        throw lost("ECONNRESET");
      },
    });
    expect(await failure(advanceUntil(source.getToken()))).toMatchObject({ kind: "network" });
    expect(requests).toHaveLength(1);
    expect(await advanceUntil(source.getToken())).toMatchObject({ accessToken: "fake-2" });
  });

  test("T-13 a 503 is a lost answer where `replay` is off, though it says when to come back", async () => {
    const { source, requests, advanceUntil, advance } = await world({
      replay: false,
      vendor: async (n) =>
        n === 1 ? Response.json({}, { status: 503, headers: { "retry-after": "1" } }) : renewed(n),
    });
    expect(await failure(advanceUntil(source.getToken()))).toMatchObject({
      kind: "rate_limited",
      status: 503,
    });
    await advance(2000);
    expect(await failure(advanceUntil(source.getToken()))).toMatchObject({
      code: "rotation_in_doubt",
    });
    expect(requests).toHaveLength(1);
  });

  test("T-13 a doubt is not forgotten, though the vendor could not be reached afterwards", async () => {
    const { source, requests, advanceUntil } = await world({
      vendor: async (n) => {
        throw lost(n === 1 ? "ECONNRESET" : "ECONNREFUSED");
      },
    });
    expect(await failure(advanceUntil(source.getToken()))).toMatchObject({ kind: "network" });
    expect(requests.length).toBeGreaterThan(1);
    expect(await source.explain()).toMatchObject({ rotationInDoubt: true });
  });
});
