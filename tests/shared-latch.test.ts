/**
 * T-10: credentials that were refused to one client are not sent by another client on the same
 * store, nor after a restart. Other credentials are not affected.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import {
  createApinizerClient,
  createEncryption,
  createFileStore,
  createGenLogsClient,
  createPetjeafClient,
  createRedisStore,
  type ClientEvent,
  type CommonOptions,
  type LatchRecord,
  type PetjeafSession,
  type SharedTokenStore,
} from "../src/index.ts";
import { createLeasedStore } from "./support/leased-store.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import { hasServer, startRedis } from "./support/redis.ts";
import { withServer } from "./support/with-redis.ts";
import { until } from "./support/wait.ts";
import { keysOf } from "./support/keys.ts";

const HOUR = 3_602_000,
  LATCH = 15 * 60_000;
let sandbox: Sandbox;
let store: SharedTokenStore;
const events: ClientEvent[] = [];
beforeEach(async () => {
  sandbox = await startSandbox();
  store = createLeasedStore();
  events.splice(0);
});
afterEach(() => sandbox.close());

const common = (more: CommonOptions = {}): CommonOptions => ({
  now: sandbox.now,
  store,
  leases: { poll: 10 },
  onEvent: (event) => events.push(event),
  ...more,
});
const manager = (password = sandbox.apinizer.options.password, more: CommonOptions = {}) =>
  createApinizerClient({ ...sandbox.apinizer.options, ...common(more), password });
const logins = (): number => sandbox.apinizer.count("createToken");
const refused = {
  name: "CredentialsError",
  kind: "credentials",
  status: 401,
  vendorCode: "unauthorized_client",
};
async function entries(): Promise<LatchRecord["latch"]> {
  const { key } = await manager().auth.explain();
  return ((await store.get(`${key}:latch`)) as unknown as LatchRecord | undefined)?.latch ?? [];
}
async function consent(
  more: CommonOptions & { clientSecret?: string } = {},
): Promise<PetjeafSession> {
  const client = createPetjeafClient({ ...sandbox.petjeaf.options, ...common(), ...more });
  const { url, state } = client.authorizationUrl({ scope: "profile.read" });
  return client.exchange((await fetch(url, { redirect: "manual" })).headers.get("location") ?? "", {
    state,
    key: "me",
  });
}
const session = (clientSecret = sandbox.petjeaf.options.clientSecret) =>
  createPetjeafClient({ ...sandbox.petjeaf.options, ...common(), clientSecret }).session("me");

describe.each(["memory", "files", "sealed files"])("in %s", (kind) => {
  let path = "";
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "corrigenda-latch-"));
    const encryption =
      kind === "sealed files"
        ? createEncryption("6b3e0d94a17f52c8e05b9d2f41a6738cb9e4057d1c8af26e3b90d5c1478ea2f6")
        : {};
    if (kind !== "memory") store = createFileStore({ path, ...encryption });
  });
  afterEach(() => rmSync(path, { recursive: true }));

  test("T-10 ten clients with one wrong password make one login, and a right one among them gets its token", async () => {
    const wrong = Array.from({ length: 10 }, () => manager("wrong-password"));
    const right = manager();
    const [token, ...errors] = await Promise.all([
      right.auth.getToken(),
      ...wrong.map(({ auth }) => failure(auth.getToken())),
    ]);
    for (const error of errors) expect(error).toMatchObject(refused);
    expect(logins()).toBe(2);
    expect((await right.GET("/projects/")).response.status).toBe(200);
    for (const { auth } of wrong) expect(await failure(auth.getToken())).toMatchObject(refused);
    expect(logins()).toBe(2);
    // A restart forgets nothing.
    expect(await failure(manager("wrong-password").auth.getToken())).toMatchObject({
      ...refused,
      message: expect.stringMatching(/refused before \(401, unauthorized_client\).*`reset\(\)`/),
    });
    expect((await manager().auth.getToken()).accessToken).toBe(token.accessToken);
    expect(logins()).toBe(2);
    expect(await store.list()).toHaveLength(1);
    if (kind === "memory") return;
    const texts = readdirSync(join(path, readdirSync(path)[0] ?? ""))
      .filter((name) => name.startsWith("latch."))
      .map((name) => readFileSync(join(path, readdirSync(path)[0] ?? "", name), "utf8"))
      .join("\n");
    expect(texts.includes("unauthorized_client")).toBe(kind === "files");
    expect(texts).not.toContain("wrong-password");
  });

  test("T-10 once its time is over there is one try, which the lease elects", async () => {
    const wrong = Array.from({ length: 5 }, () => manager("wrong-password"));
    for (let round = 1; round <= 3; round += 1) {
      await Promise.all(wrong.map(({ auth }) => failure(auth.getToken())));
      expect(logins()).toBe(round);
      sandbox.advance(LATCH - 60_000);
      await Promise.all(wrong.map(({ auth }) => failure(auth.getToken())));
      expect(logins()).toBe(round);
      sandbox.advance(60_000);
    }
  });

  test("T-10 deleting the key takes it along", async () => {
    await failure(manager("wrong-password").auth.getToken());
    const { key } = await manager().auth.explain();
    await store.delete(key);
    expect(await failure(manager("wrong-password").auth.getToken())).toMatchObject(refused);
    expect(logins()).toBe(2);
  });

  test("T-10 one that is damaged is replaced, and not left to keep every refusal from being noted", async () => {
    const { key } = await manager().auth.explain();
    const put = (latch: unknown) => store.set(`${key}:latch`, { generation: 3, latch } as never, 0);
    expect(await put("abc")).toBe(true);
    await tenMakeOneLogin();
    await store.delete(key);
    expect(await put([{ tag: 7 }])).toBe(true);
    await tenMakeOneLogin();
    if (kind === "memory") return;
    for (const text of ["garbage", "{}"]) {
      const inner = join(path, readdirSync(path)[0] ?? "");
      for (const name of readdirSync(inner).filter((name) => name.startsWith("latch.")))
        writeFileSync(join(inner, name), text);
      await tenMakeOneLogin();
    }
  });
});

/** One after another, so that each sees what the one before left. */
async function tenMakeOneLogin(on = store): Promise<void> {
  const before = logins();
  for (let i = 0; i < 10; i += 1)
    expect(await failure(manager("wrong-password", { store: on }).auth.getToken())).toMatchObject(
      refused,
    );
  expect(logins()).toBe(before + 1);
}

