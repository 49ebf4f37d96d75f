/**
 * T-14: processes that share a store take turns. In this file each process is a client of its own;
 * tests/processes.test.ts starts real processes.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import {
  createApinizerClient,
  createFileStore,
  createGenLogsClient,
  createPetjeafClient,
  createRedisStore,
  type ClientEvent,
  type CommonOptions,
  type PetjeafSession,
  type SharedTokenStore,
  type TokenRecord,
} from "../src/index.ts";
import { createLeasedStore } from "./support/leased-store.ts";
import { createProcessIdentity } from "../src/platform/process-identity.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import { startRedis } from "./support/redis.ts";
import { withServer } from "./support/with-redis.ts";
import { until } from "./support/wait.ts";
import { keysOf } from "./support/keys.ts";

let sandbox: Sandbox;
let store: SharedTokenStore;
const events: ClientEvent[] = [];
beforeEach(async () => {
  sandbox = await startSandbox();
  store = createLeasedStore();
  events.splice(0);
});
afterEach(() => sandbox.close());

const HOUR = 3_600_000;
const TIMES = { ttl: 300, heartbeat: 50, poll: 10, patience: 20_000 };
/** Without a sign of life in between. */
const CALM = { ...TIMES, ttl: 20_000, heartbeat: 10_000 };
/** Where a lease has to outlast a busy machine. */
const STEADY = { leases: { ...TIMES, ttl: 1500, heartbeat: 100 } };
const options = (more: CommonOptions = {}): CommonOptions => ({
  now: sandbox.now,
  store,
  leases: TIMES,
  timeouts: { attempt: 5000, total: 10_000 },
  onEvent: (event) => events.push(event),
  ...more,
});
const app = (more: CommonOptions = {}) =>
  createPetjeafClient({ ...sandbox.petjeaf.options, ...options(more) });
async function consent(more: CommonOptions = {}): Promise<PetjeafSession> {
  const client = app(more);
  const { url, state } = client.authorizationUrl({ scope: "profile.read memberships.read" });
  return client.exchange((await fetch(url, { redirect: "manual" })).headers.get("location") ?? "", {
    state,
    key: "me",
  });
}
const requests = (): number => sandbox.petjeaf.count("createToken");
const alive = async (session: PetjeafSession): Promise<void> =>
  expect((await session.GET("/users/me")).response.status).toBe(200);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const keyOf = async (): Promise<string> => (await keysOf(store))[0] ?? "";
/** Puts the intent of another owner on the record, as if that one had sent the refresh token. */
async function plant(owner: string, at = sandbox.now()): Promise<TokenRecord> {
  const key = await keyOf();
  const record = (await store.get(key))!;
  const hash = Buffer.from(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(record.token.refreshToken)),
  ).toString("base64url");
  const planted = {
    ...record,
    generation: record.generation + 1,
    intent: { refreshTokenHash: hash, owner, at },
  };
  await store.set(key, planted, record.generation);
  return planted;
}
const [host, , start] = createProcessIdentity().create().split("/");
const deadOwner = (): string =>
  `${host}/${spawnSync(process.execPath, ["-e", "0"]).pid}/${start}/gone`;

test("T-14 the order: lease, read again, latch, intent, POST, compare-and-set, release", async () => {
  const first = await consent();
  const steps: string[] = [];
  const log =
    <A extends unknown[], R>(name: (...args: NoInfer<A>) => string, run: (...args: A) => R) =>
    (...args: A): R => {
      steps.push(name(...args));
      return run(...args);
    };
  const logged: SharedTokenStore = {
    ...store,
    get: log((key) => (key.endsWith(":latch") ? "latch" : "read"), store.get),
    lease: log(() => "lease", store.lease),
    release: log(() => "release", store.release),
    set: log((...[, { intent }]) => (intent ? "intent" : "save"), store.set),
  };
  const session = app({ store: logged, fetch: log(() => "POST", fetch), leases: CALM }).session(
    first.key,
  );
  sandbox.advance(HOUR);
  await session.auth.getToken();
  expect(steps).toEqual(["read", "lease", "read", "latch", "intent", "POST", "save", "release"]);
  expect((await store.get(await keyOf()))?.intent).toBeUndefined();
});

test("T-14 of many clients with many callers on one store, one renews and the others adopt", async () => {
  const { key } = await consent();
  for (let expiry = 1; expiry <= 3; expiry += 1) {
    sandbox.advance(HOUR);
    const clients = Array.from({ length: 5 }, () => app().session(key));
    const tokens = await Promise.all(
      clients.flatMap((session) => Array.from({ length: 20 }, () => session.auth.getToken())),
    );
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(requests()).toBe(1 + expiry);
  }
});

test("T-14 logins take turns as well", async () => {
  const managers = Array.from({ length: 5 }, () =>
    createApinizerClient({ ...sandbox.apinizer.options, ...options() }),
  );
  await Promise.all(managers.map((manager) => manager.GET("/projects/")));
  sandbox.advance(HOUR);
  await Promise.all(managers.map((manager) => manager.GET("/projects/")));
  expect(sandbox.apinizer.count("createToken")).toBe(2);
});

