/** The token source on the sandbox: expiry, one request for all callers, latch, retries, store. */
import {
  createApinizerClient,
  createGenLogsClient,
  createMemoryStore,
  createPetjeafClient,
  type ClientEvent,
  type CommonOptions,
  type PetjeafSession,
  type TokenSource,
  type TokenStore,
} from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import { landed, until } from "./support/wait.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

const events: ClientEvent[] = [];
beforeEach(() => void events.splice(0));
const common = (): CommonOptions => ({ now: sandbox.now, onEvent: (event) => events.push(event) });
const apinizer = (options: CommonOptions = {}) =>
  createApinizerClient({ ...sandbox.apinizer.options, ...common(), ...options });
const requests = (): number => sandbox.apinizer.count("createToken");

async function consent(options: CommonOptions = {}, key?: string): Promise<PetjeafSession> {
  const app = createPetjeafClient({ ...sandbox.petjeaf.options, ...common(), ...options });
  const { url, state } = app.authorizationUrl({ scope: "profile.read memberships.read" });
  const { headers } = await fetch(url, { redirect: "manual" });
  return app.exchange(headers.get("location") ?? "", {
    state,
    ...(key === undefined ? {} : { key }),
  });
}

test("T-01 the lifetime that the vendor gives is kept", async () => {
  const { expiresAt, issuedAt } = await apinizer().auth.getToken();
  expect((expiresAt ?? 0) - issuedAt).toBe(3_600_000);
});

test("T-02 GenLogs' timestamps are read on the vendor's clock, however wrong the local one is", async () => {
  const { expiresAt, issuedAt } = await createGenLogsClient({
    ...sandbox.genlogs.options,
    now: () => sandbox.now() - 86_400_000,
  }).auth.getToken();
  expect(Math.abs((expiresAt ?? 0) - issuedAt - 3_600_000)).toBeLessThan(2000);
});

test.each([
  ["epoch-ms", 3_600_000],
  ["absent", undefined],
  ["seconds", 3_600_000],
  ["milliseconds", 3_600_000],
] as const)("T-03 expires_in as %s", async (expiresIn, lifetime) => {
  sandbox.apinizer.settings.expiresIn = expiresIn;
  const { expiresAt, issuedAt } = await apinizer().auth.getToken();
  if (lifetime === undefined) expect(expiresAt).toBeUndefined();
  else expect(Math.abs((expiresAt ?? 0) - issuedAt - lifetime)).toBeLessThan(2000);
});

test("T-03 a token of unknown expiry is used until a 401", async () => {
  sandbox.apinizer.settings.expiresIn = "absent";
  const client = apinizer();
  await client.GET("/projects/");
  sandbox.advance(86_400_000);
  expect((await client.GET("/projects/")).response.status).toBe(200);
  expect(requests()).toBe(2);
});

test("T-04 a token that is expired on arrival is an error, and one request", async () => {
  sandbox.apinizer.fail({
    status: 200,
    body: { access_token: "t", expires_in: sandbox.now() - 3_600_000 },
  });
  expect(await failure(apinizer().auth.getToken())).toMatchObject({
    kind: "contract",
    pointer: "/expires_in",
  });
  expect(requests()).toBe(1);
});

test("T-05 in the soft window the current token is served at once and renewed in the background", async () => {
  const client = apinizer();
  const first = await client.auth.getToken();
  sandbox.advance(3_600_000 - 100_000);
  expect(await client.auth.getToken()).toBe(first);
  await landed(client.auth);
  expect(requests()).toBe(2);
  expect((await client.auth.getToken()).accessToken).not.toBe(first.accessToken);
});

test("T-05 in the hard window the caller waits for the new one; if there is none, the old one still serves", async () => {
  const client = apinizer();
  const first = await client.auth.getToken();
  sandbox.advance(3_600_000 - 10_000);
  sandbox.apinizer.fail({ status: 400, body: { error: "invalid_request" } });
  expect(await client.auth.getToken()).toBe(first);
  expect((await client.auth.getToken()).accessToken).not.toBe(first.accessToken);
  expect(requests()).toBe(3);
});

