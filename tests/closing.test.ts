/**
 * The end of a client: what `close()` waits for and for how long, what it reports, and what it
 * releases from memory.
 */
import {
  createApinizerClient,
  createMemoryStore,
  createPetjeafClient,
  StoreError,
  type CommonOptions,
  type PetjeafClient,
  type PetjeafSession,
  type TokenSource,
  type TokenStore,
} from "../src/index.ts";
import { createLeasedStore } from "./support/leased-store.ts";
import { apinizer } from "../src/providers/apinizer.ts";
import { createRuntime } from "../src/client/options.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { systemScheduler, type Scheduler } from "../src/platform/scheduler.ts";
import type { GrantedTokenSource } from "../src/client/granted-token-source.ts";
import { createGrantedTokenSource } from "../src/client/granted-token-source.ts";
import { inChild } from "./support/child.ts";
import { failure } from "./support/clients.ts";
import { until } from "./support/wait.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

const HOUR = 3_600_000;
const petjeaf = (options: CommonOptions = {}): PetjeafClient =>
  createPetjeafClient({ ...sandbox.petjeaf.options, now: sandbox.now, ...options });

async function consent(app: PetjeafClient, key = "me"): Promise<PetjeafSession> {
  const { url, state } = app.authorizationUrl({ scope: "profile.read" });
  const { headers } = await fetch(url, { redirect: "manual" });
  return app.exchange(headers.get("location") ?? "", { state, key });
}

/** A store that can be broken: it takes no token then, and counts the attempts. */
function breakable(): {
  readonly store: TokenStore;
  readonly state: { broken: boolean; attempts: number };
} {
  const memory = createMemoryStore();
  const state = { broken: false, attempts: 0 };
  return {
    state,
    store: {
      ...memory,
      set: async (...args) => {
        state.attempts += 1;
        if (state.broken && !args[1].intent) throw new Error("full"); // An intent is no token.
        return memory.set(...args);
      },
    },
  };
}

describe("close() twice", () => {
  test("of a session leaves the one alone that was opened after it, and the app waits for that one", async () => {
    const app = petjeaf();
    const first = await consent(app);
    await first.auth.close();
    const second = await consent(app);
    await first.auth.close();
    sandbox.advance(HOUR);
    sandbox.petjeaf.fail({ operation: "createToken", delay: 300 });
    const pending = second.auth.getToken();
    await first.auth.close();
    await app.close();
    expect(await second.auth.explain()).toMatchObject({ inFlight: false, closed: true });
    expect((await pending).accessToken).toBeTruthy();
  });

  test("has one outcome, and writes nothing a second time", async () => {
    const { store, state } = breakable();
    const app = petjeaf({ store });
    const session = await consent(app);
    sandbox.advance(HOUR);
    state.broken = true;
    await session.auth.getToken();
    const ends = await Promise.all([failure(session.auth.close()), failure(session.auth.close())]);
    const { attempts } = state;
    state.broken = false;
    ends.push(await failure(session.auth.close()));
    for (const end of ends) expect(end).toMatchObject({ kind: "store", message: ends[0]?.message });
    expect(new Set(ends).size).toBe(3); // An error of its own for each (T-09).
    expect(state.attempts).toBe(attempts);
  });

  test("of an app has one outcome, and so has that of a client", async () => {
    const { store, state } = breakable();
    const app = petjeaf({ store });
    const session = await consent(app);
    sandbox.advance(HOUR);
    state.broken = true;
    await session.auth.getToken();
    expect(await failure(app.close())).toMatchObject({ kind: "store" });
    state.broken = false;
    expect(await failure(app.close())).toMatchObject({ kind: "store" });

    const client = createApinizerClient({ ...sandbox.apinizer.options, now: sandbox.now });
    await client.auth.getToken();
    await client.auth.close();
    await client.auth.close();
  });
});

