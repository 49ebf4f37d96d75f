/**
 * Clients of one process on one memory store renew a token one after another (T-07, T-14), and a
 * client that is cancelled does not hold up the others.
 */
import { createMemoryStore, shareable, type TokenStore } from "../src/index.ts";
import { createLeasedStore } from "./support/leased-store.ts";
import { createWorld, withOwnDigest, type World } from "./support/coordinator.ts";
import { inChild } from "./support/child.ts";
import { settle } from "./support/manual-clock.ts";
import { failure } from "./support/clients.ts";

withOwnDigest();

const answer = async (n: number): Promise<Response> =>
  Response.json({ access_token: `token-${n}`, expires_in: 3600 });
const hangs = (): Promise<Response> => new Promise(() => undefined);

/** A client on the store, with time of its own: its timers run only if its own clock advances. */
const client = (store: TokenStore, vendor: (n: number) => Promise<Response>): World =>
  createWorld({ store: () => store, vendor });

test("T-14 a client that is cancelled holds up the others no longer than its lease", async () => {
  const store = createMemoryStore();
  const cancelled = client(store, hangs);
  void cancelled.source.getToken().catch(() => undefined); // Its clock never advances again.
  const other = client(store, answer);
  const token = await other.advanceUntil(other.source.getToken());
  expect(token.accessToken).toBe("token-1");
  expect(other.scheduler.monotonic()).toBeGreaterThanOrEqual(5000);
  expect(other.scheduler.monotonic()).toBeLessThan(10_000);
});

test("T-14 a client whose heartbeat goes on is waited for, however long its request takes", async () => {
  const store = createMemoryStore();
  const clock = client(store, answer);
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const first = createWorld({
    store: () => store,
    clock,
    vendor: async (n) => {
      await gate;
      return answer(n);
    },
  });
  const pending = first.source.getToken();
  const waiting = clock.source.getToken();
  await clock.advance(9000);
  expect([first.requests.length, clock.requests.length]).toEqual([1, 0]);
  open();
  const tokens = await Promise.all([clock.advanceUntil(pending), clock.advanceUntil(waiting)]);
  expect(tokens.map(({ accessToken }) => accessToken)).toEqual(["token-1", "token-1"]);
  expect(clock.requests).toHaveLength(0);
});

test("T-14 a heartbeat that is late because the process was busy does not end a turn", async () => {
  const store = createMemoryStore();
  const clock = client(store, answer);
  const first = createWorld({ store: () => store, clock, vendor: hangs });
  void first.source.getToken().catch(() => undefined);
  void clock.source.getToken().catch(() => undefined);
  await settle();
  await clock.stall(6000); // The waiting client looks before the heartbeat, which is late as well.
  await clock.advance(3000);
  expect([first.requests.length, clock.requests.length]).toEqual([1, 0]);
});

test("T-05 a client finds a usable token in the store while another client renews it", async () => {
  const store = createMemoryStore();
  const first = client(store, answer);
  await first.source.getToken();
  await first.advance(3_500_000); // In the soft window.
  const renewing = createWorld({ store: () => store, clock: first, vendor: hangs });
  await renewing.source.getToken(); // From the store.
  await renewing.source.getToken(); // From memory, and a renewal starts in the background.
  await settle();
  expect(renewing.requests).toHaveLength(1);
  const third = createWorld({ store: () => store, clock: first, vendor: hangs });
  expect((await third.source.getToken()).accessToken).toBe("token-1");
});

test("a store that hands on the renewer alone is still renewed by one client at a time", async () => {
  const { get, set, delete: remove, renewer } = createLeasedStore();
  let logins = 0;
  const worlds = Array.from({ length: 5 }, () =>
    client({ get, set, delete: remove, renewer }, async () => answer((logins += 1))),
  );
  await Promise.all(worlds.map((world) => world.advanceUntil(world.source.getToken())));
  expect(logins).toBe(1);
});

test("shareable() names the method that a store lacks", async () => {
  const { get, set, delete: remove, list, lease } = createLeasedStore();
  const store = { get, set, delete: remove, list, lease } as never;
  const error = await failure((async () => shareable(store))());
  expect(error).toMatchObject({ kind: "configuration", option: "store.release" });
});

test("T-16 a session whose token no store holds is found again after a thousand others", () => {
  const output = inChild(
    `
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc");
    const { createMemoryStore, createPetjeafClient } = await import("$src/index.ts");
    const memory = createMemoryStore();
    let broken = false;
    const store = {
      ...memory,
      set: async (...args) => {
        if (broken) throw new Error("the disk is full");
        return memory.set(...args);
      },
    };
    const fetch = async () => Response.json({
      access_token: "access-new", refresh_token: "refresh-new", token_type: "Bearer", expires_in: 3600,
    });
    const client = createPetjeafClient({ clientId: "c", clientSecret: "fake-secret", store, fetch });
    await (async () => {
      const { auth } = client.session("person");
      const token = { accessToken: "old", refreshToken: "old-refresh", tokenType: "Bearer", issuedAt: 1, expiresAt: 2 };
      await memory.set((await auth.explain()).key, { token, generation: 5 }, 0);
      broken = true;
      await auth.getToken();
    })();
    for (let i = 0; i < 1100; i += 1) client.session("other" + i);
    for (let i = 0; i < 8; i += 1) { await new Promise((r) => setTimeout(r, 20)); collect(); }
    const { token } = await client.session("person").auth.explain();
    const closed = await client.close().then(() => "closed", (error) => error.kind);
    console.log(JSON.stringify([token?.saved, closed]));
    process.exit(0);
  `,
    60_000,
  );
  expect(output).toContain('[false,"store"]');
});

test("T-06 forgetting a session keeps the process alive until the store has deleted it", () => {
  const output = inChild(
    `
    const { createPetjeafClient } = await import("$src/index.ts");
    const later = (value, then) => new Promise((resolve) => {
      setTimeout(() => { then?.(); resolve(value); }, 300).unref();
    });
    const record = { generation: 5, token: { accessToken: "a", tokenType: "Bearer", issuedAt: Date.now() } };
    const store = {
      get: () => later(record),
      set: () => later(true),
      delete: () => later(undefined, () => console.log("deleted")),
    };
    const fetch = async () => new Response(null, { status: 204 });
    const client = createPetjeafClient({ clientId: "c", clientSecret: "fake-secret", store, fetch });
    void client.session("person").auth.revoke({ forget: true });
  `,
    60_000,
  );
  expect(output).toContain("deleted");
});
