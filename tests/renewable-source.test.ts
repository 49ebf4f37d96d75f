/**
 * The token of one credential as callers see it, in the test's own time (T-04 to T-11, T-16, T-20):
 * what is served, who waits, what is told, and when it ends.
 */
import {
  createMemoryStore,
  shareable,
  type ClientEvent,
  type CommonOptions,
  type Token,
  type TokenStore,
} from "../src/index.ts";
import { createRuntime } from "../src/client/options.ts";
import { createGrantedTokenSource } from "../src/client/granted-token-source.ts";
import { createServerClock } from "../src/http/server-clock.ts";
import { storeKey } from "../src/tokens/store-key.ts";
import { failure } from "./support/clients.ts";
import { withOwnDigest } from "./support/coordinator.ts";
import { createManualClock, settle } from "./support/manual-clock.ts";
import { plainConnection, plainProvider, type Ways } from "./support/plain-provider.ts";

withOwnDigest();

const HOUR = 3_600_000;
/** Of a token that lives an hour, without jitter. */
const [SOFT, HARD] = [300_000, 15_000];
const LATCH = 15 * 60_000;

interface Setup {
  ways?: Ways;
  store?: TokenStore;
  /** The answer to the n-th token request, counted from 1. */
  answer?: (n: number) => Response | Error | Promise<Response>;
  background?: ((work: Promise<unknown>) => void) | undefined;
  options?: CommonOptions;
  random?: () => number;
}
const issued = (n: number, more: object = { expires_in: 3600 }): Response =>
  Response.json({ access_token: `access-${n}`, ...more });
const refused = (): Response => Response.json({ error: "invalid_client" }, { status: 401 });
const rotated = (n: number): Response =>
  issued(n, { expires_in: 3600, refresh_token: `refresh-${n}` });

function createSource(setup: Setup = {}) {
  const { ways = "login", answer = (n) => issued(n), store = createMemoryStore() } = setup;
  const clock = createManualClock(setup.random ?? (() => 0));
  const events: object[] = [];
  const requests: (string | undefined)[] = [];
  const runtime = createRuntime(
    {
      store,
      now: clock.now,
      onEvent: ({ provider, ...event }: ClientEvent) => {
        expect(provider).toBe("model");
        events.push("error" in event ? { ...event, error: event.error.kind } : event);
      },
      fetch: async (_, init) => {
        const form = new URLSearchParams(init?.body as string);
        requests.push(form.get("refresh_token") ?? undefined);
        const response = await answer(requests.length);
        if (response instanceof Error) throw response;
        return response;
      },
      ...setup.options,
    },
    undefined,
  );
  const connection = plainConnection(ways);
  const works: Promise<unknown>[] = [];
  const source = createGrantedTokenSource(plainProvider, connection, {
    ...runtime,
    scheduler: clock.scheduler,
    serverClock: createServerClock(clock.scheduler.monotonic),
    binds: false,
    background: "background" in setup ? setup.background : (work) => void works.push(work),
  });
  const key = storeKey(plainProvider.name, connection);
  const get = (options?: Parameters<typeof source.getToken>[0]): Promise<Token> =>
    clock.advanceUntil(source.getToken(options));
  const adopt = (n: number): Promise<void> =>
    source.adopt(
      {
        ...{ accessToken: `access-${n}`, tokenType: "Bearer", issuedAt: clock.now() },
        ...{ expiresAt: clock.now() + HOUR, refreshToken: `refresh-${n}` },
      },
      "authorization_code",
      undefined,
    );
  const consent = (n: number): Promise<void> => clock.advanceUntil(adopt(n));
  return { source, clock, events, requests, works, key, store, get, adopt, consent };
}
const reset = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });

