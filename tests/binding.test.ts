/**
 * T-07: a stored token belongs to the credentials that brought it, and not to everybody who gives
 * the same user name.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createApinizerClient,
  createEncryption,
  createFileStore,
  createGenLogsClient,
  createPetjeafClient,
  createClient,
  type CommonOptions,
  type PetjeafSession,
  type Secret,
  type SharedTokenStore,
  type TokenRecord,
} from "../src/index.ts";
import { createLeasedStore } from "./support/leased-store.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import { until } from "./support/wait.ts";
import { keysOf } from "./support/keys.ts";

/** ms. Beyond the expiry, also of GenLogs, which is told by a Date header of whole seconds. */
const HOUR = 3_602_000;
const KEY = "6b3e0d94a17f52c8e05b9d2f41a6738cb9e4057d1c8af26e3b90d5c1478ea2f6";
const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "corrigenda-binding-"));
  folders.push(path);
  return path;
};
afterAll(() => folders.forEach((path) => rmSync(path, { recursive: true })));

let sandbox: Sandbox;
let store: SharedTokenStore;
beforeEach(async () => {
  sandbox = await startSandbox();
  store = createLeasedStore();
});
afterEach(() => sandbox.close());

const common = (more: CommonOptions = {}): CommonOptions => ({ now: sandbox.now, store, ...more });
const manager = (more: CommonOptions & { password?: Secret } = {}) =>
  createApinizerClient({ ...sandbox.apinizer.options, ...common(), ...more });
const logistics = (more: CommonOptions & { password?: Secret; apiKey?: Secret } = {}) =>
  createGenLogsClient({ ...sandbox.genlogs.options, ...common(), ...more, renew: "refresh-token" });
const app = (more: CommonOptions & { clientSecret?: Secret } = {}) =>
  createPetjeafClient({ ...sandbox.petjeaf.options, ...common(), ...more });
async function consent(
  more: CommonOptions & { clientSecret?: Secret } = {},
): Promise<PetjeafSession> {
  const client = app(more);
  const { url, state } = client.authorizationUrl({ scope: "profile.read" });
  return client.exchange((await fetch(url, { redirect: "manual" })).headers.get("location") ?? "", {
    state,
    key: "me",
  });
}
const keyOf = async (): Promise<string> => (await keysOf(store))[0] ?? "";
const stored = async (): Promise<TokenRecord> => (await store.get(await keyOf()))!;
/** Changes the record that is stored, as another process would. */
async function change(to: (record: TokenRecord) => Omit<TokenRecord, "generation">): Promise<void> {
  const record = await stored();
  expect(
    await store.set(
      await keyOf(),
      { ...to(record), generation: record.generation + 1 },
      record.generation,
    ),
  ).toBe(true);
}
const unbound = ({ binding: _, ...record }: TokenRecord): TokenRecord => record;
const logins = () => ({
  apinizer: sandbox.apinizer.count("createToken"),
  genlogs: sandbox.genlogs.count("createToken"),
  refreshes: sandbox.genlogs.count("refreshToken"),
});
const refreshes = (): number => sandbox.petjeaf.count("createToken");