/** Timers that are set and not over, and whether the process stays alive for each. */
function watched(): {
  readonly scheduler: Scheduler;
  readonly timers: Map<object, boolean>;
  readonly alive: () => number;
} {
  const timers = new Map<object, boolean>();
  const scheduler: Scheduler = {
    ...systemScheduler,
    after: (ms, run) => {
      const id = {};
      const timer = systemScheduler.after(ms, () => {
        timers.delete(id);
        run();
      });
      timers.set(id, true);
      return {
        clear: () => {
          timers.delete(id);
          timer.clear();
        },
        keepAlive: (yes) => {
          if (timers.has(id)) timers.set(id, yes);
          timer.keepAlive(yes);
        },
      };
    },
  };
  return { scheduler, timers, alive: () => [...timers.values()].filter(Boolean).length };
}

/** A source whose token is due, and whose vendor answers when it is told to. */
async function renewing(options: CommonOptions = {}): Promise<
  ReturnType<typeof watched> & {
    readonly source: GrantedTokenSource;
    readonly answer: () => void;
    readonly saved: () => Promise<string | undefined>;
  }
> {
  let now = Date.now();
  let asked = 0;
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const store = options.store ?? createMemoryStore();
  let key = "";
  const given = {
    managerUrl: "https://m.example",
    username: "u",
    password: "p",
    now: () => now,
    fetch: async () => {
      asked += 1;
      const n = asked;
      if (n > 1) await answered;
      return Response.json({ access_token: `token-${n}`, expires_in: 3600 });
    },
    ...options,
    store: {
      ...store,
      get: async (name: string) => {
        if (!name.endsWith(":latch")) key = name;
        return store.get(name);
      },
    },
  };
  const watch = watched();
  const source = createGrantedTokenSource(apinizer, apinizer.connect(given), {
    ...createRuntime(given, undefined),
    scheduler: watch.scheduler,
  });
  await source.getToken();
  now += 3_500_000;
  await source.getToken();
  await until(() => asked === 2);
  return { ...watch, source, answer, saved: async () => (await store.get(key))?.token.accessToken };
}

/**
 * What is left of a client whose token no store took, in a process of its own: where coverage is
 * counted, the engine holds on to more.
 */
const leftOfClosed = (): unknown =>
  JSON.parse(
    inChild(
      `
  import { setFlagsFromString } from "node:v8";
  import { runInNewContext } from "node:vm";
  import { createApinizerClient, createMemoryStore } from "$src/index.ts";
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let told = false;
  async function end() {
    const { get, delete: remove } = createMemoryStore();
    const store = { get, delete: remove, set: async () => { throw new Error("full"); } };
    const client = createApinizerClient({
      managerUrl: "http://127.0.0.1:1", username: "u", password: "fake-password", store,
      fetch: async () => Response.json({ access_token: "t", expires_in: 3600 }),
    });
    await client.auth.getToken();
    await client.auth.close().catch(({ message }) => { told = message.includes("lost with this client"); });
    return new WeakRef(store);
  }
  const store = await end();
  const isHeld = () => store.deref() !== undefined;
  for (let i = 0; i < 200; i += 1) {
    await pause(10);
    gc();
    if (!isHeld()) break;
  }
  console.log(JSON.stringify({ told, held: isHeld() }));
  process.exit();`,
      45_000,
    ),
  );