test("T-10 one that only this process cannot read is left to the others", async () => {
  const path = mkdtempSync(join(tmpdir(), "corrigenda-latch-"));
  try {
    const key = "6b3e0d94a17f52c8e05b9d2f41a6738cb9e4057d1c8af26e3b90d5c1478ea2f6";
    const right = createFileStore({ path, ...createEncryption(key) });
    const stranger = createFileStore({
      path,
      ...createEncryption(`${key.slice(32)}${key.slice(0, 32)}`),
    });
    await failure(manager("wrong-password", { store: right }).auth.getToken());
    await failure(manager("wrong-password-2", { store: stranger }).auth.getToken());
    const before = logins();
    expect(
      await failure(manager("wrong-password", { store: right }).auth.getToken()),
    ).toMatchObject(refused);
    expect(logins()).toBe(before);
  } finally {
    rmSync(path, { recursive: true });
  }
});

test("T-10 a store that takes no heed of the key loses no token to a latch", async () => {
  await manager().auth.getToken();
  const [key = ""] = await keysOf(store);
  const oneRow: SharedTokenStore = {
    ...store,
    get: () => store.get(key),
    set: (_, ...rest) => store.set(key, ...rest),
    delete: () => store.delete(key),
  };
  const token = (await store.get(key))?.token;
  for (let i = 0; i < 3; i += 1)
    await failure(manager("wrong-password", { store: oneRow }).auth.getToken());
  expect((await store.get(key))?.token).toEqual(token);
});