describe("T-05 a token", () => {
  test("is obtained once, and told of", async () => {
    const { source, clock, events, requests, key, get } = createSource({ random: () => 0.5 });
    const before = await source.explain();
    expect(before).toEqual({
      ...{ key, inFlight: false, rotationInDoubt: false, replays: 0, closed: false },
    });
    const expiresAt = clock.now() + HOUR;
    const token = await get();
    expect(token).toEqual({
      ...{ accessToken: "access-1", tokenType: "Bearer", issuedAt: expiresAt - HOUR, expiresAt },
    });
    expect(await get()).toBe(token);
    expect([requests, events]).toEqual([
      [undefined],
      [{ type: "token_issued", grant: "client_credentials", expiresAt }],
    ]);
    await clock.advance(500);
    expect(await source.explain()).toEqual({
      ...before,
      token: {
        ...{ source: "client_credentials", state: "fresh", renewable: true, saved: true },
        ...{ issuedAt: expiresAt - HOUR, expiresAt, age: 500, renewsAt: expiresAt - 0.9 * SOFT },
      },
    });
  });

  test("whose expiry is not known is used, and that is told", async () => {
    const { clock, events, get } = createSource({ answer: (n) => issued(n, {}) });
    const token = await get();
    await clock.advance(24 * HOUR);
    expect(await get()).toBe(token);
    expect(events).toStrictEqual([
      { type: "token_issued", grant: "client_credentials" },
      { type: "expiry_unknown", grant: "client_credentials" },
    ]);
  });

  test("in its last 20 % is served and renewed in the background, once", async () => {
    const { source, clock, events, requests, works, get } = createSource();
    const token = await get();
    await clock.advance(HOUR - SOFT - 1);
    await get();
    expect(requests).toHaveLength(1);
    await clock.advance(1);
    const served = await Promise.all([source.getToken(), source.getToken()]);
    expect(served).toEqual([token, token]);
    await settle();
    expect([requests.length, works.length]).toEqual([2, 1]);
    const expiresAt = clock.now() + HOUR;
    expect(events[1]).toEqual({ type: "token_renewed", grant: "client_credentials", expiresAt });
    expect((await get()).accessToken).toBe("access-2");
  });

  test("T-06 after a failure in the background, the next renewal starts 30 s later", async () => {
    const { clock, requests, works, events, get } = createSource({
      answer: (n) => (n === 1 ? issued(n) : Response.json({}, { status: 400 })),
    });
    const token = await get();
    await clock.advance(HOUR - SOFT);
    expect(await get()).toBe(token);
    await settle();
    await clock.advance(29_999);
    await get();
    expect(requests).toHaveLength(2);
    await clock.advance(1);
    await get();
    await settle();
    expect([requests.length, works.length]).toEqual([3, 2]);
    expect(events[1]).toEqual({ type: "renewal_failed", error: "rejected" });
    await Promise.all(works); // No work is rejected.
  });

  test("T-11 is not renewed in the background while the vendor asks to come back later", async () => {
    const { clock, requests, get } = createSource({
      answer: (n) =>
        n === 2 ? Response.json({}, { status: 429, headers: { "retry-after": "100" } }) : issued(n),
    });
    await get();
    await clock.advance(HOUR - SOFT);
    await get();
    await settle();
    await clock.advance(99_000);
    await get();
    await settle();
    expect(requests).toHaveLength(2);
    await clock.advance(1000);
    await get();
    await settle();
    expect(requests).toHaveLength(3);
  });

  test("is waited for where nothing may run in the background", async () => {
    const { clock, requests, get } = createSource({ background: undefined });
    await get();
    await clock.advance(HOUR - SOFT);
    expect((await get()).accessToken).toBe("access-2");
    expect(requests).toHaveLength(2);
  });

  test("at its very end is waited for, and serves if there is no other", async () => {
    const { clock, get } = createSource({ answer: (n) => (n === 1 ? issued(n) : reset) });
    const token = await get();
    await clock.advance(HOUR - HARD);
    expect(await get()).toBe(token);
    expect(await failure(get({ minTtl: 20 }))).toMatchObject({ kind: "network" });
    await clock.advance(HARD);
    expect(await failure(get())).toMatchObject({ kind: "network" });
  });

  test("that was set in the future by a clock is not served", async () => {
    const { clock, get } = createSource();
    await get();
    clock.jump(-300_001);
    expect((await get()).accessToken).toBe("access-2");
  });
});