test("T-14 what was read before the lease is read again after it", async () => {
  const first = await consent();
  const other = app().session(first.key);
  sandbox.advance(HOUR);
  let once = true;
  // Between the first read and the lease, another process renews.
  const late: SharedTokenStore = {
    ...store,
    lease: async (...args) => {
      if (once) {
        once = false;
        await other.auth.getToken();
      }
      return store.lease(...args);
    },
  };
  const session = app({ store: late }).session(first.key);
  expect((await session.auth.getToken()).accessToken).toBe(
    (await other.auth.getToken()).accessToken,
  );
  expect(requests()).toBe(2);
});

test("T-14 a heartbeat keeps the lease for as long as the answer takes, and it is given back", async () => {
  const session = await consent(STEADY);
  const key = await keyOf();
  sandbox.advance(HOUR);
  sandbox.petjeaf.fail({ operation: "createToken", delay: 2500 });
  const pending = session.auth.getToken();
  await pause(2000);
  expect(await store.lease(key, "somebody", 1)).toBe(false);
  await pending;
  expect(await store.lease(key, "somebody", 1)).toBe(true);
});

test("T-14 one sign of life that fails does not cost the lease", async () => {
  const first = await consent();
  const key = await keyOf();
  let leases = 0;
  const flaky: SharedTokenStore = {
    ...store,
    lease: async (...args) => {
      leases += 1;
      if (leases % 2 === 0) throw new Error("lost");
      return store.lease(...args);
    },
  };
  const session = app({ store: flaky, ...STEADY }).session(first.key);
  sandbox.advance(HOUR);
  sandbox.petjeaf.fail({ operation: "createToken", delay: 2500 });
  const pending = session.auth.getToken();
  await pause(2000);
  expect(await store.lease(key, "somebody", 1)).toBe(false);
  await pending;
  expect(leases).toBeGreaterThan(3);
});

describe("T-14 an intent of another owner", () => {
  test("who is certainly dead: its refresh token is sent once more, at once, and that is reported", async () => {
    const first = await consent();
    sandbox.advance(HOUR);
    await plant(deadOwner());
    const { auth } = app().session(first.key);
    await auth.getToken();
    expect(events).toContainEqual({
      type: "rotation_replayed",
      reason: "owner_dead",
      provider: "petjeaf",
    });
    expect(await auth.explain()).toMatchObject({ replays: 1 });
    expect(requests()).toBe(2);
  });

  test("who may live, and saves: it was waited for, and nothing was sent", async () => {
    const first = await consent();
    sandbox.advance(HOUR);
    const { token, generation } = await plant(`${host}/${process.pid}/${start}/frozen`);
    const waiting = app().session(first.key).auth.getToken();
    await pause(200);
    expect(requests()).toBe(1);
    const next = {
      ...token,
      accessToken: "next",
      refreshToken: "next-refresh",
      issuedAt: sandbox.now(),
      expiresAt: sandbox.now() + HOUR,
    };
    expect(
      await store.set(await keyOf(), { token: next, generation: generation + 1 }, generation),
    ).toBe(true);
    expect((await waiting).accessToken).toBe("next");
    expect(requests()).toBe(1);
  });

  test.each(["another-host/1/2/x", `${host}/${process.pid}/${start}/other-client`])(
    "who may live (%s): waited for until patience ends, then one replay, reported apart",
    async (owner) => {
      const first = await consent();
      sandbox.advance(HOUR);
      await plant(owner);
      const { auth } = app({
        timeouts: { attempt: 1500, total: 1500 },
        leases: { ...TIMES, patience: 2500 },
      }).session(first.key);
      // The deadline of a caller may come first.
      const error = await failure(auth.getToken());
      expect(error).toMatchObject({
        kind: "store",
        code: "rotation_in_doubt",
        retryable: true,
        retryAt: expect.any(Number),
      });
      expect(requests()).toBe(1);
      for (let tries = 0; requests() === 1 && tries < 10; tries += 1)
        await auth.getToken().catch(() => undefined);
      expect(events).toContainEqual({
        type: "rotation_replayed",
        reason: "owner_silent",
        provider: "petjeaf",
      });
      expect((await auth.explain()).replays).toBe(1);
      expect(requests()).toBe(2);
    },
  );

  test("is of a dead owner only where that is certain", () => {
    const { create, isDead } = createProcessIdentity();
    for (const owner of [
      "unknown/0/0/x",
      "nonsense",
      "",
      `another/${process.pid}/1/x`,
      `${host}/0/1/x`,
      `${host}/-1/1/x`,
      `${host}/1.5/1/x`,
      create(),
    ])
      expect({ owner, dead: isDead(owner) }).toEqual({ owner, dead: false });
    expect(isDead(deadOwner())).toBe(true);
    expect(isDead(`${host}/${process.pid}/1/x`)).toBe(true);
  });

  test("whose process id was given to another process is dead", async () => {
    const first = await consent();
    sandbox.advance(HOUR);
    await plant(`${host}/${process.pid}/1/x`);
    await app().session(first.key).auth.getToken();
    expect(events).toContainEqual(
      expect.objectContaining({ type: "rotation_replayed", reason: "owner_dead" }),
    );
  });

  test("that is older than patience by any clock is not waited for, so that processes of a second each get on", async () => {
    const first = await consent();
    sandbox.advance(HOUR);
    await plant("another-host/1/2/x", sandbox.now() - 20 * 60_000);
    await app().session(first.key).auth.getToken();
    expect(events).toContainEqual(expect.objectContaining({ reason: "owner_silent" }));
  });

  test("that speaks of another refresh token says nothing", async () => {
    const first = await consent();
    sandbox.advance(HOUR);
    const { token, generation } = await plant("another-host/1/2/x");
    await store.set(
      await keyOf(),
      {
        token,
        generation: generation + 1,
        intent: { refreshTokenHash: "of another", owner: "another-host/1/2/x", at: sandbox.now() },
      },
      generation,
    );
    await app().session(first.key).auth.getToken();
    expect(requests()).toBe(2);
    expect(events.filter(({ type }) => type === "rotation_replayed")).toEqual([]);
  });

  test("does not take away a token that still works", async () => {
    const first = await consent();
    sandbox.advance(HOUR - 10_000); // Within the hard window.
    await plant("another-host/1/2/x");
    const { accessToken } = await app({ timeouts: { attempt: 500, total: 500 } })
      .session(first.key)
      .auth.getToken();
    expect(accessToken).toBe((await store.get(await keyOf()))?.token.accessToken);
    expect(requests()).toBe(1);
  });
});