describe("where there is a login", () => {
  test("T-07 a client with a wrong password and the right name gets neither token nor data of who has the right one", async () => {
    const { accessToken } = await manager().auth.getToken();
    const intruder = manager({ password: "wrong-password" });
    expect(await failure(intruder.auth.getToken())).toMatchObject({
      kind: "credentials",
      status: 401,
    });
    expect(await failure(intruder.GET("/projects/"))).toMatchObject({ kind: "credentials" });
    expect((await intruder.auth.explain()).token).toBeUndefined();
    expect((await stored()).token.accessToken).toBe(accessToken);
    // Who has it is not disturbed, nor who comes later and has it too.
    expect((await manager().auth.getToken()).accessToken).toBe(accessToken);
    expect(logins().apinizer).toBe(2);
  });

  test("T-07 one that came first with a wrong password does not keep the right one out", async () => {
    await failure(manager({ password: "wrong-password" }).auth.getToken());
    expect((await manager().GET("/projects/")).response.status).toBe(200);
    expect(logins().apinizer).toBe(2);
  });

  test("T-07 a wrong password does not get at the refresh token either", async () => {
    await logistics().auth.getToken();
    sandbox.advance(HOUR);
    expect(await failure(logistics({ password: "wrong-password" }).auth.getToken())).toMatchObject({
      kind: "credentials",
    });
    expect(logins()).toMatchObject({ genlogs: 2, refreshes: 0 });
    expect((await logistics().GET("/carrier/recommendations")).response.status).toBe(200);
    expect(logins()).toMatchObject({ genlogs: 2, refreshes: 1 });
  });

  test.each([
    ["is not bound, as before there were bindings", unbound],
    [
      "is bound to others",
      (record: TokenRecord): TokenRecord => ({ ...record, binding: "of-other-credentials" }),
    ],
  ])(
    "T-07 a record that %s yields neither token nor refresh token: there is a login, which binds it",
    async (_, to) => {
      const { accessToken } = await logistics().auth.getToken();
      const { binding } = await stored();
      await change(to);
      expect((await logistics().auth.getToken()).accessToken).not.toBe(accessToken);
      expect(logins()).toMatchObject({ genlogs: 2, refreshes: 0 });
      expect((await stored()).binding).toBe(binding);
      await change(to);
      sandbox.advance(HOUR);
      await logistics().auth.getToken();
      expect(logins()).toMatchObject({ genlogs: 3, refreshes: 0 });
    },
  );

  test("T-07 a record that is copied to another user's key is not bound there", async () => {
    const record = await manager().auth.getToken().then(stored);
    const other = (await keyOf()).replace(/[^:]+$/, encodeURIComponent("somebody else"));
    await store.set(other, record, 0);
    expect(
      await failure(manager({ username: "somebody else" } as CommonOptions).auth.getToken()),
    ).toMatchObject({ kind: "credentials" });
    expect(logins().apinizer).toBe(2);
  });

  test("T-07 a login that ends after somebody else's does not take their token for its own", async () => {
    // Their clock is ahead, so that theirs looks like the later one.
    const theirs = {
      token: {
        accessToken: "theirs",
        tokenType: "Bearer",
        issuedAt: sandbox.now() + 240_000,
        expiresAt: sandbox.now() + HOUR,
      },
      binding: "of-other-credentials",
      generation: 7,
    };
    const client = manager({
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        await store.set(key, theirs, 0);
        return answer;
      },
    });
    const { key } = await client.auth.explain();
    const { accessToken } = await client.auth.getToken();
    expect(accessToken).not.toBe("theirs");
    expect((await stored()).token.accessToken).toBe(accessToken);
  });

  test("T-07 nor does a refresh", async () => {
    await logistics().auth.getToken();
    sandbox.advance(HOUR);
    const client = logistics({
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        if ((input as string).includes("/refresh"))
          await change(({ token }) => ({
            token: {
              ...token,
              accessToken: "theirs",
              refreshToken: "their-refresh",
              issuedAt: sandbox.now(),
              expiresAt: sandbox.now() + HOUR,
            },
            binding: "of-other-credentials",
          }));
        return answer;
      },
    });
    const { accessToken } = await client.auth.getToken();
    expect(logins()).toMatchObject({ refreshes: 1 });
    expect(accessToken).not.toBe("theirs");
    expect((await client.GET("/carrier/recommendations")).response.status).toBe(200);
  });

  test("T-07 processes with the old and the new password take turns, at each expiry", async () => {
    // The vendor takes both for a while.
    const { password } = sandbox.apinizer.options;
    const both: typeof fetch = (input, init) =>
      fetch(input, {
        ...init,
        ...(typeof init?.body === "string"
          ? { body: init.body.replace("new-password", encodeURIComponent(password)) }
          : {}),
      });
    const [old, next] = [
      manager({ fetch: both }),
      manager({ fetch: both, password: "new-password" }),
    ];
    for (let expiry = 1; expiry <= 3; expiry += 1) {
      const tokens = [
        await old.auth.getToken(),
        await next.auth.getToken(),
        await old.auth.getToken(),
        await next.auth.getToken(),
      ];
      expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(2);
      expect(logins().apinizer).toBe(2 * expiry);
      sandbox.advance(HOUR);
    }
  });

  test("T-07 a non-shared store of one's own is bound as well", async () => {
    const { get, set, delete: remove } = store;
    const alone = { store: { get, set, delete: remove } };
    const { accessToken } = await manager(alone).auth.getToken();
    expect((await manager(alone).auth.getToken()).accessToken).toBe(accessToken);
    expect(
      await failure(manager({ ...alone, password: "wrong-password" }).auth.getToken()),
    ).toMatchObject({ kind: "credentials" });
  });
});

