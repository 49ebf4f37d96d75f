/**
 * `revoke()` of a Petje.af session: which answers count as revoked, what the error says otherwise,
 * and when the session is deleted here.
 */
import {
  createMemoryStore,
  createPetjeafClient,
  isCorrigendaError,
  type ClientEvent,
  type CommonOptions,
  type PetjeafSession,
  type TokenStore,
} from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";
import { until } from "./support/wait.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

const HOUR = 3_600_000;
const events: ClientEvent[] = [];
beforeEach(() => void events.splice(0));
const told = (): ClientEvent[] =>
  events.filter(({ type }) => type === "revoked" || type === "revocation_failed");

async function consent(options: CommonOptions = {}): Promise<PetjeafSession> {
  const app = createPetjeafClient({
    ...sandbox.petjeaf.options,
    now: sandbox.now,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const { url, state } = app.authorizationUrl({ scope: "profile.read" });
  return app.exchange((await fetch(url, { redirect: "manual" })).headers.get("location") ?? "", {
    state,
  });
}
const refuse = (status: number, more: object = {}): void =>
  sandbox.petjeaf.fail({ operation: "revokeToken", status, body: { error: "not_found" }, ...more });

/** A `fetch` that fails for the revocation, and for nothing else. */
const without =
  (code: string): typeof globalThis.fetch =>
  async (input, init) => {
    if (init?.method === "DELETE")
      throw Object.assign(new TypeError("fetch failed"), { cause: { code } });
    return fetch(input, init);
  };
const isForgotten = async (session: PetjeafSession): Promise<boolean> =>
  (await session.auth.getToken().catch((error: unknown) => error)) instanceof Error;

describe("PJ-12 revoked is", () => {
  test.each([
    [204, undefined],
    [200, { status: "ok" }],
  ])("what the vendor says with %i", async (status, body) => {
    const session = await consent();
    sandbox.petjeaf.fail({ operation: "revokeToken", status, ...(body ? { body } : {}) });
    await session.auth.revoke();
    expect(await isForgotten(session)).toBe(true);
    expect(told()).toEqual([{ provider: "petjeaf", type: "revoked" }]);
  });

  test("a token that the vendor refuses, and does not renew", async () => {
    const session = await consent();
    sandbox.petjeaf.revokeAccessTokens();
    sandbox.petjeaf.revokeRefreshTokens();
    await session.auth.revoke();
    expect(await isForgotten(session)).toBe(true);
    expect(told()).toEqual([{ provider: "petjeaf", type: "revoked" }]);
  });

  test("a token that the vendor still refuses once it was renewed", async () => {
    const session = await consent();
    refuse(401, { times: 2 });
    await session.auth.revoke();
    expect(await isForgotten(session)).toBe(true);
    expect(told()).toEqual([{ provider: "petjeaf", type: "revoked" }]);
  });

  test("a token that has run out only once it was renewed, and its successor is revoked", async () => {
    const session = await consent();
    sandbox.advance(HOUR);
    await session.auth.revoke();
    expect([sandbox.petjeaf.count("createToken"), sandbox.petjeaf.count("revokeToken")]).toEqual([
      2, 1,
    ]);
    expect(told()).toEqual([{ provider: "petjeaf", type: "revoked" }]);
  });
});

describe("PJ-12 all else is an error, and the session is kept", () => {
  test.each([
    [400, "rejected", false],
    [403, "permission", false],
    [404, "rejected", false],
    [405, "rejected", false],
    [410, "rejected", false],
    [429, "rate_limited", true],
    [500, "server", true],
    [503, "server", true],
  ])("%i", async (status, kind, retryable) => {
    const session = await consent();
    const { accessToken } = await session.auth.getToken();
    refuse(status);
    const error = await failure(session.auth.revoke());
    expect(error).toMatchObject({
      kind,
      status,
      retryable,
      provider: "petjeaf",
      message: expect.stringContaining("The session is kept"),
    });
    expect(error.message).toMatch(status < 500 ? /was not revoked/ : /not known whether/);
    expect(error.message.includes("no document of the vendor's names")).toBe(
      status === 404 || status === 405,
    );
    expect((await session.GET("/users/me")).response.status).toBe(200);
    expect((await session.auth.getToken()).accessToken).toBe(accessToken);
    expect(told()).toEqual([
      { provider: "petjeaf", type: "revocation_failed", error, forgotten: false },
    ]);
    expect(leaks(told(), [accessToken, sandbox.petjeaf.options.clientSecret])).toEqual([]);
  });

  test.each([
    ["ECONNREFUSED", /was not revoked/],
    ["ECONNRESET", /not known whether/],
  ])("%s", async (code, says) => {
    const session = await consent({ fetch: without(code) });
    const error = await failure(session.auth.revoke());
    expect(error).toMatchObject({
      kind: "network",
      code,
      retryable: true,
      message: expect.stringMatching(says),
    });
    expect((await session.GET("/users/me")).response.status).toBe(200);
    expect(told()).toEqual([
      { provider: "petjeaf", type: "revocation_failed", error, forgotten: false },
    ]);
  });

  test("a vendor that does not answer, after `timeouts.total`", async () => {
    const session = await consent({ timeouts: { total: 3000 } });
    refuse(204, { delay: 60_000 });
    expect(await failure(session.auth.revoke())).toMatchObject({
      kind: "network",
      code: "timeout",
      operation: "revokeToken",
      message: expect.stringMatching(/did not answer in time.*not known whether/),
    });
    expect(await isForgotten(session)).toBe(false);
  });

  test("a 429 says when to come back", async () => {
    const session = await consent();
    refuse(429, { headers: { "retry-after": "120" } });
    const { retryAt } = await failure(session.auth.revoke());
    expect(Math.abs(Number(retryAt) - sandbox.now() - 120_000)).toBeLessThan(5000);
  });

  test("client credentials that are refused while a token is had", async () => {
    const session = await consent();
    sandbox.advance(HOUR);
    sandbox.petjeaf.fail({
      operation: "createToken",
      status: 401,
      body: { detail: "Invalid client" },
    });
    expect(await failure(session.auth.revoke())).toMatchObject({
      kind: "credentials",
      message: expect.stringContaining("The session is kept"),
    });
    session.auth.reset();
    expect((await session.GET("/users/me")).response.status).toBe(200);
  });

  test("a 401 that comes once the session was closed, since nothing is known of the grant", async () => {
    const store = createMemoryStore();
    const session = await consent({ store });
    refuse(401, { delay: 300 });
    const revoking = failure(session.auth.revoke());
    await until(() => sandbox.petjeaf.count("revokeToken") === 1);
    await session.auth.close();
    expect(await revoking).toMatchObject({
      kind: "closed",
      message: expect.stringContaining("The session is kept"),
    });
    const again = createPetjeafClient({
      ...sandbox.petjeaf.options,
      now: sandbox.now,
      store,
    }).session(session.key);
    expect((await again.GET("/users/me")).response.status).toBe(200);
  });

  test("a store that does not forget: the token is revoked, and it can be done again", async () => {
    const memory = createMemoryStore();
    let broken = true;
    const session = await consent({
      store: {
        ...memory,
        delete: async (key) => {
          if (broken) throw new Error("canary");
          return memory.delete(key);
        },
      },
    });
    const error = await failure(session.auth.revoke());
    expect(error).toMatchObject({
      kind: "store",
      message: expect.stringMatching(/was revoked.*could not be forgotten/),
    });
    expect(told()).toEqual([
      { provider: "petjeaf", type: "revocation_failed", error, forgotten: false },
    ]);
    broken = false;
    await session.auth.revoke();
    expect(await isForgotten(session)).toBe(true);
  });
});

describe("PJ-12 revoke({ forget: true })", () => {
  test.each<[string, CommonOptions, () => void]>([
    ["a call that is not there any more", {}, () => refuse(404)],
    ["a server that fails", {}, () => refuse(500)],
    ["a network that is down", { fetch: without("ECONNREFUSED") }, () => undefined],
    [
      "a token that cannot be had",
      {},
      () => {
        sandbox.advance(HOUR);
        sandbox.petjeaf.fail({
          operation: "createToken",
          status: 401,
          body: { detail: "Invalid client" },
        });
      },
    ],
  ])(
    "forgets the session whatever comes, and the event tells of it: %s",
    async (_, options, harm) => {
      const memory = createMemoryStore();
      const keys = new Set<string>();
      const store: TokenStore = {
        ...memory,
        set: (key, ...rest) => {
          keys.add(key);
          return memory.set(key, ...rest);
        },
      };
      const session = await consent({ store, ...options });
      harm();
      await session.auth.revoke({ forget: true });
      expect(await isForgotten(session)).toBe(true);
      for (const key of keys) expect(await memory.get(key)).toBeUndefined();
      const [event, ...more] = told();
      expect(more).toEqual([]);
      expect(event).toMatchObject({ type: "revocation_failed", forgotten: true });
      const { error } = event as { error?: unknown };
      expect(isCorrigendaError(error) && error.message).toContain("The session is forgotten here");
    },
  );

  test("that is revoked tells so", async () => {
    const session = await consent();
    await session.auth.revoke({ forget: true });
    expect(told()).toEqual([{ provider: "petjeaf", type: "revoked" }]);
  });

  test.each([
    ["options", 5],
    ["options", null],
    ["forget", { forget: "yes" }],
  ])(
    "with a mistake in `%s` is a configuration error, and sends nothing",
    async (option, options) => {
      const session = await consent();
      expect(await failure(session.auth.revoke(options as never))).toMatchObject({
        kind: "configuration",
        option,
      });
      expect(sandbox.petjeaf.count("revokeToken")).toBe(0);
      expect(told()).toEqual([]);
    },
  );
});