test("T-06 after a failed renewal in the background the next one is 30 s away", async () => {
  const client = apinizer();
  await client.auth.getToken();
  sandbox.advance(3_600_000 - 200_000);
  sandbox.apinizer.fail({ status: 400, body: { error: "invalid_request" } });
  for (let i = 0; i < 5; i += 1) {
    await client.auth.getToken();
    await landed(client.auth);
  }
  expect(requests()).toBe(2);
  expect(events.map(({ type }) => type)).toContain("renewal_failed");
  sandbox.advance(31_000);
  await client.auth.getToken();
  await landed(client.auth);
  expect(requests()).toBe(3);
});

test("T-07 10,000 concurrent callers make one token request, cold and after expiry", async () => {
  const client = apinizer();
  for (const expected of [1, 2]) {
    const tokens = await Promise.all(Array.from({ length: 10_000 }, () => client.auth.getToken()));
    expect(new Set(tokens).size).toBe(1);
    expect(requests()).toBe(expected);
    sandbox.advance(3_600_000);
  }
});

test("T-07 the store key holds provider, token URL and user, and nothing secret", async () => {
  const keys: string[] = [];
  const memory = createMemoryStore();
  const store: TokenStore = {
    ...memory,
    set: (key, ...rest) => {
      keys.push(key);
      return memory.set(key, ...rest);
    },
  };
  await apinizer({ store }).auth.getToken();
  expect(keys).toEqual([
    ["apinizer", `${sandbox.apinizer.options.managerUrl}/apiops/auth/token`, "sandbox_user"]
      .map(encodeURIComponent)
      .join(":"),
  ]);
});

test("T-08 a caller's abort detaches only that caller, at once", async () => {
  sandbox.apinizer.fail({ delay: 600 });
  const client = apinizer();
  const aborts = Array.from({ length: 10 }, () => new AbortController());
  const calls = aborts.map(({ signal }) => client.auth.getToken({ signal }));
  const reason = new Error("enough");
  setTimeout(() => aborts[0]!.abort(reason), 20);
  await expect(calls[0]).rejects.toBe(reason);
  expect((await client.auth.explain()).inFlight).toBe(true);
  expect(
    new Set((await Promise.all(calls.slice(1))).map(({ accessToken }) => accessToken)).size,
  ).toBe(1);
  expect(requests()).toBe(1);
});

test("T-08 a refresh is not cut off at the deadline of an attempt, and is kept though nobody waits any more", async () => {
  const store = createMemoryStore();
  const { key } = await consent({ store });
  const session = createPetjeafClient({
    ...sandbox.petjeaf.options,
    ...common(),
    store,
    timeouts: { attempt: 50, total: 5000 },
  }).session(key);
  const first = await session.auth.getToken();
  sandbox.advance(3_600_000);
  sandbox.petjeaf.fail({ operation: "createToken", delay: 300 });
  await failure(session.auth.getToken({ signal: AbortSignal.timeout(20) }));
  await landed(session.auth);
  expect((await session.auth.getToken()).refreshToken).not.toBe(first.refreshToken);
  expect(sandbox.petjeaf.count("createToken")).toBe(2);
});

test("T-09 a failure reaches each waiter as an error of its own", async () => {
  sandbox.apinizer.fail({ status: 400, body: { error: "invalid_request" } });
  const client = apinizer();
  const [a, b] = await Promise.all([
    failure(client.auth.getToken()),
    failure(client.auth.getToken()),
  ]);
  expect(a).not.toBe(b);
  expect(a).toMatchObject({ name: b.name, message: b.message, status: 400 });
  expect(requests()).toBe(1);
});