describe("where there is none: Petje.af, whose client secret all sessions share", () => {
  test("T-07 an unbound record is served until its next renewal, whose success binds it", async () => {
    const first = await consent();
    await change(unbound);
    const { accessToken } = await app().session(first.key).auth.getToken();
    expect(accessToken).toBe((await stored()).token.accessToken);
    expect((await stored()).binding).toBeUndefined();
    expect(refreshes()).toBe(1);
    sandbox.advance(HOUR);
    expect((await app().session(first.key).GET("/users/me")).response.status).toBe(200);
    expect((await stored()).binding).toMatch(/^[\w-]{43}$/);
    const intruder = app({ clientSecret: "wrong-secret" }).session(first.key);
    expect(await failure(intruder.auth.getToken())).toMatchObject({
      kind: "credentials",
      status: 401,
    });
  });

  test("T-07 a record that is bound otherwise is not served: a refresh must succeed first, and binds it", async () => {
    const first = await consent();
    const before = await stored();
    const { clientSecret } = sandbox.petjeaf.options;
    const both: typeof fetch = (input, init) =>
      fetch(input, {
        ...init,
        ...(typeof init?.body === "string"
          ? { body: init.body.replace("rotated-secret", encodeURIComponent(clientSecret)) }
          : {}),
      });
    const next = app({ clientSecret: "rotated-secret", fetch: both }).session(first.key);
    expect((await next.auth.getToken()).accessToken).not.toBe(before.token.accessToken);
    expect(refreshes()).toBe(2);
    expect((await stored()).binding).not.toBe(before.binding);
    expect(
      (
        await app({ clientSecret: "rotated-secret", fetch: both })
          .session(first.key)
          .auth.getToken()
      ).accessToken,
    ).toBe((await stored()).token.accessToken);
    expect(refreshes()).toBe(2);
  });

  test("T-07 T-17 whoever has a wrong secret is not served, and a refusal does not mark the session of others", async () => {
    const first = await consent();
    const before = await stored();
    const intruder = app({ clientSecret: "wrong-secret" }).session(first.key);
    expect(await failure(intruder.auth.getToken())).toMatchObject({
      kind: "credentials",
      status: 401,
    });
    // Even a vendor that takes it for a dead grant.
    sandbox.petjeaf.fail({
      operation: "createToken",
      status: 400,
      body: { detail: "Invalid grant: refresh token is invalid" },
    });
    const other = app({ clientSecret: "another-wrong-secret" }).session(first.key);
    expect(await failure(other.auth.getToken())).toMatchObject({
      kind: "reauthorization_required",
    });
    const { token, binding, reauthorizationRequired, intent } = await stored();
    expect({ token, binding, reauthorizationRequired, intent }).toEqual({
      token: before.token,
      binding: before.binding,
      reauthorizationRequired: undefined,
      intent: undefined,
    });
    sandbox.advance(HOUR);
    expect((await app().session(first.key).GET("/users/me")).response.status).toBe(200);
  });

  test("T-07 whoever has a wrong secret cannot make an end of the session either, whatever the vendor says", async () => {
    const first = await consent();
    const before = await stored();
    sandbox.petjeaf.fail({
      operation: "createToken",
      status: 400,
      body: { detail: "Invalid grant: refresh token is invalid" },
    });
    // A dead grant has nothing left to revoke.
    await app({ clientSecret: "wrong-secret" }).session(first.key).auth.revoke();
    expect((await stored()).token).toEqual(before.token);
    expect((await app().session(first.key).GET("/users/me")).response.status).toBe(200);
    await app().session(first.key).auth.revoke();
    expect(await store.list()).toEqual([]);
  });

  test("T-13 the secret that an exchange binds to is had before the code is spent: what fails later costs nothing", async () => {
    let asked = 0;
    const { clientSecret } = sandbox.petjeaf.options;
    const session = await consent({
      clientSecret: () => {
        asked += 1;
        if (asked > 1) throw new Error("sealed"); // Once, to bind and to send.
        return clientSecret;
      },
    });
    expect((await session.GET("/users/me")).response.status).toBe(200);
    expect((await stored()).binding).toMatch(/^[\w-]{43}$/);
    expect((await app().session("me").auth.getToken()).accessToken).toBe(
      (await session.auth.getToken()).accessToken,
    );
  });
});