withServer.test("T-10 one that is damaged is replaced in Redis too", async () => {
  const server = await startRedis();
  const client = new Redis(server.url);
  try {
    const on = createRedisStore({ client });
    await failure(manager("wrong-password", { store: on }).auth.getToken());
    const [name = ""] = await client.keys("*:latch");
    await client.hset(name, "record", "garbage");
    await tenMakeOneLogin(on);
    expect(await client.pttl(name)).toBeGreaterThan(0);
  } finally {
    client.disconnect();
    await server.close();
  }
});

test("T-10 what is noted there: an HMAC, the status, the code and until when; nothing else", async () => {
  await failure(manager("wrong-password").auth.getToken());
  expect(await entries()).toEqual([
    {
      tag: expect.stringMatching(/^[\w-]{43}$/),
      status: 401,
      code: "unauthorized_client",
      until: expect.any(Number),
    },
  ]);
  expect((await entries())[0]!.until - sandbox.now()).toBeGreaterThan(LATCH - 60_000);
});

test("T-10 a client that finds it says so: event and explain(), as if it had been refused itself", async () => {
  await failure(manager("wrong-password").auth.getToken());
  events.splice(0);
  const { auth } = manager("wrong-password");
  await failure(auth.getToken());
  const [{ until: end }] = (await entries()) as [LatchRecord["latch"][number]];
  expect(events.filter(({ type }) => type === "latched")).toEqual([
    expect.objectContaining({ type: "latched", until: end }),
  ]);
  expect(await auth.explain()).toMatchObject({ latch: { kind: "credentials", until: end } });
});

test("T-10 a wrong API key does not latch the right one, nor a wrong password another one", async () => {
  const client = (options: object = {}) =>
    createGenLogsClient({ ...sandbox.genlogs.options, ...common(), ...options });
  expect(await failure(client({ apiKey: "wrong-api-key" }).auth.getToken())).toMatchObject({
    kind: "credentials",
    status: 403,
  });
  expect(await failure(client({ password: "wrong-password" }).auth.getToken())).toMatchObject({
    kind: "credentials",
    status: 401,
  });
  expect(await failure(client({ password: "wrong-password-2" }).auth.getToken())).toMatchObject({
    kind: "credentials",
    status: 401,
  });
  expect(sandbox.genlogs.count("createToken")).toBe(3);
  await client().auth.getToken();
  for (const password of ["wrong-password", "wrong-password-2"])
    expect(await failure(client({ password }).auth.getToken())).toMatchObject({
      kind: "credentials",
      status: 401,
    });
  expect(sandbox.genlogs.count("createToken")).toBe(4);
});

test("T-10 reset() passes over it, once", async () => {
  await failure(manager("wrong-password").auth.getToken());
  const { auth } = manager("wrong-password");
  await failure(auth.getToken());
  expect(logins()).toBe(1);
  auth.reset();
  for (let i = 0; i < 3; i += 1) expect(await failure(auth.getToken())).toMatchObject(refused);
  expect(logins()).toBe(2);
  // Another one tries after the time is over; this one has used its own up.
  sandbox.advance(LATCH);
  await failure(manager("wrong-password").auth.getToken());
  await failure(auth.getToken());
  expect(logins()).toBe(3);
});

test("T-10 a success removes it", async () => {
  sandbox.apinizer.fail({ status: 401, body: { error: "unauthorized_client" } });
  const { auth } = manager();
  await failure(auth.getToken());
  await failure(manager("wrong-password").auth.getToken());
  expect(await entries()).toHaveLength(2);
  auth.reset();
  await auth.getToken();
  expect(await entries()).toHaveLength(1); // The other one's is left.
  sandbox.advance(HOUR);
  await manager().auth.getToken();
});