describe("T-07 a caller", () => {
  test("who needs the token for longer gets another one", async () => {
    const { clock, get } = createSource();
    await get();
    await clock.advance(HOUR - 600_000);
    expect((await get({ minTtl: 600 })).accessToken).toBe("access-1");
    expect((await get({ minTtl: 601 })).accessToken).toBe("access-2");
  });

  test("who joins a renewal whose token ends too soon for it waits for another one", async () => {
    const { source, clock, requests } = createSource({
      answer: (n) => issued(n, { expires_in: n === 1 ? 100 : 3600 }),
    });
    const [short, long] = await clock.advanceUntil(
      Promise.all([source.getToken(), source.getToken({ minTtl: 81 })]),
    );
    // 80 % of the lifetime has to do.
    expect([short?.accessToken, long?.accessToken]).toEqual(["access-1", "access-1"]);
    await clock.advance(30_000);
    const again = await clock.advanceUntil(
      Promise.all([source.getToken({ minTtl: 71 }), source.getToken()]),
    );
    expect(again.map(({ accessToken }) => accessToken)).toEqual(["access-2", "access-1"]);
    expect(requests).toHaveLength(2);
  });

  test("whose signal is aborted already sends nothing, and leaves no timer", async () => {
    const { source, clock, requests } = createSource();
    const reason = new Error("gone");
    expect(await failure(source.getToken({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    await settle();
    expect([requests, clock.pending]).toEqual([[], 0]);
  });

  test("T-20 whose token was refused gets a new one, once in 30 s", async () => {
    const { clock, requests, get } = createSource();
    const rejected = await get();
    const next = await get({ rejected });
    expect(next.accessToken).toBe("access-2");
    expect(await get({ rejected: next })).toBe(next);
    expect(requests).toHaveLength(2);
    await clock.advance(30_000);
    expect((await get({ rejected: next })).accessToken).toBe("access-3");
  });

  test("T-20 who needs the token for longer gets the refused one as well, and nothing is sent", async () => {
    const answer = (n: number): Response => issued(n, { expires_in: 100 });
    const { clock, requests, get } = createSource({ answer });
    const rejected = await get({ rejected: await get() });
    await clock.advance(25_000);
    expect(await get({ rejected, minTtl: 100 })).toBe(rejected);
    expect(requests).toHaveLength(2);
  });

  test("T-20 is told that the token was refused, and does not get it any more", async () => {
    const { source, get } = createSource({ answer: (n) => (n === 1 ? issued(n) : reset) });
    const rejected = await get();
    expect(await failure(get({ rejected }))).toMatchObject({ kind: "network" });
    expect(await source.explain()).toMatchObject({ token: { state: "refused" } });
    expect(await failure(get())).toMatchObject({ kind: "network" });
  });
});

describe("T-10 refused credentials", () => {
  test("are not sent for 15 minutes; the event and explain() say so", async () => {
    const { source, clock, events, requests, get } = createSource({ answer: refused });
    const until = clock.now() + LATCH;
    expect(await failure(get())).toMatchObject({ kind: "credentials" });
    expect(events).toEqual([
      { type: "latched", error: "credentials", until },
      { type: "renewal_failed", error: "credentials" },
    ]);
    const { latch, lastFailure } = await source.explain();
    expect(latch).toMatchObject({ kind: "credentials", until });
    expect(lastFailure).toMatchObject({ kind: "credentials", status: 401, at: until - LATCH });
    await clock.advance(LATCH - 1);
    expect(await failure(get())).toMatchObject({ kind: "credentials" });
    expect([requests.length, events.length]).toEqual([1, 2]);
    await clock.advance(1);
    await failure(get());
    expect(requests).toHaveLength(2);
  });

  test("are tried once after reset(), which forgets the failure", async () => {
    const { source, requests, get } = createSource({ answer: refused });
    await failure(get());
    source.reset();
    const { lastFailure, latch } = await source.explain();
    expect([lastFailure, latch]).toEqual([undefined, undefined]);
    for (let i = 0; i < 3; i += 1) await failure(get());
    expect(requests).toHaveLength(2);
  });

  test("that brought a token are latched until its end at most", async () => {
    const { source, clock, requests, get } = createSource({
      answer: (n) => (n === 1 ? issued(n) : refused()),
    });
    const { expiresAt } = await get();
    await clock.advance(HOUR - SOFT);
    await get();
    await settle();
    expect((await source.explain()).latch?.until).toBe(expiresAt);
    await clock.advance(SOFT);
    await failure(get());
    expect(requests).toHaveLength(3);
    expect((await source.explain()).latch?.until).toBe(clock.now() + LATCH);
  });

  test("that brought a token which lives for longer are latched as long as others", async () => {
    const { source, clock, get } = createSource({
      answer: (n) => (n === 1 ? issued(n, { expires_in: 9 * 3600 }) : refused()),
    });
    await get();
    await clock.advance(8 * HOUR);
    await failure(get({ minTtl: 2 * 3600 }));
    expect((await source.explain()).latch?.until).toBe(clock.now() + LATCH);
  });
});

describe("T-17 a refused refresh token", () => {
  const dead = (): Response => Response.json({ error: "invalid_grant" }, { status: 400 });

  test("asks for consent, which the event says, and a consent mends it", async () => {
    const { source, clock, events, requests, get, consent, store, key } = createSource({
      ...{ ways: "refresh", answer: dead },
    });
    await consent(1);
    await clock.advance(HOUR);
    expect(await failure(get())).toMatchObject({ kind: "reauthorization_required" });
    expect(events.slice(1)).toEqual([
      {
        ...{ type: "latched", error: "reauthorization_required", until: clock.now() + LATCH },
      },
      { type: "reauthorization_required", error: "reauthorization_required" },
      { type: "renewal_failed", error: "reauthorization_required" },
    ]);
    expect(await store.get(key)).toMatchObject({ reauthorizationRequired: true });
    await failure(get());
    expect(requests).toEqual(["refresh-1"]);
    await consent(2);
    expect((await get()).accessToken).toBe("access-2");
    expect(await source.explain()).not.toHaveProperty("latch");
    expect(events.at(-1)).toMatchObject({ type: "token_issued", grant: "authorization_code" });
  });

  test("is followed by a login, and is not sent again", async () => {
    const answer = (n: number): Response => (n === 2 ? dead() : rotated(n));
    const { clock, requests, events, get } = createSource({ ways: "both", answer });
    await get();
    await clock.advance(HOUR);
    expect((await get()).accessToken).toBe("access-3");
    expect(requests).toEqual([undefined, "refresh-1", undefined]);
    expect(events.at(-1)).toMatchObject({ type: "token_renewed", grant: "client_credentials" });
    await clock.advance(HOUR);
    expect((await get()).accessToken).toBe("access-4");
    expect(requests.at(-1)).toBe("refresh-3");
  });
});

describe("T-13 a lost answer", () => {
  const cut = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } });

  test("leaves a doubt, which a later token or reset() ends", async () => {
    let lost = true;
    const { source, clock, get, consent } = createSource({
      ways: "refresh",
      answer: (n) => (lost ? cut : rotated(n)),
    });
    await consent(1);
    await clock.advance(HOUR);
    expect(await failure(get())).toMatchObject({ kind: "network" });
    expect(await source.explain()).toMatchObject({ rotationInDoubt: true });
    source.reset();
    expect(await source.explain()).toMatchObject({ rotationInDoubt: false });
    await failure(get());
    lost = false;
    await get();
    expect(await source.explain()).toMatchObject({ rotationInDoubt: false });
  });

  test("with `replay: false` costs the refresh token; reset() permits one try, that failed or not", async () => {
    const { source, clock, requests, get, consent } = createSource({
      ways: "refresh",
      answer: () => cut,
      options: { replay: false },
    });
    await consent(1);
    await clock.advance(HOUR);
    const inDoubt = { kind: "reauthorization_required", code: "rotation_in_doubt" };
    expect(await failure(get())).toMatchObject({ kind: "network" });
    expect(await failure(get())).toMatchObject(inDoubt);
    source.reset();
    expect(await failure(get())).toMatchObject({ kind: "network" });
    expect(await failure(get())).toMatchObject(inDoubt);
    expect(requests).toHaveLength(2);
  });
});

describe("T-13 the try that reset() permits after a lost answer", () => {
  const cut = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } });
  const create = async () => {
    const server = { answer: (): Promise<Response> => Promise.reject(cut), down: false };
    const memory = createMemoryStore();
    const store: TokenStore = {
      get: (key) => (server.down ? Promise.reject(new Error("down")) : memory.get(key)),
      set: memory.set,
      delete: memory.delete,
    };
    const made = createSource({
      ...{ ways: "refresh", options: { replay: false }, store },
      answer: () => server.answer(),
    });
    await made.consent(1);
    await made.clock.advance(HOUR);
    await failure(made.get());
    expect(await failure(made.get())).toMatchObject({ code: "rotation_in_doubt" });
    made.source.reset();
    return { ...made, server };
  };

  test("is not used up if nothing was sent, since the store failed", async () => {
    const { get, server } = await create();
    server.down = true;
    expect(await failure(get())).toMatchObject({ kind: "store" });
    server.down = false;
    server.answer = async () => rotated(2);
    expect((await get()).accessToken).toBe("access-2");
  });

  test("is permitted again by a reset() while it is under way", async () => {
    const { source, clock, get, server } = await create();
    let fail = (): void => undefined;
    server.answer = () => new Promise((_, reject) => (fail = () => reject(cut)));
    const trying = failure(source.getToken());
    await settle();
    source.reset();
    fail();
    await clock.advanceUntil(trying);
    server.answer = async () => rotated(2);
    expect((await get()).accessToken).toBe("access-2");
  });
});