describe("after close()", () => {
  test("a token that could not be saved is held no longer, and no timer is left that would save it", async () => {
    const { scheduler, timers } = watched();
    const { get, delete: remove } = createMemoryStore();
    const store: TokenStore = {
      get,
      delete: remove,
      set: async () => {
        throw new Error("full");
      },
    };
    const options = { ...sandbox.apinizer.options, store };
    const source = createGrantedTokenSource(apinizer, apinizer.connect(options), {
      ...createRuntime(options, undefined),
      scheduler,
    });
    await source.getToken();
    expect(timers.size).toBe(1); // It would be written again after a while.
    const error = await failure(source.close());
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toContain("lost with this client");
    expect(timers.size).toBe(0);
    expect(leftOfClosed()).toEqual({ told: true, held: false });
  });

  test("what a request brings that was waited for no longer is saved all the same", async () => {
    const { source, answer, saved, timers } = await renewing();
    expect(await failure(source.close({ within: 20 }))).toMatchObject({
      kind: "store",
      code: "gave_up",
      message: expect.stringContaining("may be lost"),
    });
    const end = source.close(); // One that has the time learns how it ends.
    answer();
    await end;
    expect(await saved()).toBe("token-2");
    expect(timers.size).toBe(0);
  });

  test("and if that cannot be saved either, nothing tries again", async () => {
    const { store, state } = breakable();
    const { source, answer, timers } = await renewing({ store });
    state.broken = true;
    expect(await failure(source.close({ within: 20 }))).toMatchObject({
      kind: "store",
      code: "gave_up",
    });
    answer();
    expect(await failure(source.finish())).toMatchObject({
      kind: "store",
      message: expect.stringContaining("lost with this client"),
    });
    expect(timers.size).toBe(0);
  });

  test("T-07 a session whose request is still under way is not opened anew before that is over", async () => {
    const app = petjeaf();
    const first = await consent(app);
    sandbox.advance(HOUR);
    const before = sandbox.petjeaf.count("createToken");
    sandbox.petjeaf.fail({ operation: "createToken", delay: 1500 });
    const pending = first.auth.getToken();
    await until(() => sandbox.petjeaf.count("createToken") > before);
    expect(await failure(first.auth.close({ within: 10 }))).toMatchObject({ code: "gave_up" });
    expect(await failure(app.session("me").auth.getToken())).toMatchObject({ kind: "closed" });
    const { accessToken } = await pending;
    await first.auth.close();
    expect((await app.session("me").auth.getToken()).accessToken).toBe(accessToken);
    expect(sandbox.petjeaf.count("createToken")).toBe(before + 1);
  });
});

describe("close({ within })", () => {
  test.each([
    ["within", { within: 0 }],
    ["within", { within: -1 }],
    ["within", { within: Number.NaN }],
    ["within", { within: Infinity }],
    ["within", { within: "1" }],
    ["options", "SIGTERM"],
    ["options", null],
  ])(
    "with a mistake in `%s` (%p) is a configuration error, and ends nothing",
    async (option, options) => {
      const app = petjeaf();
      const session = await consent(app);
      const clients = [
        app,
        session.auth,
        createApinizerClient(sandbox.apinizer.options).auth,
        createApinizerClient({ managerUrl: "https://m.example", token: "t" }).auth,
      ];
      for (const client of clients)
        expect(await failure(client.close(options as never))).toMatchObject({
          kind: "configuration",
          option,
        });
      expect((await session.auth.getToken()).accessToken).toBeTruthy();
      for (const auth of [app.session("other").auth, ...(clients.slice(2) as TokenSource[])])
        expect((await auth.explain()).closed).toBe(false);
    },
  );

  test("of an app holds for all its sessions and consents together", async () => {
    const app = petjeaf();
    const session = await consent(app);
    sandbox.advance(HOUR);
    const before = sandbox.petjeaf.count("createToken");
    sandbox.petjeaf.fail({ operation: "createToken", delay: 1500, times: 2 });
    const renewed = session.auth.getToken();
    const exchanged = consent(app, "other");
    await until(() => sandbox.petjeaf.count("createToken") === before + 2);
    expect(await failure(app.close({ within: 20 }))).toMatchObject({
      kind: "store",
      code: "gave_up",
    });
    expect((await session.auth.explain()).inFlight).toBe(true);
    await app.close();
    expect((await session.auth.explain()).inFlight).toBe(false);
    expect((await renewed).accessToken).toBeTruthy();
    const { auth } = await exchanged;
    expect((await auth.explain()).closed).toBe(true);
  });

  test("T-14 has nothing to tell where all is saved, and only the turn is slow to be given back", async () => {
    const memory = createLeasedStore();
    let hangs = false;
    const { source, answer, saved } = await renewing({
      leases: { poll: 10 },
      store: {
        ...memory,
        release: (...args) => (hangs ? new Promise(() => undefined) : memory.release(...args)),
      },
    });
    hangs = true;
    answer();
    await until(async () => (await source.explain()).token?.state === "fresh");
    await source.close({ within: 50 });
    expect(await saved()).toBe("token-2");
  });
});