test("T-14 an owner that lost its lease before it could send does not send: it waits for its turn again", async () => {
  const first = await consent();
  sandbox.advance(HOUR);
  const other = app().session(first.key);
  let frozen = true;
  // Frozen from its intent on, for longer than the lease: no sign of life, and somebody else's turn
  // in the meantime.
  const freezing: SharedTokenStore = {
    ...store,
    set: async (key, record, expected) => {
      const written = await store.set(key, record, expected);
      if (record.intent && frozen) {
        frozen = false;
        await store.release(key, record.intent.owner);
        expect(await store.lease(key, "thief", 60_000)).toBe(true);
        await pause(400);
      }
      return written;
    },
  };
  let sent = 0;
  const session = app({
    store: freezing,
    fetch: (input, init) => {
      sent += 1;
      return fetch(input, init);
    },
  }).session(first.key);
  const pending = alive(session);
  // Taken back, so that the thief need not wait.
  await until(async () => !frozen && (await store.get(await keyOf()))?.intent === undefined);
  await pause(100);
  expect(sent).toBe(0);
  await store.release(await keyOf(), "thief");
  await pending;
  expect(sent).toBe(2); // One refresh, one call.
  expect(requests()).toBe(2);
  await alive(other);
});

test("T-14 an owner that comes back after its lease still saves, if nobody rotated meanwhile", async () => {
  const first = await consent();
  sandbox.advance(HOUR);
  // It never gives a sign of life, and its answer takes longer than its lease.
  const silent: SharedTokenStore = {
    ...store,
    lease: async (key, owner, ms) =>
      (await store.get(key))?.intent?.owner === owner
        ? Promise.reject(new Error("frozen"))
        : store.lease(key, owner, ms),
  };
  sandbox.petjeaf.fail({ operation: "createToken", delay: 900, delayed: "after" });
  const pending = app({ store: silent }).session(first.key).auth.getToken();
  await pause(500);
  const other = app().session(first.key);
  const adopted = other.auth.getToken(); // Has the turn now, finds the intent, and waits.
  expect((await adopted).accessToken).toBe((await pending).accessToken);
  expect(requests()).toBe(2);
  await alive(other);
});

test("T-14 who is right is decided by what was sent, not by clocks: hosts may differ in theirs", async () => {
  const first = await consent();
  sandbox.advance(HOUR);
  // This host's clock is four minutes ahead. While its answer is on its way, another one has
  // rotated, and saved.
  const ahead = app({
    now: () => sandbox.now() + 240_000,
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      const { token, generation } = (await store.get(await keyOf()))!;
      const theirs = {
        ...token,
        accessToken: "theirs",
        refreshToken: "their-refresh",
        issuedAt: sandbox.now(),
        expiresAt: sandbox.now() + HOUR,
      };
      expect(
        await store.set(await keyOf(), { token: theirs, generation: generation + 1 }, generation),
      ).toBe(true);
      return answer;
    },
  }).session(first.key);
  expect((await ahead.auth.getToken()).accessToken).toBe("theirs");
  expect((await store.get(await keyOf()))?.token.accessToken).toBe("theirs");
});