test("T-10 a refusal latches, for 15 minutes, until the credentials change or reset()", async () => {
  let password = "wrong-password";
  const client = createApinizerClient({
    ...sandbox.apinizer.options,
    ...common(),
    password: () => password,
  });
  for (let i = 0; i < 5; i += 1) await failure(client.auth.getToken());
  expect(requests()).toBe(1);
  expect(events.filter(({ type }) => type === "latched")).toHaveLength(1);
  sandbox.advance(15 * 60_000);
  for (let i = 0; i < 5; i += 1) await failure(client.auth.getToken());
  expect(requests()).toBe(2);
  client.auth.reset();
  await failure(client.auth.getToken());
  expect(requests()).toBe(3);
  password = sandbox.apinizer.options.password;
  await client.auth.getToken();
  expect(requests()).toBe(4);
});

describe("T-10 a refusal latches though reset() came while the request was under way, and though the store has a token to serve", () => {
  const cases: [
    string,
    () => Promise<{ readonly auth: TokenSource }>,
    "apinizer" | "petjeaf",
    object,
  ][] = [
    [
      "of a login",
      async () => apinizer(),
      "apinizer",
      { status: 401, body: { error: "unauthorized_client" } },
    ],
    ["of a refresh token", consent, "petjeaf", { status: 400, body: { error: "invalid_grant" } }],
  ];
  test.each(cases)("%s", async (_, create, vendor, answer) => {
    const { auth } = await create();
    const { accessToken } = await auth.getToken();
    const before = sandbox[vendor].count("createToken");
    sandbox.advance(3_590_000); // It still works, and has to be renewed.
    sandbox[vendor].fail({ operation: "createToken", delay: 50, ...answer });
    const late = failure(auth.getToken());
    await until(() => sandbox[vendor].count("createToken") > before);
    auth.reset();
    await late;
    for (let i = 0; i < 3; i += 1) expect((await auth.getToken()).accessToken).toBe(accessToken);
    expect(sandbox[vendor].count("createToken")).toBe(before + 1);
    expect(events.filter(({ type }) => type === "latched")).toHaveLength(1);
  });
});

test("T-10 after reset() a refresh token that was refused is tried once, though the store has its access token", async () => {
  const { auth } = await consent();
  sandbox.advance(3_400_000); // It still works, and is renewed in the background.
  sandbox.petjeaf.fail({ operation: "createToken", status: 400, body: { error: "invalid_grant" } });
  await auth.getToken();
  await landed(auth);
  auth.reset();
  const before = sandbox.petjeaf.count("createToken");
  for (let i = 0; i < 3; i += 1) {
    await auth.getToken();
    await landed(auth);
  }
  expect(sandbox.petjeaf.count("createToken")).toBe(before + 1);
  expect((await auth.explain()).token?.state).toBe("fresh");
});

test("T-11 429 is honoured: nothing is sent before its time, an unexpired token is still served", async () => {
  const client = apinizer();
  await client.auth.getToken();
  sandbox.advance(3_600_000 - 200_000);
  sandbox.apinizer.fail({
    status: 429,
    headers: { "retry-after": "120" },
    body: { error: "rate_limit_exceeded" },
  });
  await client.auth.getToken();
  await landed(client.auth);
  sandbox.advance(31_000);
  await client.auth.getToken();
  await landed(client.auth);
  expect(requests()).toBe(2);
  sandbox.advance(100_000);
  await client.auth.getToken();
  await landed(client.auth);
  expect(requests()).toBe(3);
});

test.each([
  ["seconds", { "retry-after": "120" }, {}, 120],
  ["a date", { "retry-after": "<in 90 s>" }, {}, 90],
  ["the body", {}, { retry_after: 45 }, 45],
  ["the header before the body", { "retry-after": "70" }, { retry_after: 45 }, 70],
  ["nothing", {}, {}, 60],
  ["garbage", { "retry-after": "soon" }, {}, 60],
  ["a year", { "retry-after": "31536000" }, {}, 3600],
])("T-11 the time to come back, from %s", async (_, headers, body, seconds) => {
  const dated = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.startsWith("<") ? new Date(sandbox.now() + 90_000).toUTCString() : value,
    ]),
  );
  sandbox.apinizer.fail({
    status: 429,
    headers: dated,
    body: { error: "rate_limit_exceeded", ...body },
  });
  const client = apinizer();
  const error = await failure(client.auth.getToken());
  expect(error).toMatchObject({ kind: "rate_limited", status: 429, retryable: true });
  expect(Math.abs(Number(error.retryAt) - sandbox.now() - seconds * 1000)).toBeLessThan(2000);
  await failure(client.auth.getToken());
  expect(requests()).toBe(1);
});