test("T-10 at most eight are kept, of those that end last", async () => {
  for (let i = 1; i <= 10; i += 1) {
    await failure(manager(`wrong-password-${i}`).auth.getToken());
    sandbox.advance(1000);
  }
  expect(await entries()).toHaveLength(8);
  for (let i = 10; i >= 1; i -= 1) await failure(manager(`wrong-password-${i}`).auth.getToken());
  expect(logins()).toBe(12);
});

test.each([
  [
    "rejects it",
    (): SharedTokenStore => ({
      ...store,
      set: (key, ...rest) =>
        key.endsWith(":latch") ? Promise.reject(new Error("no token")) : store.set(key, ...rest),
    }),
  ],
  [
    "always says no",
    (): SharedTokenStore => ({
      ...store,
      set: async (key, ...rest) => !key.endsWith(":latch") && store.set(key, ...rest),
    }),
  ],
  [
    "gives something else",
    (): SharedTokenStore => ({
      ...store,
      get: async (key) =>
        key.endsWith(":latch") ? ({ generation: 1, latch: [{ tag: 7 }] } as never) : store.get(key),
    }),
  ],
  [
    "fails to read it",
    (): SharedTokenStore => ({
      ...store,
      get: (key) => (key.endsWith(":latch") ? Promise.reject(new Error("no")) : store.get(key)),
    }),
  ],
])("T-10 a store that %s leaves it in memory", async (_, of) => {
  const other = { store: of() };
  const clients = [manager("wrong-password", other), manager("wrong-password", other)];
  for (const { auth } of [...clients, ...clients])
    expect(await failure(auth.getToken())).toMatchObject(refused);
  expect(logins()).toBe(2);
  expect((await manager(undefined, other).GET("/projects/")).response.status).toBe(200);
});

test("T-10 one from a clock that was set back since holds nobody up", async () => {
  await failure(manager("wrong-password", { now: () => sandbox.now() + HOUR }).auth.getToken());
  await failure(manager("wrong-password").auth.getToken());
  expect(logins()).toBe(2);
});

test("T-10 a client's own default store has none", async () => {
  const { apinizer } = sandbox;
  for (let i = 0; i < 2; i += 1)
    await failure(
      createApinizerClient({
        ...apinizer.options,
        password: "wrong-password",
        now: sandbox.now,
      }).auth.getToken(),
    );
  expect(logins()).toBe(2);
});

// Redis only where a server can be started: the line of `with-redis` says where not.
test.each(hasServer ? ["file", "redis"] : ["file"])(
  "T-10 T-07 ten clients in five processes with a wrong password, and one with the right one, on %s: one login is refused, and nobody else gets the token",
  async (kind) => {
    const path = mkdtempSync(join(tmpdir(), "corrigenda-latch-"));
    const server = kind === "redis" ? await startRedis() : undefined;
    const workers = Array.from({ length: 5 }, (_, i) => {
      const passwords =
        i === 2
          ? ["wrong-password", sandbox.apinizer.options.password, "wrong-password"]
          : ["wrong-password", "wrong-password"];
      const setup = {
        store: kind,
        at: server?.url ?? path,
        options: sandbox.apinizer.options,
        passwords,
      };
      return spawn(
        process.execPath,
        ["--import", "tsx", "tests/support/latch-worker.ts", JSON.stringify(setup)],
        { stdio: ["pipe", "pipe", "inherit"] },
      );
    });
    try {
      const lines = workers.map(({ stdout }) => createInterface(stdout)[Symbol.asyncIterator]());
      const next = () =>
        Promise.all(
          lines.map(
            async (line) => JSON.parse(((await line.next()) as { value: string }).value) as unknown,
          ),
        );
      expect(await next()).toEqual(workers.map(() => "ready"));
      for (const { stdin } of workers) stdin.write("go\n");
      const outcomes = (await next()).flat() as (
        { kind: string; status: number } | { accessToken: string; works: boolean }
      )[];
      expect(outcomes).toHaveLength(11);
      const tokens = outcomes.filter((outcome) => "accessToken" in outcome);
      expect(tokens).toEqual([{ accessToken: expect.any(String), works: true }]);
      expect(outcomes.filter((outcome) => "kind" in outcome)).toEqual(
        Array.from({ length: 10 }, () => ({ kind: "credentials", status: 401 })),
      );
      expect(logins()).toBe(2);
    } finally {
      for (const worker of workers) worker.kill("SIGKILL");
      await server?.close();
      rmSync(path, { recursive: true });
    }
  },
);

