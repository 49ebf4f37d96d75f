/**
 * Stores, functions that give secrets, event listeners and servers that misbehave. Each case once
 * cost a token, a secret or the process.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  createApinizerClient,
  createFileStore,
  createClient,
  createGenLogsClient,
  createMemoryStore,
  createPetjeafClient,
  apinizer,
  isCorrigendaError,
  type ClientEvent,
  type CommonOptions,
  type PetjeafSession,
  type TokenRecord,
  type TokenStore,
} from "../src/index.ts";
import { redact } from "../src/http/redact.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { storeHolding } from "../src/testing/index.ts";
import { failure } from "./support/clients.ts";
import { until } from "./support/wait.ts";
import { http, startRawServer, type RawServer } from "./support/raw-server.ts";
import { leaks } from "./support/secrets.ts";

let sandbox: Sandbox;
const servers: RawServer[] = [];
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(async () => {
  await Promise.all([sandbox.close(), ...servers.splice(0).map((server) => server.close())]);
});
async function answering(...answers: string[]): Promise<RawServer> {
  const server = await startRawServer(
    (socket, n) => void socket.end(answers[Math.min(n, answers.length) - 1] ?? ""),
  );
  servers.push(server);
  return server;
}
const manager = (options: object = {}) =>
  createApinizerClient({ ...sandbox.apinizer.options, now: sandbox.now, ...options });
async function consent(
  options: CommonOptions & { scope?: string; key?: string } = {},
): Promise<PetjeafSession> {
  const { scope = "profile.read memberships.read", key, ...rest } = options;
  const app = createPetjeafClient({ ...sandbox.petjeaf.options, now: sandbox.now, ...rest });
  const { url, state } = app.authorizationUrl({ scope });
  return app.exchange((await fetch(url, { redirect: "manual" })).headers.get("location") ?? "", {
    state,
    ...(key === undefined ? {} : { key }),
  });
}
const never = (): Promise<never> => new Promise(() => undefined);

describe("a store", () => {
  test.each([
    [
      "whose compare-and-set never succeeds",
      { get: async () => undefined, set: async () => false },
    ],
    ["that never answers", { get: never, set: never }],
    [
      "that throws at once",
      {
        get: () => {
          throw new Error("canary-store");
        },
        set: () => {
          throw new Error("canary-store");
        },
      },
    ],
    ["that holds an empty object", { get: async () => ({}), set: async () => true }],
    ["that holds a text", { get: async () => `{"token":"canary-store"}`, set: async () => true }],
    [
      "that holds a token no header can carry",
      {
        get: async () => ({
          generation: 1,
          token: { accessToken: "canary-store\n", tokenType: "Bearer", issuedAt: 0 },
        }),
        set: async () => true,
      },
    ],
  ])("%s does not keep from a login, and is reported or passed over", async (_, parts) => {
    const events: ClientEvent[] = [];
    const store = { delete: async () => undefined, ...parts } as unknown as TokenStore;
    const client = manager({
      store,
      timeouts: { attempt: 500, total: 10_000 },
      onEvent: (event: ClientEvent) => events.push(event),
    });
    expect((await client.GET("/projects/")).response.status).toBe(200);
    for (const event of events)
      expect(leaks("error" in event ? event.error : event, ["canary-store"])).toEqual([]);
  });

  test.each([
    ["an empty object", {}],
    ["a text", "x"],
    ["an empty token", { generation: 1, token: {} }],
  ])("that holds %s is a store error where only a refresh token could help", async (_, record) => {
    const store = {
      get: async () => record,
      set: async () => true,
      delete: async () => undefined,
    } as unknown as TokenStore;
    const error = await failure(
      createPetjeafClient({ ...sandbox.petjeaf.options, store })
        .session("me")
        .auth.getToken(),
    );
    expect(error).toMatchObject({ kind: "store" });
    expect(error.message).toContain("me");
  });

  test("without its methods is a configuration error", () => {
    expect(() => manager({ store: {} })).toThrow(expect.objectContaining({ option: "store.get" }));
  });

  test("T-09 that is slow to save: nobody gets the new token before", async () => {
    const memory = createMemoryStore();
    let saved = 0;
    const store: TokenStore = {
      ...memory,
      set: async (key, record, expected) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (!record.intent) saved += 1;
        return memory.set(key, record, expected);
      },
    };
    const session = await consent({ store });
    sandbox.advance(3_600_000);
    const first = session.auth.getToken().then(() => saved);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await Promise.all([first, session.auth.getToken().then(() => saved)])).toEqual([2, 2]);
  });

  test("T-20 whose token is too short for the caller is not enough", async () => {
    const store = createMemoryStore();
    await manager({ store }).auth.getToken();
    sandbox.advance(3_500_000);
    const { expiresAt = 0 } = await manager({ store }).auth.getToken({ minTtl: 600 });
    expect(expiresAt - sandbox.now()).toBeGreaterThan(3_000_000);
  });
});

test("a new consent replaces what is stored, whatever the clocks say", async () => {
  const store = createMemoryStore();
  await consent({ store, scope: "profile.read", key: "me" });
  const wider = await consent({ store, key: "me", now: () => sandbox.now() - 60_000 });
  expect((await wider.GET("/memberships")).response.status).toBe(200);
  expect(
    (
      await createPetjeafClient({ ...sandbox.petjeaf.options, now: sandbox.now, store })
        .session("me")
        .GET("/memberships")
    ).response.status,
  ).toBe(200);
});

test("T-08 a session that is dropped while its refresh is under way is not opened a second time", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const app = createPetjeafClient({ ...sandbox.petjeaf.options, now: sandbox.now });
  const { url, state } = app.authorizationUrl({ scope: "profile.read" });
  const { key } = await app.exchange(
    (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
    { state },
  );
  sandbox.advance(3_600_000 - 100_000);
  sandbox.petjeaf.fail({ operation: "createToken", delay: 500 });
  await app.session(key).auth.getToken(); // Starts a renewal in the background.
  for (let i = 0; i < 1100; i += 1) app.session(`other-${i}`);
  for (let i = 0; i < 5; i += 1) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  sandbox.advance(200_000);
  expect((await app.session(key).GET("/users/me")).response.status).toBe(200);
  expect(sandbox.petjeaf.count("createToken")).toBe(2);
});

describe("a vault that hangs", () => {
  test("ends with the deadline, and the client works once it is back", async () => {
    let back = false;
    const { password } = sandbox.apinizer.options;
    const client = manager({
      password: () => (back ? password : never()),
      timeouts: { total: 1500 },
    });
    expect(await failure(client.auth.getToken())).toMatchObject({
      kind: "network",
      code: "timeout",
      maybeReceived: false,
    });
    back = true;
    await client.auth.getToken();
    await client.auth.close();
  });

  test("does not hold a caller who aborts", async () => {
    const client = createGenLogsClient({ ...sandbox.genlogs.options, apiKey: never });
    await expect(
      client.GET("/carrier/recommendations", { signal: AbortSignal.timeout(50) }),
    ).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test("or fails does not matter while a refresh token will do", async () => {
    let broken = false;
    const { password } = sandbox.genlogs.options;
    const client = createGenLogsClient({
      ...sandbox.genlogs.options,
      now: sandbox.now,
      renew: "refresh-token",
      password: () => {
        if (broken) throw new Error("sealed");
        return password;
      },
    });
    await client.auth.getToken();
    broken = true;
    sandbox.advance(3_602_000);
    await client.auth.getToken();
    expect(sandbox.genlogs.count("refreshToken")).toBe(1);
  });
});

test("a listener that rejects costs neither token nor process", async () => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", note);
  await manager({
    onEvent: async () => {
      throw new Error("listener");
    },
  }).auth.getToken();
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});

test.each([
  ["percent-encoded but for the slash", "wJalr/K7MDENG/bPx==", "key wJalr/K7MDENG/bPx%3D%3D."],
  [
    "percent-encoded in full",
    "a-b_c.d~e!f*g'h(i)",
    `key ${Array.from("a-b_c.d~e!f*g'h(i)", (c) => `%${c.charCodeAt(0).toString(16)}`).join("")}.`,
  ],
  ["with unicode escapes", "pass word é €", "key pass\\u0020word\\u0020\\u00e9 \\u20AC."],
  ["with its slashes escaped", "abc/def/ghi", "key abc\\/def\\/ghi."],
  [
    "in base64 that is percent-encoded",
    "canary>>>>????",
    `key ${encodeURIComponent(btoa("canary>>>>????"))}.`,
  ],
])("S-03 a secret %s is taken out", (_, secret, text) => {
  expect(redact(text, [secret])).toMatch(/^key \[secret\]\w?(%3D)*\.$/);
});

describe("redirects", () => {
  test.each([307, 308])("S-02 a %i to another origin does not get a body", async (status) => {
    const other = await answering(http(200, "{}"));
    const server = await answering(http(status, "", { location: `${other.url}/auth/token` }));
    const client = createGenLogsClient({
      apiKey: "k",
      email: "e@example.com",
      password: "canary-password",
      baseUrl: server.url,
    });
    const error = await failure(
      client.POST("/auth/token", { body: { email: "e@example.com", password: "canary-password" } }),
    );
    expect(error).toMatchObject({ kind: "redirect", status });
    expect(other.requests).toEqual([]);
  });

  test("T-20 after a 303 it is the second request that a 401 sends again, not the first", async () => {
    const token = (n: number): string =>
      http(200, JSON.stringify({ access_token: `t-${n}`, expires_in: 3600 }));
    const server = await answering(
      token(1),
      http(303, "", { location: "/apiops/result" }),
      http(401, "{}"),
      token(2),
      http(200, "{}"),
    );
    const client = createApinizerClient({ managerUrl: server.url, username: "u", password: "p" });
    expect((await client.fetch("/order/", { method: "POST", body: "one" })).status).toBe(200);
    expect(server.requests.map((text) => text.split(" ").slice(0, 2).join(" "))).toEqual([
      "POST /apiops/auth/token",
      "POST /apiops/order/",
      "GET /apiops/result",
      "POST /apiops/auth/token",
      "GET /apiops/result",
    ]);
  });

  test("S-02 a 401 after a detour over another origin is not about our token", async () => {
    let home = "";
    const abroad = await startRawServer(
      (socket) => void socket.end(http(302, "", { location: `${home}/apiops/home` })),
    );
    const server = await startRawServer(
      (socket, n) =>
        void socket.end(n === 1 ? http(302, "", { location: abroad.url }) : http(401, "{}")),
    );
    servers.push(abroad, server);
    home = server.url;
    const account = { managerUrl: server.url, username: "u", password: "p" };
    const client = createApinizerClient({
      ...account,
      store: storeHolding(apinizer, account, {
        accessToken: "t",
        tokenType: "Bearer",
        issuedAt: 0,
      }),
    });
    expect((await client.fetch("/x/")).status).toBe(401);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[1]).not.toMatch(/authorization/i);
  });
});

test("a fetch of another library gets a URL and an init, and middleware sees no credential", async () => {
  const seen: unknown[] = [];
  const client = manager({
    fetch: (input: unknown, init: RequestInit) => {
      seen.push(typeof input);
      return globalThis.fetch(input as string, init);
    },
  });
  const headers: (string | null)[] = [];
  client.use({
    onResponse: ({ request }) => void headers.push(request.headers.get("authorization")),
  });
  expect((await client.GET("/projects/")).response.status).toBe(200);
  expect(new Set(seen)).toEqual(new Set(["string"]));
  expect(headers).toEqual([null]);
});

test("a fetch that throws instead of rejecting is a network error", async () => {
  const thrown = (): never => {
    throw Object.assign(new Error("canary"), { code: "ECONNREFUSED" });
  };
  expect(
    await failure(manager({ fetch: thrown, timeouts: { total: 5000 } }).auth.getToken()),
  ).toMatchObject({ kind: "network", code: "ECONNREFUSED" });
  expect(
    await failure(
      createApinizerClient({ managerUrl: "https://m.example", token: "t", fetch: thrown }).GET(
        "/projects/",
      ),
    ),
  ).toMatchObject({ kind: "network" });
});

test("an answer that is cut while it is read is a network error", async () => {
  const server = await answering(http(200, `{"status":"SUCCESS"}`, { "content-length": "500" }));
  const client = createApinizerClient({ managerUrl: server.url, token: "t" });
  expect(await failure(client.GET("/projects/"))).toMatchObject({
    kind: "network",
    retryable: true,
  });
});

test("what middleware throws is the caller's own", async () => {
  const client = manager();
  client.use({
    onResponse: () => {
      throw new SyntaxError("mine");
    },
  });
  expect((await failure(client.GET("/projects/"))).message).toBe("mine");
});

test("GL-15 auto finds the way back from the query to the body", async () => {
  sandbox.genlogs.settings.credentialsIn = "query";
  const client = createGenLogsClient({ ...sandbox.genlogs.options, now: sandbox.now });
  await client.auth.getToken();
  sandbox.genlogs.settings.credentialsIn = "body";
  sandbox.advance(3_602_000);
  await client.auth.getToken();
  expect(sandbox.genlogs.count("createToken")).toBe(4);
});

describe("close()", () => {
  test("of a session ends that session; a new consent opens another", async () => {
    const app = createPetjeafClient({ ...sandbox.petjeaf.options, now: sandbox.now });
    const open = async (): Promise<PetjeafSession> => {
      const { url, state } = app.authorizationUrl({ scope: "profile.read" });
      return app.exchange(
        (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
        { state },
      );
    };
    const first = await open();
    await first.auth.close();
    expect(await failure(first.auth.getToken())).toMatchObject({ kind: "closed" });
    expect((await (await open()).GET("/users/me")).response.status).toBe(200);
    sandbox.petjeaf.fail({ operation: "createToken", delay: 100 });
    const before = sandbox.petjeaf.count("createToken");
    const pending = open();
    await until(() => sandbox.petjeaf.count("createToken") > before);
    await app.close();
    expect((await pending).key).toBeTruthy();
    expect(await failure(open())).toMatchObject({ kind: "closed" });
    expect(() => app.session("x")).toThrow(expect.objectContaining({ kind: "closed" }));
  });

  test("waits for every session, though one could not save its token", async () => {
    const memory = createMemoryStore();
    let broken = "";
    const app = createPetjeafClient({
      ...sandbox.petjeaf.options,
      now: sandbox.now,
      store: {
        ...memory,
        set: (key, record, expected) =>
          key.endsWith(broken || "-") && !record.intent
            ? Promise.reject(new Error("full"))
            : memory.set(key, record, expected),
      },
    });
    const open = async (key: string) => {
      const { url, state } = app.authorizationUrl({ scope: "profile.read" });
      return app.exchange(
        (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
        { state, key },
      );
    };
    const [one, two] = [await open("one"), await open("two")];
    const { refreshToken } = await two.auth.getToken();
    sandbox.advance(3_600_000);
    broken = "one";
    await one.auth.getToken();
    sandbox.petjeaf.fail({ operation: "createToken", delay: 200 });
    const pending = two.auth.getToken();
    expect(await failure(app.close())).toMatchObject({ kind: "store" });
    expect((await two.auth.explain()).inFlight).toBe(false);
    expect((await pending).refreshToken).not.toBe(refreshToken);
  });

  test("waits for a revocation under way", async () => {
    const memory = createMemoryStore();
    const keys = new Set<string>();
    const session = await consent({
      store: {
        ...memory,
        set: (key, ...rest) => {
          keys.add(key);
          return memory.set(key, ...rest);
        },
        delete: async (key) => {
          await new Promise((resolve) => setTimeout(resolve, 200));
          keys.delete(key);
          return memory.delete(key);
        },
      },
    });
    const before = sandbox.petjeaf.count("revokeToken");
    const revoking = session.auth.revoke();
    await until(() => sandbox.petjeaf.count("revokeToken") > before);
    await until(async () => !(await session.auth.explain()).token); // It is being forgotten.
    await session.auth.close();
    expect(keys.size).toBe(0);
    await revoking;
  });

  test("of a client with a static token", async () => {
    const client = createApinizerClient({ managerUrl: "https://m.example", token: "t" });
    await client.auth.close();
    expect(await failure(client.GET("/projects/"))).toMatchObject({ kind: "closed" });
  });
});

test.each([
  ["options", () => createGenLogsClient(undefined as never)],
  ["allowHttpHost", () => manager({ allowHttpHost: 5 })],
  ["password", () => createGenLogsClient({ apiKey: "k", email: "e", password: "\ud800" })],
  [
    "token",
    () =>
      createApinizerClient({
        managerUrl: "https://m.example",
        username: "u",
        password: "p",
        token: "t",
      } as never),
  ],
  [
    "tokenScheme",
    () =>
      createClient(
        { ...apinizer, tokenScheme: "bearrer" },
        { managerUrl: "https://m.example", token: "t" },
      ),
  ],
  ["input", () => manager().fetch("relative")],
  ["fetch", () => manager().GET("/projects/", { fetch: globalThis.fetch })],
  ["input", () => manager().fetch(undefined as never)],
  ["result", () => manager().toError(undefined as never)],
  ["result.response", () => manager().toError({} as never)],
  ["options", () => manager().auth.getToken(null as never)],
  ["minTtl", () => manager().auth.getToken({ minTtl: Number.NaN })],
  [
    "signal",
    () =>
      createApinizerClient({ managerUrl: "https://m.example", token: "t" }).auth.getToken({
        signal: {} as never,
      }),
  ],
  [
    "options",
    () =>
      createPetjeafClient(sandbox.petjeaf.options).exchange("code=c&state=s", undefined as never),
  ],
  [
    "options",
    () => createPetjeafClient(sandbox.petjeaf.options).authorizationUrl(undefined as never),
  ],
  [
    "scope",
    () => createPetjeafClient(sandbox.petjeaf.options).authorizationUrl({ scope: 5 as never }),
  ],
  ["timeouts", () => manager({ timeouts: 5 as never })],
  ["replay", () => manager({ replay: "false" as never })],
  ["path", () => createFileStore({ path: "a\0b" })],
])("a mistake with `%s` is a configuration error", async (option, make) => {
  expect(await failure((async () => make())())).toMatchObject({ kind: "configuration", option });
});

test("`kind` narrows a CorrigendaError", async () => {
  const error: unknown = await failure(manager({ password: "wrong-password" }).auth.getToken());
  const told =
    isCorrigendaError(error) && error.kind === "contract"
      ? error.pointer
      : isCorrigendaError(error) && error.kind === "credentials"
        ? error.vendorCode
        : undefined;
  expect(told).toBe("unauthorized_client");
});

test("the sandbox refuses a fault that could never happen, and closes at once", async () => {
  expect(() => sandbox.apinizer.fail({ operation: "createTokn", status: 500 })).toThrow(
    "createToken",
  );
  expect(() => sandbox.apinizer.fail({ body: {} })).toThrow("status");
  sandbox.apinizer.fail({ delay: 60_000 });
  const pending = failure(manager({ timeouts: { total: 1000 } }).auth.getToken());
  await new Promise((resolve) => setTimeout(resolve, 50));
  await sandbox.close();
  await pending;
  sandbox = await startSandbox();
});

test("T-16 a store that works again gets the token, though nobody asks for another", async () => {
  const memory = createMemoryStore();
  let broken = true;
  const records: TokenRecord[] = [];
  const store: TokenStore = {
    ...memory,
    set: async (key, record, expected) => {
      if (broken) throw new Error("full");
      records.push(record);
      return memory.set(key, record, expected);
    },
  };
  const session = await consent({ store });
  broken = false;
  sandbox.advance(2000);
  await session.auth.getToken();
  await until(() => records.length > 0);
  expect(records).toHaveLength(1);
  expect(sandbox.petjeaf.count("createToken")).toBe(1);
});

describe("while a consent or a revocation is being written", () => {
  /** A store whose operations take time. */
  function slow(ms = 60): TokenStore & { readonly memory: TokenStore } {
    const memory = createMemoryStore();
    const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    return {
      memory,
      get: async (key) => {
        await rest();
        return memory.get(key);
      },
      set: async (...args) => {
        await rest();
        return memory.set(...args);
      },
      delete: async (key) => {
        await rest();
        return memory.delete(key);
      },
    };
  }

  test("a revocation is not undone by callers who come meanwhile", async () => {
    const session = await consent({ store: slow() });
    const revoking = session.auth.revoke();
    const others = Array.from({ length: 5 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i * 20));
      return session.auth.getToken().catch(() => undefined);
    });
    await revoking;
    await Promise.all(others);
    expect(await failure(session.auth.getToken())).toMatchObject({
      kind: "reauthorization_required",
    });
    expect(sandbox.petjeaf.count("createToken")).toBe(1);
  });

  test("a write under way does not come after the deletion", async () => {
    const memory = createMemoryStore();
    let mode: "fail" | "hang" = "fail";
    let finish = (): void => undefined;
    const store: TokenStore = {
      ...memory,
      set: async (...args) => {
        if (mode === "fail") throw new Error("full");
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return memory.set(...args);
      },
    };
    let key = "";
    const session = await consent({
      store: {
        ...store,
        get: (one) => {
          key = one;
          return memory.get(one);
        },
        delete: (one) => {
          key = one;
          return memory.delete(one);
        },
      },
    });
    mode = "hang";
    sandbox.advance(2000);
    await session.auth.getToken(); // Writes again, in the background.
    const revoking = session.auth.revoke();
    await new Promise((resolve) => setTimeout(resolve, 50));
    finish();
    await revoking;
    expect(await memory.get(key)).toBeUndefined();
  });

  test("a new consent is not overwritten by a renewal that would start meanwhile", async () => {
    const store = slow();
    const app = createPetjeafClient({ ...sandbox.petjeaf.options, now: sandbox.now, store });
    const again = async () => {
      const { url, state } = app.authorizationUrl({ scope: "profile.read" });
      return app.exchange(
        (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
        { state, key: "me" },
      );
    };
    const session = await again();
    sandbox.advance(3_600_000);
    const renewed = again();
    const tokens = await Promise.all([
      renewed.then(({ auth }) => auth.getToken()),
      new Promise((resolve) => setTimeout(resolve, 30)).then(() => session.auth.getToken()),
    ]);
    expect((await session.auth.getToken()).accessToken).toBe(tokens[0].accessToken);
  });
});

test("a client that is being closed sends no code", async () => {
  const app = createPetjeafClient({ ...sandbox.petjeaf.options, now: sandbox.now });
  const { url, state } = app.authorizationUrl({ scope: "profile.read" });
  const callback = (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "";
  const closing = app.close();
  expect(await failure(app.exchange(callback, { state }))).toMatchObject({ kind: "closed" });
  await closing;
  expect(sandbox.petjeaf.count("createToken")).toBe(0);
});

test("T-05 a waitUntil that throws costs no token", async () => {
  const client = manager({
    waitUntil: () => {
      throw new Error("the request is over");
    },
  });
  const { accessToken } = await client.auth.getToken();
  sandbox.advance(3_500_000);
  expect((await client.auth.getToken()).accessToken).toBe(accessToken);
});
