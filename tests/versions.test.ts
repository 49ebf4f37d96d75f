/**
 * T-07: processes of an earlier version, which bound no token to its credentials, share a store
 * with processes of this version.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Redis } from "ioredis";
import * as now from "../src/index.ts";
import type { CommonOptions, SharedTokenStore } from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { hasServer, startRedis, type RedisServer } from "./support/redis.ts";
import { keysOf } from "./support/keys.ts";

interface Records {
  readonly now: number;
  readonly encryptionKey: string;
  readonly file: Readonly<Record<string, string>>;
  readonly fileSealed: Readonly<Record<string, string>>;
  readonly redis: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly redisSealed: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
const records = JSON.parse(
  readFileSync("tests/fixtures/records-before-binding.json", "utf8"),
) as Records;
const before = jest.requireActual<typeof now>("./fixtures/before-binding.cjs");
const HOUR = 3_602_000;
const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "corrigenda-versions-"));
  folders.push(path);
  return path;
};
let server: RedisServer | undefined;
let redis: Redis | undefined;
beforeAll(async () => {
  if (!hasServer) return;
  server = await startRedis();
  redis = new Redis(server.port);
});
afterAll(async () => {
  folders.forEach((path) => rmSync(path, { recursive: true }));
  redis?.disconnect();
  await server?.close();
});
if (!hasServer)
  console.log(
    "Skipped: records of the version before in Redis, since no redis-server is installed to start one.",
  );

const encryption = now.createEncryption(records.encryptionKey);
function files(written: Readonly<Record<string, string>>, options: object): SharedTokenStore {
  const path = folder();
  for (const [name, text] of Object.entries(written)) {
    mkdirSync(join(path, dirname(name)), { recursive: true, mode: 0o700 });
    writeFileSync(join(path, name), text, { mode: 0o600 });
  }
  return now.createFileStore({ path, ...options });
}
async function keys(
  written: Readonly<Record<string, Readonly<Record<string, string>>>>,
  options: object,
): Promise<SharedTokenStore> {
  const prefix = `versions-${Math.random()}:`;
  for (const [name, fields] of Object.entries(written)) await redis!.hset(prefix + name, fields);
  return now.createRedisStore({ client: redis!, prefix, ...options });
}

// Skipped where there is no server to start, with the line above; CI sees to it that there is one.
describe.each<[string, () => SharedTokenStore | Promise<SharedTokenStore>]>([
  ["files", () => files(records.file, {})],
  ["sealed files", () => files(records.fileSealed, encryption)],
  ...(hasServer
    ? ([
        ["Redis", () => keys(records.redis, {})],
        ["Redis, sealed", () => keys(records.redisSealed, encryption)],
      ] as [string, () => Promise<SharedTokenStore>][])
    : []),
])("records that the version before wrote to %s", (_, open) => {
  let sent: string[] = [];
  let time = records.now + 1000;
  beforeEach(() => {
    sent = [];
    time = records.now + 1000;
  });
  const common = (store: SharedTokenStore, answer: object): CommonOptions => ({
    store,
    now: () => time,
    fetch: async (_, init) => {
      sent.push(init?.body as string);
      return Response.json(answer);
    },
  });

  test("T-07 a session is served, and bound by its next renewal", async () => {
    const store = await open();
    const options = common(store, {
      access_token: "next-access-token",
      token_type: "Bearer",
      expires_in: 3599,
      refresh_token: "next-refresh-token",
    });
    const session = now
      .createPetjeafClient({
        clientId: "fixture-client",
        clientSecret: "fixture-client-secret",
        baseUrl: "https://petjeaf.example/v1",
        ...options,
      })
      .session("person-1");
    expect(await session.auth.getToken()).toMatchObject({
      accessToken: "fixture.petjeaf.access-token",
      refreshToken: "fixture-petjeaf-refresh-token",
      scope: ["profile.read"],
    });
    expect(sent).toEqual([]);
    time += HOUR;
    expect(await session.auth.getToken()).toMatchObject({ accessToken: "next-access-token" });
    expect(sent).toEqual([expect.stringContaining("refresh_token=fixture-petjeaf-refresh-token")]);
    const { key } = await session.auth.explain();
    expect(await store.get(key)).toMatchObject({
      token: { accessToken: "next-access-token" },
      binding: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  test("T-07 where there is a login there is one, which binds the record", async () => {
    const store = await open();
    const options = common(store, {
      access_token: "next-access-token",
      token_type: "Bearer",
      expires_in: 3600,
    });
    const { auth } = now.createApinizerClient({
      managerUrl: "https://manager.example",
      username: "fixture_user",
      password: "fixture-password",
      ...options,
    });
    const { key } = await auth.explain();
    expect(await store.get(key)).toMatchObject({
      token: { accessToken: "fixture-apinizer-access-token" },
    });
    expect((await auth.getToken()).accessToken).toBe("next-access-token");
    expect(sent).toHaveLength(1);
    expect(await store.get(key)).toMatchObject({
      token: { accessToken: "next-access-token" },
      binding: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  test("they are all listed", async () => {
    expect((await keysOf(await open())).map((key) => key.split(":")[0]).sort()).toEqual([
      "apinizer",
      "petjeaf",
    ]);
  });
});

describe.each([
  ["", {}],
  [", sealed", encryption],
] as const)("both versions at once on one file store%s", (_, options) => {
  let sandbox: Sandbox;
  let path = "";
  beforeEach(async () => {
    sandbox = await startSandbox();
    path = folder();
  });
  afterEach(() => sandbox.close());
  const common = (version: typeof now): CommonOptions => ({
    now: sandbox.now,
    store: version.createFileStore({ path, ...options }),
    leases: { poll: 20 },
  });

  test("T-07 T-14 a session rotates through 20 expiries, renewed by either, once each, and nothing is lost", async () => {
    const app = (version: typeof now) =>
      version.createPetjeafClient({ ...sandbox.petjeaf.options, ...common(version) });
    const first = app(before);
    const { url, state } = first.authorizationUrl({ scope: "profile.read" });
    const { key } = await first.exchange(
      (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
      { state },
    );
    for (let expiry = 1; expiry <= 20; expiry += 1) {
      sandbox.advance(HOUR);
      // New clients now and then, as after a restart; and each of the two comes first at times.
      const clients = [app(before), app(now), app(now), app(before)].map((client) =>
        client.session(key),
      );
      const tokens = await Promise.all(
        (expiry % 2 === 0 ? clients : clients.reverse()).map((session) => session.auth.getToken()),
      );
      expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
      for (const session of clients)
        expect((await session.GET("/users/me")).response.status).toBe(200);
    }
    expect(sandbox.petjeaf.count("createToken")).toBe(21);
    expect(sandbox.petjeaf.log.filter(({ event }) => event === "reused")).toEqual([]);
  });

  test("T-07 logins: each works at every expiry, for at most one login of each version", async () => {
    const manager = (version: typeof now) =>
      version.createApinizerClient({ ...sandbox.apinizer.options, ...common(version) });
    const clients = [manager(before), manager(now), manager(before), manager(now)];
    for (let expiry = 0; expiry < 5; expiry += 1) {
      for (const client of expiry % 2 === 0 ? clients : [...clients].reverse())
        expect((await client.GET("/projects/")).response.status).toBe(200);
      sandbox.advance(HOUR);
    }
    expect(sandbox.apinizer.count("createToken")).toBeLessThanOrEqual(10);
    await Promise.all(clients.map(async (client) => client.GET("/projects/")));
    expect(sandbox.apinizer.count("createToken")).toBeLessThanOrEqual(14);
  });

  test("T-10 the version before is not disturbed by a latch, and a deletion of its key is one", async () => {
    const wrong = now.createApinizerClient({
      ...sandbox.apinizer.options,
      ...common(now),
      password: "wrong-password",
    });
    await wrong.auth.getToken().catch(() => undefined);
    expect(
      readdirSync(join(path, readdirSync(path)[0] ?? "")).filter((name) =>
        name.startsWith("latch."),
      ),
    ).toHaveLength(1);
    const old = before.createFileStore({ path, ...options });
    const { key } = await wrong.auth.explain();
    expect(
      (
        await before
          .createApinizerClient({ ...sandbox.apinizer.options, ...common(before) })
          .GET("/projects/")
      ).response.status,
    ).toBe(200);
    expect(await old.list()).toEqual([key]);
    await old.delete(key);
    expect(
      (
        await now
          .createApinizerClient({ ...sandbox.apinizer.options, ...common(now) })
          .GET("/projects/")
      ).response.status,
    ).toBe(200);
  });
});