describe("a refusal while the token still works proves nothing against the credentials", () => {
  const early = {
    status: 401,
    body: { error: "unauthorized_client", error_description: "too early" },
  };

  test.each(["a store", "memory"])(
    "T-10 it latches until the token's end, in %s",
    async (where) => {
      const { auth } = manager(
        undefined,
        where === "a store" ? {} : { store: createLeasedStore() },
      );
      const { expiresAt = 0 } = await auth.getToken();
      sandbox.advance(3_600_000 - 200_000); // In the soft window.
      sandbox.apinizer.fail(early);
      await auth.getToken(); // Is served, and renewed in the background.
      await until(async () => (await auth.explain()).latch !== undefined);
      expect((await auth.explain()).latch?.until).toBe(expiresAt);
      if (where === "a store") expect((await entries())[0]?.until).toBe(expiresAt);
      sandbox.advance(100_000);
      await auth.getToken();
      expect(logins()).toBe(2);
      sandbox.advance(100_001);
      expect((await auth.getToken()).expiresAt).toBeGreaterThan(expiresAt);
      expect(logins()).toBe(3);
    },
  );

  test("T-10 after a 401 it is proof", async () => {
    const { auth } = manager();
    const rejected = await auth.getToken();
    sandbox.apinizer.fail(early);
    await failure(auth.getToken({ rejected }));
    expect(((await auth.explain()).latch?.until ?? 0) - sandbox.now()).toBeGreaterThan(
      LATCH - 60_000,
    );
  });

  test("T-10 T-17 a dead grant is dead, though its token works", async () => {
    const { auth } = await consent();
    sandbox.advance(3_599_000 - 200_000);
    sandbox.petjeaf.revokeRefreshTokens();
    await auth.getToken();
    await until(async () => (await auth.explain()).latch !== undefined);
    expect(await auth.explain()).toMatchObject({ latch: { kind: "reauthorization_required" } });
    expect(((await auth.explain()).latch?.until ?? 0) - sandbox.now()).toBeGreaterThan(
      LATCH - 60_000,
    );
  });
});

describe("of a refresh token", () => {
  test("T-10 a wrong client secret is sent once, by whichever client of the session; the right one, and a later refresh token, are not latched", async () => {
    await consent();
    const before = sandbox.petjeaf.count("createToken");
    for (let i = 0; i < 3; i += 1)
      expect(await failure(session("wrong-secret").auth.getToken())).toMatchObject({
        kind: "credentials",
        status: 401,
      });
    expect(sandbox.petjeaf.count("createToken")).toBe(before + 1);
    sandbox.advance(HOUR);
    expect((await session().GET("/users/me")).response.status).toBe(200); // Rotates.
    expect(await failure(session("wrong-secret").auth.getToken())).toMatchObject({
      kind: "credentials",
      status: 401,
    });
    expect(sandbox.petjeaf.count("createToken")).toBe(before + 3);
  });

  test("T-10 T-17 a dead grant that another client found is a dead grant for all of them, and one consent mends it", async () => {
    await consent();
    sandbox.petjeaf.revokeRefreshTokens();
    sandbox.advance(HOUR);
    const before = sandbox.petjeaf.count("createToken");
    for (let i = 0; i < 3; i += 1)
      expect(await failure(session().auth.getToken())).toMatchObject({
        kind: "reauthorization_required",
      });
    expect(sandbox.petjeaf.count("createToken")).toBe(before + 1);
    await consent();
    expect((await session().GET("/users/me")).response.status).toBe(200);
  });
});