describe("secrets that are functions", () => {
  test("T-07 are revealed before a record is adopted: who cannot reveal them is not served", async () => {
    await manager().auth.getToken();
    expect(
      await failure(
        manager({
          password: () => {
            throw new Error("sealed");
          },
        }).auth.getToken(),
      ),
    ).toMatchObject({ kind: "configuration", option: "password" });
    expect(
      await failure(
        manager({
          password: () => new Promise(() => undefined),
          timeouts: { attempt: 200, total: 300 },
        }).auth.getToken(),
      ),
    ).toMatchObject({ kind: "network", code: "timeout", maybeReceived: false });
    expect(logins().apinizer).toBe(1);
  });

  test("T-07 that give another secret by now lead to a login; those that fail by now take back nothing of what was proven", async () => {
    let give: () => string = () => sandbox.genlogs.options.password;
    const client = logistics({ password: () => give() });
    await client.auth.getToken();
    give = () => {
      throw new Error("sealed");
    };
    sandbox.advance(HOUR);
    expect((await client.GET("/carrier/recommendations")).response.status).toBe(200);
    expect(logins()).toMatchObject({ genlogs: 1, refreshes: 1 });
    give = () => "wrong-password";
    sandbox.advance(HOUR);
    expect(await failure(client.auth.getToken())).toMatchObject({ kind: "credentials" });
    expect(logins()).toMatchObject({ genlogs: 2, refreshes: 1 });
  });
});

describe("a vault that gives another secret while a token is had", () => {
  /** Gives these one after another, then the last one for good. */
  const giving =
    (...secrets: string[]) =>
    () =>
      secrets.length > 1 ? secrets.shift()! : secrets[0]!;

  test("T-07 a token is bound to the secret that was sent for it, and to no other", async () => {
    const { password } = sandbox.apinizer.options;
    for (const secrets of [
      ["old-password", password],
      [password, "old-password"],
    ]) {
      const client = manager({
        password: giving(...secrets),
        timeouts: { attempt: 2000, total: 3000 },
      });
      const [first] = await Promise.allSettled([client.auth.getToken()]);
      client.auth.reset();
      if (first?.status === "rejected") await client.auth.getToken();
      expect(await failure(manager({ password: "old-password" }).auth.getToken())).toMatchObject({
        kind: "credentials",
      });
      expect((await manager().auth.getToken()).accessToken).toBe(
        (await stored()).token.accessToken,
      );
      await store.delete(await keyOf());
    }
  });

  test("T-10 a refusal latches the secret that was sent, and no other", async () => {
    expect(
      await failure(
        manager({
          password: giving("wrong-password", sandbox.apinizer.options.password),
        }).auth.getToken(),
      ),
    ).toMatchObject({ kind: "credentials" });
    expect(await manager().auth.getToken()).toMatchObject({ tokenType: "Bearer" });
    expect(await failure(manager({ password: "wrong-password" }).auth.getToken())).toMatchObject({
      kind: "credentials",
    });
    expect(logins().apinizer).toBe(2);
  });
});

test("T-07 API keys are no part of it: a client with another one shares the token", async () => {
  const { accessToken } = await logistics().auth.getToken();
  expect((await logistics({ apiKey: "another-api-key" }).auth.getToken()).accessToken).toBe(
    accessToken,
  );
});

test("T-07 in an encrypted store the binding is sealed as well; in another it is an HMAC that holds nothing of the password", async () => {
  for (const encryption of [{}, createEncryption(KEY)]) {
    const path = folder();
    const files = createFileStore({ path, ...encryption });
    const { accessToken } = await manager({ store: files }).auth.getToken();
    expect((await manager({ store: files }).auth.getToken()).accessToken).toBe(accessToken);
    expect(
      await failure(manager({ store: files, password: "wrong-password" }).auth.getToken()),
    ).toMatchObject({ kind: "credentials" });
    const inner = join(path, readdirSync(path)[0] ?? "");
    const texts = readdirSync(inner)
      .map((name) => readFileSync(join(inner, name), "utf8"))
      .join("\n");
    expect(/"binding":"[\w-]{43}"/.test(texts)).toBe(!("seal" in encryption));
    expect(/"tag":"[\w-]{43}"/.test(texts)).toBe(!("seal" in encryption));
    expect(texts).not.toContain("wrong-password");
    sandbox.advance(HOUR);
  }
});