test("T-14 a lost answer is replayed by its own owner at once, and nobody waits for it", async () => {
  const first = await consent({ leases: CALM });
  sandbox.petjeaf.rotation.grace = 60;
  sandbox.advance(HOUR);
  sandbox.petjeaf.fail({ operation: "createToken", cut: "after", times: 2 });
  expect(await failure(first.auth.getToken())).toMatchObject({ kind: "network" });
  expect((await store.get(await keyOf()))?.intent).toBeUndefined();
  await alive(app().session(first.key));
  expect(events.filter(({ type }) => type === "rotation_replayed")).toEqual([]);
});

test("T-13 `replay: false` sends no refresh token a second time", async () => {
  const session = await consent({ replay: false, leases: CALM });
  sandbox.advance(HOUR);
  sandbox.petjeaf.fail({ operation: "createToken", cut: "before" });
  expect(await failure(session.auth.getToken())).toMatchObject({ kind: "network" });
  expect(requests()).toBe(2);
});

test("T-10 T-14 a credential that is latched takes nobody's turn, and while one waits no secret is asked for again", async () => {
  let leases = 0;
  const counting: SharedTokenStore = {
    ...store,
    lease: (...args) => {
      leases += 1;
      return store.lease(...args);
    },
  };
  const manager = createApinizerClient({
    ...sandbox.apinizer.options,
    ...options({ store: counting }),
    password: "wrong-password",
  });
  await failure(manager.auth.getToken());
  const before = leases; // With a sign of life or two, if the vendor took long.
  expect(before).toBeGreaterThan(0);
  expect(await failure(manager.auth.getToken())).toMatchObject({ kind: "credentials" });
  expect(leases).toBe(before);

  const first = await consent();
  sandbox.advance(HOUR);
  await plant("another-host/1/2/x");
  let asked = 0;
  const { auth } = createPetjeafClient({
    ...sandbox.petjeaf.options,
    ...options({ timeouts: { attempt: 1500, total: 1500 } }),
    clientSecret: () => {
      asked += 1;
      return sandbox.petjeaf.options.clientSecret;
    },
  }).session(first.key);
  expect(await failure(auth.getToken())).toMatchObject({ code: "rotation_in_doubt" });
  expect(asked).toBe(1); // To know whose token it is, and to send it.
});

test("T-14 when the turn never comes, that is a typed error in time, and nothing is sent", async () => {
  const first = await consent();
  sandbox.advance(HOUR);
  await store.lease(await keyOf(), "somebody", 60_000);
  const { auth } = app({ timeouts: { attempt: 1500, total: 1500 } }).session(first.key);
  expect(await failure(auth.getToken())).toMatchObject({
    kind: "store",
    code: "turn_taken",
    retryable: true,
  });
  expect(requests()).toBe(1);
});

test("T-16 a token that no store holds is still its owner's turn; it is given back once it is saved", async () => {
  const first = await consent();
  const key = await keyOf();
  let broken = true;
  const half: SharedTokenStore = {
    ...store,
    set: async (name, record, expected) =>
      broken && !record.intent
        ? Promise.reject(new Error("disk full"))
        : store.set(name, record, expected),
  };
  const { auth } = app({ store: half, ...STEADY }).session(first.key);
  sandbox.advance(HOUR);
  const { accessToken } = await auth.getToken();
  await pause(2000); // Longer than a lease.
  expect(await store.lease(key, "somebody", 1)).toBe(false);
  broken = false;
  sandbox.advance(2000);
  await auth.getToken();
  for (let tries = 0; tries < 100 && !(await store.lease(key, "somebody", 1)); tries += 1)
    await pause(10);
  expect((await store.get(key))?.token.accessToken).toBe(accessToken);
  await auth.close();
});

test("T-16 a token that could not be saved is saved later, though nobody asks for one: others wait for it", async () => {
  const first = await consent();
  let broken = true;
  const half: SharedTokenStore = {
    ...store,
    set: async (name, record, expected) =>
      broken && !record.intent
        ? Promise.reject(new Error("disk full"))
        : store.set(name, record, expected),
  };
  sandbox.advance(HOUR);
  const { accessToken } = await app({ store: half }).session(first.key).auth.getToken();
  broken = false; // And nobody calls that one again.
  const other = app().session(first.key);
  expect((await other.auth.getToken()).accessToken).toBe(accessToken);
  expect(requests()).toBe(2);
});