describe("T-16 a token that could not be saved", () => {
  const broken = (times = Infinity) => {
    const memory = createMemoryStore();
    let writes = 0;
    const store: TokenStore = {
      get: (key) => memory.get(key),
      delete: (key) => memory.delete(key),
      async set(...args) {
        writes += 1;
        if (writes <= times) throw new Error("disk full");
        return memory.set(...args);
      },
    };
    return { store, memory, writes: () => writes };
  };

  test("is served, told of, and saved a second later though nobody asks", async () => {
    const { store, memory } = broken(1);
    const { source, clock, events, key, get } = createSource({ store });
    const token = await get();
    expect(events.map((event) => (event as ClientEvent).type)).toEqual([
      "persist_failed",
      "token_issued",
    ]);
    expect(await source.explain()).toMatchObject({ token: { saved: false } });
    expect(source.pending).toBe(true);
    await clock.advance(999);
    expect(await memory.get(key)).toBeUndefined();
    await clock.advance(1);
    expect((await memory.get(key))?.token).toEqual(token);
    expect(await source.explain()).toMatchObject({ token: { saved: true } });
    expect([source.pending, clock.pending]).toEqual([false, 0]);
  });

  test("is saved again by a caller, at most once a second", async () => {
    const { store, writes } = broken();
    const { clock, get } = createSource({ store });
    await get();
    await get();
    await settle();
    expect(writes()).toBe(1);
    clock.jump(1000); // The wall clock alone, so that no timer runs.
    await get();
    await settle();
    expect(writes()).toBe(2);
    await get();
    await settle();
    expect(writes()).toBe(2);
  });

  test("stays in memory over reset()", async () => {
    const { store } = broken();
    const { source, get } = createSource({ store });
    const token = await get();
    source.reset();
    expect(await get()).toBe(token);
  });

  test("is saved once more by close(), which throws if that fails, and then is let go", async () => {
    const { store, writes } = broken();
    const { source, clock, get } = createSource({ store });
    await get();
    const error = await failure(source.finish());
    expect(error).toMatchObject({
      ...{ kind: "store", provider: "model" },
      message: expect.stringMatching(/The newest token is not saved/),
    });
    expect(writes()).toBe(2);
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    expect(writes()).toBe(2);
    expect(await failure(source.finish())).toBe(error);
  });

  test("gives no place to a token of the store before it was tried to be saved", async () => {
    const { store, memory } = broken();
    const { clock, key, get, requests } = createSource({ store });
    await get();
    const theirs = {
      ...{ accessToken: "theirs", tokenType: "Bearer" },
      ...{ issuedAt: clock.now(), expiresAt: clock.now() + 2 * HOUR },
    };
    await memory.set(key, { generation: 5, token: theirs }, 0);
    await clock.stall(HOUR); // No timer runs before the call.
    expect((await get()).accessToken).not.toBe("theirs");
    expect(requests).toHaveLength(2);
  });
});