test("T-11 a short wait happens inside the flight", async () => {
  sandbox.apinizer.fail({
    status: 503,
    headers: { "retry-after": "0" },
    body: { error: "server_error" },
  });
  await apinizer().auth.getToken();
  expect(requests()).toBe(2);
});

test.each([500, 502, 503, 504])("T-12 a login is tried three times on %i", async (status) => {
  sandbox.apinizer.fail({ status, times: 2, body: "<html>" });
  await apinizer().auth.getToken();
  expect(requests()).toBe(3);
  sandbox.advance(3_600_000);
  sandbox.apinizer.fail({ status, times: 3, body: "<html>" });
  const error = await failure(apinizer().auth.getToken());
  expect(error).toMatchObject({ kind: "server", status, retryable: true });
  expect(error.message).not.toContain("html");
  expect(requests()).toBe(6);
});

test("T-13 a code is never sent twice", async () => {
  sandbox.petjeaf.fail({ operation: "createToken", cut: "after" });
  expect(await failure(consent())).toMatchObject({ kind: "network", maybeReceived: true });
  expect(sandbox.petjeaf.count("createToken")).toBe(1);
});

test("T-13 an ambiguous loss of a refresh is replayed once, at once", async () => {
  const session = await consent();
  sandbox.advance(3_600_000);
  sandbox.petjeaf.fail({ operation: "createToken", cut: "before" });
  await session.auth.getToken();
  expect(sandbox.petjeaf.count("createToken")).toBe(3);
  sandbox.advance(3_600_000);
  sandbox.petjeaf.fail({ operation: "createToken", cut: "before", times: 2 });
  expect(await failure(session.auth.getToken())).toMatchObject({ kind: "network" });
  expect(sandbox.petjeaf.count("createToken")).toBe(5);
});

test("T-15 a rotated refresh token replaces the old one in the store", async () => {
  const store = createMemoryStore();
  const session = await consent({ store }, "me");
  const first = await session.auth.getToken();
  for (let i = 0; i < 3; i += 1) {
    sandbox.advance(3_600_000);
    await session.auth.getToken();
  }
  const restored = createPetjeafClient({ ...sandbox.petjeaf.options, ...common(), store }).session(
    "me",
  );
  sandbox.advance(3_600_000);
  expect((await restored.auth.getToken()).refreshToken).not.toBe(first.refreshToken);
  expect(sandbox.petjeaf.count("createToken")).toBe(5);
});

test("T-16 a token that could not be saved is served, reported, written again, and not rotated on", async () => {
  const memory = createMemoryStore();
  let broken = true;
  const writes: boolean[] = [];
  const store: TokenStore = {
    ...memory,
    set: async (key, record, expected) => {
      if (!record.intent) writes.push(!broken); // An intent is no token.
      if (broken) throw new Error("disk full: canary");
      return memory.set(key, record, expected);
    },
  };
  const session = await consent({ store }, "me");
  expect((await session.GET("/users/me")).response.status).toBe(200);
  const failed = events.find(({ type }) => type === "persist_failed");
  expect(failed).toMatchObject({ error: { kind: "store" } });
  expect(JSON.stringify(failed)).not.toContain("canary");
  sandbox.advance(3_600_000);
  expect(await failure(session.auth.getToken())).toMatchObject({ kind: "store", retryable: true });
  expect(sandbox.petjeaf.count("createToken")).toBe(1);
  broken = false;
  await session.auth.getToken();
  expect(sandbox.petjeaf.count("createToken")).toBe(2);
  expect(writes.filter(Boolean)).toHaveLength(2);
});