describe("T-06 close() keeps the process alive for what it waits for", () => {
  /**
   * A process whose token is due, renewed in the background, and whose vendor does not come up with
   * another one.
   */
  const child = (vendor: string, end: string): string =>
    inChild(
      `
    import { mkdtempSync, rmSync } from "node:fs";
    import { join } from "node:path";
    import { tmpdir } from "node:os";
    import { createApinizerClient, createFileStore } from "$src/index.ts";
    let now = Date.now();
    let vendor = async () => Response.json({ access_token: "t", expires_in: 3600 });
    const options = { managerUrl: "https://m.example", username: "u", password: "p", now: () => now, fetch: () => vendor(), timeouts: { attempt: 1500, total: 4000 } };
    const path = mkdtempSync(join(tmpdir(), "corrigenda-closing-"));
    const store = createFileStore({ path });
    process.once("exit", () => rmSync(path, { recursive: true }));
    const renewing = async (client) => {
      await client.auth.getToken();
      now += 3_500_000;
      ${vendor}
      await client.auth.getToken();
      if (!(await client.auth.explain()).inFlight) throw new Error("nothing is being renewed");
      return client;
    };
    const close = async (client, options) => {
      await client.auth.close(options).catch(({ kind, code }) => console.log(kind, code));
      console.log("closed", (await client.auth.explain()).inFlight);
    };
    ${end}`,
      25_000,
    );

  /** As most servers do it. */
  const ON_SIGTERM = (options: string): string => `
    const stay = setInterval(() => undefined, 1000);
    process.once("SIGTERM", async () => {
      clearInterval(stay);
      await close(client);
    });
    const client = await renewing(createApinizerClient(${options}));
    process.kill(process.pid, "SIGTERM");`;

  const SERVER_FAILS = `vendor = async () => new Response("{}", { status: 503, headers: { "retry-after": "1" } });`;
  const HANGS = `vendor = () => new Promise(() => undefined);`;
  const TURN_IS_TAKEN = `for (const { key } of await store.list()) await store.lease(key, "somebody", 1000);`;

  test.each([
    ["a pause before the next attempt", SERVER_FAILS, ON_SIGTERM("options")],
    ["the deadline of a request", HANGS, ON_SIGTERM("options")],
    ["the turn of another process", TURN_IS_TAKEN, ON_SIGTERM("{ ...options, store }")],
    [
      "at the end of a module",
      SERVER_FAILS,
      "await close(await renewing(createApinizerClient(options)));",
    ],
  ])("%s", (_, vendor, end) => {
    expect(child(vendor, end)).toBe("closed false");
  });

  test("and for no longer than `within`: what is still under way is told, and the process ends", () => {
    expect(
      child(
        HANGS,
        `await close(await renewing(createApinizerClient({ ...options, timeouts: {} })), { within: 300 });`,
      ),
    ).toBe("store gave_up\nclosed true");
  });

  test("and not a moment longer", async () => {
    const { source, answer, alive, timers } = await renewing();
    expect(alive()).toBe(0); // Nobody waits.
    const end = source.close();
    expect(alive()).toBeGreaterThan(0);
    answer();
    await end;
    expect(timers.size).toBe(0);
  });

  test("nor after it gave up", async () => {
    const { source, answer, alive } = await renewing();
    await failure(source.close({ within: 20 }));
    expect(alive()).toBe(0);
    answer();
    await source.finish();
  });

  test("and so does a revocation that waits for the request under way", async () => {
    const { source, answer, alive } = await renewing();
    const forgetting = source.forget();
    await until(() => alive() > 0);
    answer();
    await forgetting;
  });
});