describe("T-09 a consent, and the end of a session", () => {
  test("keep callers waiting until they are written", async () => {
    let open = (): void => undefined;
    const memory = createMemoryStore();
    const store: TokenStore = {
      get: (key) => memory.get(key),
      delete: (key) => memory.delete(key),
      async set(...args) {
        await new Promise<void>((resolve) => (open = resolve));
        return memory.set(...args);
      },
    };
    const { source, clock, adopt, requests } = createSource({ store, ways: "refresh" });
    const consenting = adopt(1);
    await settle();
    expect(source.pending).toBe(true);
    const served: string[] = [];
    const caller = source.getToken().then(({ accessToken }) => served.push(accessToken));
    const abort = new AbortController();
    const gone = failure(source.getToken({ signal: abort.signal }));
    await settle();
    abort.abort(new Error("gone"));
    expect(await gone).toMatchObject({ message: "gone" });
    expect(served).toEqual([]);
    open();
    await consenting;
    await caller;
    expect([served, requests, source.pending]).toEqual([["access-1"], [], false]);
    expect(clock.pending).toBe(0);
  });

  test("come one after another, and after the renewal under way", async () => {
    let answer = (): void => undefined;
    const { source, clock, store, key, adopt, consent } = createSource({
      ways: "refresh",
      answer: (n) => new Promise((resolve) => (answer = () => resolve(rotated(10 + n)))),
    });
    await consent(1);
    await clock.advance(HOUR);
    const renewing = source.getToken();
    await settle();
    const ended = Promise.all([adopt(2), source.forget(), adopt(3)]);
    await settle();
    expect((await store.get(key))?.token.accessToken).toBe("access-1");
    answer();
    await ended;
    expect((await renewing).accessToken).toBe("access-11");
    expect((await store.get(key))?.token.accessToken).toBe("access-3");
  });

  test("forget() leaves nothing, in memory or in the store", async () => {
    const { source, clock, store, key, get, consent } = createSource({ ways: "refresh" });
    await consent(1);
    await clock.advanceUntil(source.forget());
    expect(await store.get(key)).toBeUndefined();
    expect(await source.explain()).not.toHaveProperty("token");
    expect(await failure(get())).toMatchObject({ kind: "reauthorization_required" });
    expect([source.pending, clock.pending]).toEqual([false, 0]);
  });

  test("T-07 forget() leaves a record that other credentials than the last consent's have bound", async () => {
    const { source, clock, store, key } = createSource({ ways: "refresh" });
    const bindingKey = { bindingOf: async () => "ours", tagOf: async () => "tag" };
    const token = { accessToken: "access", tokenType: "Bearer", issuedAt: clock.now() };
    await clock.advanceUntil(source.adopt(token, "authorization_code", bindingKey));
    const theirs = { generation: 5, token, binding: "theirs" };
    const { generation = 0 } = (await store.get(key)) ?? {};
    await store.set(key, theirs, generation);
    await clock.advanceUntil(source.forget());
    expect(await store.get(key)).toEqual(theirs);
  });

  test("a token without a refresh token is renewable only where there is a login", async () => {
    for (const [ways, renewable] of [
      ["refresh", false],
      ["both", true],
    ] as const) {
      const { source, clock } = createSource({ ways });
      const token = { accessToken: "access", tokenType: "Bearer", issuedAt: clock.now() };
      await source.adopt(token, "authorization_code", undefined);
      expect(await source.explain()).toMatchObject({ token: { renewable } });
    }
  });

  test("a consent ends a refusal of its token", async () => {
    const { source, get, consent } = createSource({ ways: "refresh", answer: () => reset });
    await consent(1);
    const rejected = await get();
    await failure(get({ rejected }));
    await consent(1);
    expect((await get()).accessToken).toBe("access-1");
    expect(await source.explain()).toMatchObject({
      token: { state: "fresh", source: "authorization_code" },
    });
  });
});