test("T-17 a dead grant looks into the store first, and takes another refresh token from there", async () => {
  const memory = createMemoryStore();
  const session = await consent({ store: memory }, "me");
  const stale = await session.auth.getToken();
  sandbox.advance(3_600_000);
  const other = createPetjeafClient({
    ...sandbox.petjeaf.options,
    ...common(),
    store: memory,
  }).session("me");
  // The first answer of the store is from before the other process renewed.
  let reads = 0;
  const store: TokenStore = {
    ...memory,
    get: async (key) => ((reads += 1) === 1 ? { token: stale, generation: 1 } : memory.get(key)),
  };
  const late = createPetjeafClient({ ...sandbox.petjeaf.options, ...common(), store }).session(
    "me",
  );
  const renewed = await other.auth.getToken();
  sandbox.petjeaf.fail({
    operation: "createToken",
    status: 400,
    body: { status: 400, title: "Bad Request", detail: "Invalid grant: refresh token is invalid" },
  });
  expect((await late.auth.getToken()).accessToken).toBe(renewed.accessToken);
});

test("T-17 a dead grant marks the record, and does not delete it; another 400 marks nothing", async () => {
  const store = createMemoryStore();
  const keys: string[] = [];
  const session = await consent(
    {
      store: {
        ...store,
        get: (key) => {
          keys.push(key);
          return store.get(key);
        },
      },
    },
    "me",
  );
  sandbox.advance(3_600_000);
  sandbox.petjeaf.fail({
    operation: "createToken",
    status: 400,
    body: { status: 400, title: "Bad Request", detail: "something else" },
  });
  expect(await failure(session.auth.getToken())).toMatchObject({ kind: "rejected" });
  expect((await store.get(keys[0]!))?.reauthorizationRequired).toBeUndefined();
  sandbox.petjeaf.revokeRefreshTokens();
  expect(await failure(session.auth.getToken())).toMatchObject({
    kind: "reauthorization_required",
  });
  expect(await store.get(keys[0]!)).toMatchObject({
    reauthorizationRequired: true,
    token: { tokenType: "Bearer" },
  });
  expect(events.map(({ type }) => type)).toContain("reauthorization_required");
  // A new process does not ask the vendor again; a new consent opens the session.
  const before = sandbox.petjeaf.count("createToken");
  expect(
    await failure(
      createPetjeafClient({ ...sandbox.petjeaf.options, ...common(), store })
        .session("me")
        .auth.getToken(),
    ),
  ).toMatchObject({ kind: "reauthorization_required" });
  expect(sandbox.petjeaf.count("createToken")).toBe(before);
  await consent({ store }, "me");
  expect(
    (
      await createPetjeafClient({ ...sandbox.petjeaf.options, ...common(), store })
        .session("me")
        .GET("/users/me")
    ).response.status,
  ).toBe(200);
});

test("a store that cannot be read does not keep from a login", async () => {
  const broken = async (): Promise<never> => {
    throw new Error("down");
  };
  const client = apinizer({ store: { get: broken, set: broken, delete: broken } });
  expect((await client.GET("/projects/")).response.status).toBe(200);
});

test("two clients on one store share the token", async () => {
  const store = createMemoryStore();
  await apinizer({ store }).auth.getToken();
  await apinizer({ store }).auth.getToken();
  expect(requests()).toBe(1);
});

test("close() waits for what is under way, and ends the client", async () => {
  const store = createMemoryStore();
  const client = apinizer({ store });
  sandbox.apinizer.fail({ delay: 100 });
  const pending = client.auth.getToken();
  await client.auth.close();
  expect((await pending).accessToken).toBeTruthy();
  expect(await failure(client.auth.getToken())).toMatchObject({ kind: "closed" });
});

test("a listener that throws costs no token", async () => {
  await apinizer({
    onEvent: () => {
      throw new Error("listener");
    },
  }).auth.getToken();
});