test("T-14 after a pause between attempts it looks again whose turn it is", async () => {
  const first = await consent();
  const key = await keyOf();
  sandbox.advance(HOUR);
  sandbox.petjeaf.fail({
    operation: "createToken",
    status: 429,
    headers: { "retry-after": "2" },
    body: {},
  });
  // From its first request on it is frozen, and somebody else gets the turn.
  let sent = false;
  const freezing: SharedTokenStore = {
    ...store,
    lease: async (...args) => (sent ? Promise.reject(new Error("frozen")) : store.lease(...args)),
  };
  const { auth } = app({
    store: freezing,
    fetch: (input, init) => {
      sent = true;
      return fetch(input, init);
    },
  }).session(first.key);
  const pending = auth.getToken();
  await until(() => sent);
  await until(() => store.lease(key, "somebody", 60_000));
  const { token, generation } = (await store.get(key))!;
  await store.set(
    key,
    {
      token: {
        ...token,
        accessToken: "theirs",
        refreshToken: "their-refresh",
        issuedAt: sandbox.now(),
        expiresAt: sandbox.now() + HOUR,
      },
      generation: generation + 1,
    },
    generation,
  );
  expect((await pending).accessToken).toBe("theirs");
  expect(requests()).toBe(2);
});

test("T-08 T-14 after a long wait a refresh token is not sent so late that the deadline would cut its answer off", async () => {
  const first = await consent();
  const key = await keyOf();
  sandbox.advance(HOUR);
  await store.lease(key, "somebody", 1300);
  sandbox.petjeaf.fail({ operation: "createToken", delay: 800, delayed: "after" });
  const session = app({ timeouts: { attempt: 1000, total: 2000 } }).session(first.key);
  expect(await failure(session.auth.getToken())).toMatchObject({
    kind: "store",
    code: "turn_taken",
    retryable: true,
  });
  expect(requests()).toBe(1);
  await alive(session);
  expect(sandbox.petjeaf.log.filter(({ event }) => event === "reused")).toEqual([]);
});

test("T-14 what another process revoked is not brought back from memory", async () => {
  const first = await consent();
  const other = app().session(first.key);
  await alive(other);
  await first.auth.revoke();
  sandbox.advance(HOUR);
  expect(await failure(other.auth.getToken())).toMatchObject({ kind: "reauthorization_required" });
  expect(await store.list()).toEqual([]);
  expect(requests()).toBe(1);
});

test("T-14 a record that is deleted while its token is renewed stays so: that owner lost its turn to a revocation", async () => {
  const other = app().session((await consent()).key);
  sandbox.advance(HOUR);
  sandbox.petjeaf.fail({ operation: "createToken", delay: 300, delayed: "after" });
  const renewing = failure(other.auth.getToken());
  await until(() => sandbox.petjeaf.log.some(({ event }) => event === "rotated"));
  await store.delete(await keyOf());
  expect(await renewing).toMatchObject({ kind: "reauthorization_required" });
  expect(await store.list()).toEqual([]);
  expect(await failure(app().session(other.key).auth.getToken())).toMatchObject({
    kind: "reauthorization_required",
  });
  // A new consent opens it again, here as well.
  await consent();
  await alive(other);
});

test("T-14 where there is a login, a record that is deleted while its token is renewed costs one, and no error", async () => {
  const { auth } = createGenLogsClient({
    ...sandbox.genlogs.options,
    ...options(),
    renew: "refresh-token",
  });
  await auth.getToken();
  sandbox.advance(2 * HOUR);
  sandbox.genlogs.fail({ operation: "refreshToken", delay: 300, delayed: "after" });
  const renewing = auth.getToken();
  await until(() => sandbox.genlogs.count("refreshToken") === 1);
  await store.delete(await keyOf());
  const { accessToken } = await renewing;
  expect(sandbox.genlogs.count("createToken")).toBe(2);
  expect((await store.get(await keyOf()))?.token.accessToken).toBe(accessToken);
});

test("T-14 in a store that says nothing of others, a record that is gone is written again", async () => {
  const { get, set, delete: remove } = store;
  let key = "";
  const alone = {
    get: (name: string) => {
      if (!name.endsWith(":latch")) key = name;
      return get(name);
    },
    set,
    delete: remove,
  };
  const session = await consent({ store: alone });
  sandbox.advance(HOUR);
  sandbox.petjeaf.fail({ operation: "createToken", delay: 300, delayed: "after" });
  const renewing = session.auth.getToken();
  await until(() => sandbox.petjeaf.log.some(({ event }) => event === "rotated"));
  await remove(key);
  const { refreshToken } = await renewing;
  expect((await get(key))?.token.refreshToken).toBe(refreshToken);
});

test("T-10 T-17 a refusal of an earlier refresh token is no reason to try a later one that was refused elsewhere", async () => {
  const refuse = (): void =>
    sandbox.petjeaf.fail({
      operation: "createToken",
      status: 400,
      body: { error: "invalid_grant" },
    });
  const one = await consent();
  const session = app().session(one.key);
  sandbox.advance(HOUR);
  refuse();
  expect(await failure(session.auth.getToken())).toMatchObject({
    kind: "reauthorization_required",
  });
  const other = await consent();
  sandbox.advance(HOUR);
  refuse();
  expect(await failure(other.auth.getToken())).toMatchObject({ kind: "reauthorization_required" });
  const before = requests();
  expect(await failure(session.auth.getToken())).toMatchObject({
    kind: "reauthorization_required",
  });
  expect(requests()).toBe(before);
});