describe("T-14 the end of a session, in a store that processes share", () => {
  const create = (
    lease: (n: number) => boolean | Promise<boolean>,
    release: () => Promise<unknown> = async () => undefined,
  ) => {
    const log: string[] = [];
    const memory = createMemoryStore();
    let asked = 0;
    const store = shareable({
      ...{ get: (key: string) => memory.get(key), set: memory.set, list: memory.list },
      async delete(key: string) {
        log.push("delete");
        await memory.delete(key);
      },
      async lease() {
        log.push("lease");
        return lease((asked += 1));
      },
      async release() {
        log.push("release");
        await release();
      },
    });
    return { log, ...createSource({ store, ways: "refresh" }) };
  };

  test("waits for the process that has the lease, and keeps this one alive meanwhile", async () => {
    const { source, clock, consent, log } = create((n) => n === 3);
    await consent(1);
    const began = clock.scheduler.monotonic();
    const ended = source.forget();
    await settle();
    expect([log, clock.keepsAlive, source.pending]).toEqual([["lease"], true, true]);
    await clock.advanceUntil(ended);
    expect(log).toEqual(["lease", "lease", "lease", "delete", "release"]);
    // Without randomness a pause is half as long: 100 ms, then 200 ms.
    expect(clock.scheduler.monotonic() - began).toBe(150);
    expect(clock.pending).toBe(0);
  });

  test("gives the lease back before forget() ends", async () => {
    let released = (): void => undefined;
    const { source, consent, log } = create(
      () => true,
      () => new Promise<void>((resolve) => (released = resolve)),
    );
    await consent(1);
    const ended = source.forget().then(() => log.push("ended"));
    await settle();
    expect(log).toEqual(["lease", "delete", "release"]);
    released();
    await ended;
    expect(log.at(-1)).toBe("ended");
  });

  test("comes nevertheless, once that process has taken too long", async () => {
    const { source, clock, consent, log } = create(() => false);
    await consent(1);
    const began = clock.scheduler.monotonic();
    await clock.advanceUntil(source.forget());
    expect(log.at(-1)).toBe("delete");
    expect(clock.scheduler.monotonic() - began).toBeGreaterThanOrEqual(30_000);
    expect(clock.scheduler.monotonic() - began).toBeLessThan(31_000);
  });

  test("comes without the lease if the store cannot give one", async () => {
    const { source, clock, consent, log } = create(() => Promise.reject(new Error("down")));
    await consent(1);
    await clock.advanceUntil(source.forget());
    expect(log).toEqual(["lease", "delete"]);
  });
});