describe("what it costs", () => {
  afterEach(() => jest.restoreAllMocks());

  test("T-07 in a store of the client's own nothing is derived, and nothing is bound", async () => {
    const derive = jest.spyOn(crypto.subtle, "deriveKey");
    const { now } = common();
    await createApinizerClient({ ...sandbox.apinizer.options, now: now! }).auth.getToken();
    expect(derive).not.toHaveBeenCalled();
  });

  test("T-07 one derivation for a process and set of credentials, with 100,000 rounds, salted with provider, token URL and client", async () => {
    const derive = jest.spyOn(crypto.subtle, "deriveKey");
    const other = await startSandbox();
    const password = `password-${Math.random()}`;
    for (let i = 0; i < 5; i += 1) await failure(manager({ password }).auth.getToken());
    for (let i = 0; i < 3; i += 1)
      await failure(manager({ password: `${password}-2` }).auth.getToken());
    await failure(
      createApinizerClient({ ...other.apinizer.options, password, store }).auth.getToken(),
    );
    await failure(
      createApinizerClient({
        ...sandbox.apinizer.options,
        username: "another",
        password,
        store,
      }).auth.getToken(),
    );
    await other.close();
    expect(derive).toHaveBeenCalledTimes(4);
    const salts = derive.mock.calls.map(([parameters]) => {
      expect(parameters).toMatchObject({ name: "PBKDF2", hash: "SHA-256", iterations: 100_000 });
      return Buffer.from((parameters as unknown as { salt: Uint8Array }).salt).toString();
    });
    expect(new Set(salts).size).toBe(3);
    expect(salts[0]).toBe(
      JSON.stringify([
        "apinizer",
        `${sandbox.apinizer.options.managerUrl}/apiops/auth/token`,
        sandbox.apinizer.options.username,
      ]),
    );
  });

  test("T-07 the sessions of Petje.af share one derivation", async () => {
    const derive = jest.spyOn(crypto.subtle, "deriveKey");
    const clientSecret = `secret-${Math.random()}`;
    const client = createPetjeafClient({
      clientId: "c",
      clientSecret,
      baseUrl: "https://petjeaf.example",
      store,
      fetch: async () => Response.json({ access_token: "t", expires_in: 3600, refresh_token: "r" }),
    });
    for (let i = 0; i < 20; i += 1)
      await client.exchange("?code=c&state=s", { state: "s", key: `person-${i}` });
    expect(derive).toHaveBeenCalledTimes(1);
    expect(
      new Set(
        await Promise.all(
          (await keysOf(store)).map(async (key) => (await store.get(key))?.binding),
        ),
      ).size,
    ).toBe(20);
  });
});

test("T-07 a provider that gives no credentials to bind to needs the client's own store", () => {
  const provider = {
    name: "other",
    tokenScheme: "bearer",
    meta: {
      servers: [],
      schemes: { bearer: { header: "Authorization" } },
      security: [],
      operations: { "POST /token": { id: "token", security: [] } },
    },
    connect: () => ({
      baseUrl: "https://other.example",
      identity: ["u"],
      tokenOperation: "POST /token",
      grants: () => [],
    }),
    parseToken: () => {
      throw new Error("not used");
    },
    readProblem: () => ({}),
  };
  for (const credentials of [{}, { credentials: async () => ["secret"] }]) {
    const connect = () => ({ ...provider.connect(), ...credentials }) as never;
    expect(() => createClient({ ...provider, connect }, { store })).toThrow(
      expect.objectContaining({
        kind: "configuration",
        option: "store",
        message: expect.stringContaining("`credentials`"),
      }),
    );
  }
  createClient(provider, {});
});

test("T-07 the key of a session that is called `latch` is not that of another session's latch", async () => {
  const client = app();
  const { url, state } = client.authorizationUrl({ scope: "profile.read" });
  const session = await client.exchange(
    (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
    { state, key: "latch" },
  );
  expect((await session.GET("/users/me")).response.status).toBe(200);
  expect(await keysOf(store)).toEqual([expect.stringMatching(/:%6Catch$/)]);
  sandbox.advance(HOUR);
  await until(async () => (await app().session("latch").GET("/users/me")).response.status === 200);
});