test("T-16 a token that could not be saved is not saved once its session was revoked", async () => {
  const first = await consent();
  let broken = true;
  const half: SharedTokenStore = {
    ...store,
    set: async (name, record, expected) =>
      broken && !record.intent
        ? Promise.reject(new Error("full"))
        : store.set(name, record, expected),
  };
  const session = app({ store: half }).session(first.key);
  sandbox.advance(HOUR);
  const { accessToken } = await session.auth.getToken();
  await store.delete(await keyOf());
  broken = false;
  // Nothing is left to save.
  await until(async () => (await session.auth.explain()).token?.saved === true);
  expect(await store.list()).toEqual([]);
  expect((await session.auth.getToken()).accessToken).toBe(accessToken); // As long as it lives.
  sandbox.advance(HOUR);
  expect(await failure(session.auth.getToken())).toMatchObject({
    kind: "reauthorization_required",
  });
});

test("T-14 a store that was set back to a used refresh token: the successor in memory is written again, and nothing is sent twice", async () => {
  const session = await consent();
  const key = await keyOf();
  const before = (await store.get(key))!;
  sandbox.advance(HOUR);
  await alive(session);
  const { generation } = (await store.get(key))!;
  for (const expiry of [0, HOUR]) {
    await store.set(
      key,
      { ...before, generation: generation + 100 + expiry },
      (await store.get(key))?.generation ?? 0,
    );
    sandbox.advance(HOUR);
    await alive(session);
  }
  await alive(app().session("me"));
  expect(sandbox.petjeaf.log.filter(({ event }) => event === "reused")).toEqual([]);
});