describe("T-06 a closed source", () => {
  test("serves nobody, also those who wait", async () => {
    const { source, get, requests } = createSource();
    await get();
    await source.finish();
    const closed = { kind: "closed", provider: "model" };
    expect(await failure(source.getToken())).toMatchObject(closed);
    expect(await source.explain()).toMatchObject({ closed: true });
    expect(requests).toHaveLength(1);
  });

  test("ends after the renewal under way, whose caller gets the token", async () => {
    let answer = (): void => undefined;
    const { source, clock } = createSource({
      answer: (n) => new Promise((resolve) => (answer = () => resolve(issued(n)))),
    });
    const caller = source.getToken();
    await settle();
    const steps: string[] = [];
    const ended = source.finish().then(() => steps.push("ended"));
    await settle();
    expect([steps, source.pending]).toEqual([[], true]);
    answer();
    expect((await caller).accessToken).toBe("access-1");
    await ended;
    expect([source.pending, clock.pending]).toEqual([false, 0]);
  });

  test("ends after a renewal that fails, and after a consent", async () => {
    let answer = (): void => undefined;
    const { source, clock, adopt } = createSource({
      answer: () => new Promise((_, reject) => (answer = () => reject(reset))),
      ways: "both",
    });
    const caller = failure(clock.advanceUntil(source.getToken()));
    await settle();
    const consenting = adopt(1);
    const ended = source.finish();
    for (let i = 0; i < 20; i += 1) {
      answer();
      await clock.advance(1000);
    }
    expect(await caller).toMatchObject({ kind: "network" });
    await consenting;
    await ended;
    expect(clock.pending).toBe(0);
  });
});

test("T-07 of two clients on one store, one renews and the other takes what it stored", async () => {
  const store = createMemoryStore();
  const one = createSource({ store });
  const other = createSource({ store });
  const token = await one.get();
  expect(await other.get()).toEqual(token);
  expect([other.requests, other.events]).toEqual([[], []]);
  expect(await other.source.explain()).toMatchObject({ token: { source: "store" } });
  // What ends too soon for its caller is renewed.
  expect((await other.get({ minTtl: 3 * 3600 })).accessToken).toBe("access-1");
  await other.clock.advance(HOUR - HARD);
  await other.get();
  expect(other.requests).toHaveLength(1);
});

test("T-07 a token of the store that ends too soon for the caller is renewed", async () => {
  const store = createMemoryStore();
  await createSource({ store }).get();
  for (const [minTtl, requests] of [
    [600, 0],
    [601, 1],
  ] as const) {
    const other = createSource({ store });
    await other.clock.advance(HOUR - 600_000);
    await other.get({ minTtl });
    expect(other.requests).toHaveLength(requests);
  }
});