test("T-16 a consent that comes while an older token is being saved is what is kept", async () => {
  const first = await consent();
  const key = await keyOf();
  let mode: "fail" | "slow" | "well" = "fail";
  const gate: { open?: () => void } = {};
  const store1: SharedTokenStore = {
    ...store,
    set: async (name, record, expected) =>
      mode === "fail" && !record.intent
        ? Promise.reject(new Error("full"))
        : store.set(name, record, expected),
    get: async (name) => {
      if (mode === "slow")
        await new Promise<void>((resolve) => {
          gate.open = resolve;
        });
      return store.get(name);
    },
  };
  const one = app({ store: store1 });
  sandbox.advance(HOUR);
  await one.session(first.key).auth.getToken(); // Unsaved.
  const { token, generation } = (await store.get(key))!;
  // Somebody else's consent is stored; the older token is overtaken by it.
  await store.set(
    key,
    {
      token: { ...token, accessToken: "theirs", refreshToken: "their-refresh" },
      generation: generation + 1,
    },
    generation,
  );
  mode = "slow";
  for (let tries = 0; tries < 200 && !gate.open; tries += 1) await pause(20);
  mode = "well";
  // While that is found out, the person consents here.
  const { url, state } = one.authorizationUrl({ scope: "profile.read" });
  const consenting = one.exchange(
    (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
    { state, key: "me" },
  );
  await pause(100);
  gate.open?.();
  const session = await consenting;
  await alive(session);
  expect((await store.get(key))?.token.accessToken).toBe(
    (await session.auth.getToken()).accessToken,
  );
  expect((await store.get(key))?.token.accessToken).not.toBe("theirs");
});

test("T-16 a token that could not be saved follows the generation it was based on: it overwrites nobody's consent", async () => {
  const first = await consent();
  const key = await keyOf();
  let broken = true;
  const half: SharedTokenStore = {
    ...store,
    set: async (name, record, expected) =>
      broken && !record.intent
        ? Promise.reject(new Error("full"))
        : store.set(name, record, expected),
  };
  const session = app({ store: half }).session(first.key);
  sandbox.advance(HOUR);
  const rejected = await session.auth.getToken();
  const { token, generation } = (await store.get(key))!;
  const theirs = {
    ...token,
    accessToken: "theirs",
    refreshToken: "their-refresh",
    issuedAt: sandbox.now(),
    expiresAt: sandbox.now() + HOUR,
  };
  await store.set(key, { token: theirs, generation: generation + 1 }, generation);
  broken = false;
  await session.auth.getToken({ rejected }); // Its flight reads the store first.
  for (let tries = 0; tries < 100 && !(await session.auth.explain()).token?.saved; tries += 1)
    await pause(50);
  expect((await store.get(key))?.token.refreshToken).toBe("their-refresh");
});

describe("T-14 a store that does not do its part ends in a typed error in time", () => {
  const counted = (
    parts: Partial<SharedTokenStore>,
  ): { store: SharedTokenStore; count: () => number } => {
    let n = 0;
    const all = { ...store, ...parts };
    return {
      store: {
        ...all,
        get: (key) => {
          n += 1;
          return all.get(key);
        },
      },
      count: () => n,
    };
  };

  test("a lease that takes longer than it lasts", async () => {
    const first = await consent();
    sandbox.advance(HOUR);
    const slow = counted({
      lease: async (...args) => {
        await pause(350);
        return store.lease(...args);
      },
    });
    expect(
      await failure(
        app({ timeouts: { attempt: 1000, total: 1500 }, store: slow.store })
          .session(first.key)
          .auth.getToken(),
      ),
    ).toMatchObject({ kind: "store", code: "turn_taken" });
    expect(slow.count()).toBeLessThan(20);
  });

  test.each([
    ["false", false],
    ["nothing", undefined],
  ])("a compare-and-set that always says %s", async (_, answer) => {
    const first = await consent();
    sandbox.advance(HOUR);
    const refusing = counted({ set: async () => answer as boolean });
    expect(
      await failure(app({ store: refusing.store }).session(first.key).auth.getToken()),
    ).toMatchObject({ kind: "store", code: "changes" });
    expect(refusing.count()).toBeLessThan(50);
    expect(requests()).toBe(1);
  });

  test("an intent that was written, and was not said to be: it is taken back", async () => {
    const first = await consent();
    sandbox.advance(HOUR);
    let once = true;
    const unsure = counted({
      set: async (key, record, expected) => {
        const written = await store.set(key, record, expected);
        if (record.intent && once) {
          once = false;
          throw new Error("not replicated");
        }
        return written;
      },
    });
    expect(
      await failure(app({ store: unsure.store }).session(first.key).auth.getToken()),
    ).toMatchObject({ kind: "store" });
    await alive(app().session(first.key));
    expect(events.filter(({ type }) => type === "rotation_replayed")).toEqual([]);
  });

  test("a release that hangs holds nobody's token up", async () => {
    const first = await consent();
    sandbox.advance(HOUR);
    const hanging = counted({ release: () => new Promise(() => undefined) });
    const began = performance.now();
    await app({ timeouts: { attempt: 8000, total: 10_000 }, store: hanging.store })
      .session(first.key)
      .auth.getToken();
    expect(performance.now() - began).toBeLessThan(7000);
  });

  test("GenLogs with a refresh token: a login needs no store", async () => {
    const failing: SharedTokenStore = {
      ...store,
      get: async () => {
        throw new Error("down");
      },
      lease: async () => {
        throw new Error("down");
      },
    };
    const client = createGenLogsClient({
      ...sandbox.genlogs.options,
      ...options({ store: failing }),
      renew: "refresh-token",
    });
    expect((await client.GET("/carrier/recommendations")).response.status).toBe(200);
    sandbox.advance(HOUR);
    expect((await client.GET("/carrier/recommendations")).response.status).toBe(200);
    expect(sandbox.genlogs.count("refreshToken")).toBe(0);
  });
});

test("T-14 a sign of life that came too late does not end the heartbeat, nor does it count as the same turn", async () => {
  const first = await consent();
  sandbox.advance(HOUR);
  sandbox.petjeaf.fail({ operation: "createToken", delay: 3000 });
  let beats = 0;
  const session = app({
    store: {
      ...store,
      lease: (...args) => {
        beats += 1;
        return store.lease(...args);
      },
    },
  }).session(first.key);
  const pending = session.auth.getToken();
  await pause(200);
  const end = performance.now() + 400;
  while (performance.now() < end); // The process is busy for longer than its lease.
  const before = beats;
  await until(() => beats - before > 1);
  await pending;
});

test("T-14 a revocation waits for a renewal of another process, which therefore brings nothing back", async () => {
  const first = await consent();
  const other = app().session(first.key);
  const rejected = await other.auth.getToken();
  sandbox.petjeaf.fail({ operation: "createToken", delay: 500 });
  const before = requests();
  const renewing = other.auth.getToken({ rejected });
  await until(() => requests() > before); // It has its lease.
  await first.auth.revoke();
  await renewing;
  expect(await store.list()).toEqual([]);
});

test("T-14 a record that came after a deletion is not taken for the one before", async () => {
  const first = await consent();
  const before = await store.get(await keyOf());
  await first.auth.revoke();
  await consent();
  expect((await store.get(await keyOf()))?.generation).not.toBe(before?.generation);
});

test.each([
  ["leases.heartbeat", { heartbeat: 4000 }],
  ["leases.patience", { patience: 1000 }],
  ["leases.ttl", { ttl: 0 }],
  ["leases.poll", { poll: -1 }],
  ["leases", 7],
])("%s that cannot work is a configuration error", (option, leases) => {
  expect(() =>
    createPetjeafClient({ ...sandbox.petjeaf.options, leases: leases as never }),
  ).toThrow(expect.objectContaining({ kind: "configuration", option }));
});

test("a store with a lease and no release is a configuration error", () => {
  const { release, ...rest } = store;
  expect(release).toBeDefined();
  expect(() => app({ store: rest })).toThrow(expect.objectContaining({ option: "store.release" }));
});

test.each([
  ["damaged", /is damaged/, (file: string) => writeFileSync(file, "{")],
  [
    "of a newer version",
    /newer version.*Upgrade/,
    (file: string) => writeFileSync(file, `{"version":9}`),
  ],
  ["readable by others", /chmod 600/, (file: string) => chmodSync(file, 0o644)],
])(
  "T-19 a store file that is %s: the token in memory is served; when it expires, an error names the path and the cure",
  async (_, cure, harm) => {
    const path = mkdtempSync(join(tmpdir(), "corrigenda-rotation-"));
    try {
      const session = await consent({ store: createFileStore({ path }) });
      const folder = join(path, readdirSync(path)[0] ?? "");
      const file = join(
        folder,
        readdirSync(folder).find((name) => name.startsWith("token.")) ?? "",
      );
      harm(file);
      const before = readFileSync(file, "utf8");
      await alive(session);
      sandbox.advance(HOUR - 5000);
      await alive(session); // It should be renewed by now, and still works.
      sandbox.advance(HOUR);
      const error = await failure(session.auth.getToken());
      expect(error).toMatchObject({ kind: "store", provider: "petjeaf" });
      expect(error.message).toContain(file);
      expect(error.message).toMatch(cure);
      expect(requests()).toBe(1);
      expect(readFileSync(file, "utf8")).toBe(before);
    } finally {
      rmSync(path, { recursive: true });
    }
  },
);

withServer.describe("T-18 Redis that goes away and comes back", () => {
  test("a login goes on without it; a rotating refresh stops with a clear error; the token in memory is served; then all is well", async () => {
    const server = await startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
    const client = new Redis(server.port, { maxRetriesPerRequest: 1, retryStrategy: () => 50 });
    client.on("error", () => undefined);
    try {
      const shared = { store: createRedisStore({ client }) };
      const session = await consent(shared);
      const manager = createApinizerClient({ ...sandbox.apinizer.options, ...options(shared) });
      await manager.GET("/projects/");
      await server.kill();
      await alive(session); // From memory.
      sandbox.advance(HOUR);
      expect((await manager.GET("/projects/")).response.status).toBe(200);
      const error = await failure(session.auth.getToken());
      expect(error).toMatchObject({ kind: "store", provider: "petjeaf", retryable: true });
      expect(error.message).toMatch(/corrigenda:\{petjeaf:.*cannot be reached/);
      expect(requests()).toBe(1);
      expect(events.map(({ type }) => type)).toContain("persist_failed"); // The login's token.
      await server.start();
      for (let tries = 0; tries < 50; tries += 1) {
        if ((await session.auth.getToken().catch(() => undefined)) !== undefined) break;
        await pause(50);
      }
      await alive(session);
      expect(requests()).toBe(2);
      sandbox.advance(2000);
      await manager.auth.getToken();
      for (let tries = 0; tries < 100 && !(await manager.auth.explain()).token?.saved; tries += 1)
        await pause(20);
      expect((await manager.auth.explain()).token?.saved).toBe(true);
      await alive(app(shared).session("me"));
    } finally {
      client.disconnect();
      await server.close();
    }
  });

  test("frozen: a typed error that names the key, in time, and the token in memory is served", async () => {
    const server = await startRedis();
    const client = new Redis(server.port);
    client.on("error", () => undefined);
    try {
      const session = await consent({
        store: createRedisStore({ client }),
        timeouts: { attempt: 1000, total: 10_000 },
      });
      server.freeze();
      await alive(session);
      sandbox.advance(HOUR);
      const error = await failure(session.auth.getToken());
      expect(error).toMatchObject({ kind: "store", provider: "petjeaf", retryable: true });
      expect(error.message).toMatch(/did not answer in time \(key petjeaf:.*me\)/);
      server.thaw();
      await alive(session);
    } finally {
      server.thaw();
      client.disconnect();
      await server.close();
    }
  });

  test("killed while the answer is on its way: the token is kept in memory, and saved when it is back", async () => {
    const server = await startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
    const client = new Redis(server.port, { maxRetriesPerRequest: 1, retryStrategy: () => 50 });
    client.on("error", () => undefined);
    try {
      const session = await consent({ store: createRedisStore({ client }) });
      sandbox.advance(HOUR);
      sandbox.petjeaf.fail({ operation: "createToken", delay: 1500, delayed: "after" });
      const pending = session.auth.getToken();
      await until(() => sandbox.petjeaf.log.some(({ event }) => event === "rotated"));
      await server.kill();
      const { accessToken } = await pending;
      expect(await session.auth.explain()).toMatchObject({ token: { saved: false } });
      await server.start();
      sandbox.advance(2000);
      for (let tries = 0; tries < 100 && !(await session.auth.explain()).token?.saved; tries += 1) {
        await session.auth.getToken();
        sandbox.advance(2000);
        await pause(50);
      }
      const other = app({ store: createRedisStore({ client }) }).session("me");
      expect((await other.auth.getToken()).accessToken).toBe(accessToken);
      await alive(other);
    } finally {
      client.disconnect();
      await server.close();
    }
  });
});
