/**
 * What a program can observe of a client: explain(), events, the diagnostics channel and background
 * work. None of it is a secret.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { spawnSync } from "node:child_process";
import {
  CHANNEL,
  createApinizerClient,
  createPetjeafClient,
  type ClientEvent,
  type CommonOptions,
} from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());
const manager = (options: CommonOptions & { password?: string } = {}) =>
  createApinizerClient({ ...sandbox.apinizer.options, now: sandbox.now, ...options });
async function session(options: CommonOptions = {}) {
  const app = createPetjeafClient({ ...sandbox.petjeaf.options, now: sandbox.now, ...options });
  const { url, state } = app.authorizationUrl({ scope: "profile.read" });
  return app.exchange((await fetch(url, { redirect: "manual" })).headers.get("location") ?? "", {
    state,
  });
}

describe("explain()", () => {
  test("of a token: where it comes from, how old it is, when it is renewed", async () => {
    const { auth } = manager();
    const before = await auth.explain();
    expect(before).toEqual({
      key: expect.stringContaining("apinizer:"),
      inFlight: false,
      rotationInDoubt: false,
      replays: 0,
      closed: false,
    });
    const { issuedAt, expiresAt = 0, accessToken } = await auth.getToken();
    sandbox.advance(60_000);
    const { token, ...rest } = await auth.explain();
    expect(rest).toEqual(before);
    expect(token).toMatchObject({
      source: "client_credentials",
      state: "fresh",
      issuedAt,
      expiresAt,
      renewable: true,
      saved: true,
    });
    expect(token?.age).toBeGreaterThanOrEqual(60_000);
    expect(token?.renewsAt).toBeLessThanOrEqual(expiresAt - 240_000);
    expect(leaks([token, rest], [accessToken, sandbox.apinizer.options.password])).toEqual([]);
    sandbox.advance(3_590_000 - 60_000);
    expect((await auth.explain()).token?.state).toBe("hard");
    sandbox.advance(10_000);
    expect((await auth.explain()).token?.state).toBe("stale");
  });

  test("S-03 of a failure and a latch: kind and reason, no secret", async () => {
    const { auth } = manager({ password: "canary-password" });
    sandbox.apinizer.fail({
      status: 401,
      body: { error: "unauthorized_client", error_description: "no canary-password" },
    });
    await failure(auth.getToken());
    const explanation = await auth.explain();
    expect(explanation).toMatchObject({
      lastFailure: { kind: "credentials", status: 401, at: expect.any(Number) },
      latch: {
        kind: "credentials",
        reason: expect.stringContaining("unauthorized_client"),
        until: expect.any(Number),
      },
    });
    expect(leaks(explanation, ["canary-password"])).toEqual([]);
    auth.reset();
    expect(await auth.explain()).not.toHaveProperty("latch");
  });

  test("of a rate limit", async () => {
    const { auth } = manager();
    sandbox.apinizer.fail({
      status: 429,
      headers: { "retry-after": "60" },
      body: { error: "rate_limit_exceeded" },
    });
    await failure(auth.getToken());
    expect(((await auth.explain()).retryAt ?? 0) - sandbox.now()).toBeGreaterThan(55_000);
  });

  test("of a doubt about a rotation, until it is over", async () => {
    const { auth } = await session();
    sandbox.advance(3_600_000);
    sandbox.petjeaf.fail({ operation: "createToken", cut: "before", times: 2 });
    await failure(auth.getToken());
    expect(await auth.explain()).toMatchObject({
      rotationInDoubt: true,
      lastFailure: { kind: "network" },
    });
    await auth.getToken();
    expect(await auth.explain()).toMatchObject({
      rotationInDoubt: false,
      token: { source: "refresh_token" },
    });
  });

  test("of a request under way, a refused token, a closed client and a static token", async () => {
    const { auth, GET } = manager();
    sandbox.apinizer.fail({ delay: 50 });
    const pending = auth.getToken();
    expect((await auth.explain()).inFlight).toBe(true);
    const token = await pending;
    sandbox.apinizer.fail({
      operation: "createToken",
      status: 400,
      body: { error: "invalid_request" },
    });
    await failure(auth.getToken({ rejected: token }));
    expect((await auth.explain()).token?.state).toBe("refused");
    await auth.close();
    expect((await auth.explain()).closed).toBe(true);
    expect(await failure(GET("/projects/"))).toMatchObject({ kind: "closed" });
    const { accessToken } = token;
    expect(
      await createApinizerClient({
        managerUrl: "https://m.example",
        token: accessToken,
      }).auth.explain(),
    ).toMatchObject({ token: { source: "static", renewable: false } });
  });
});

test("every event is published on the diagnostics channel, without a secret", async () => {
  const seen: unknown[] = [];
  const note = (message: unknown): void => void seen.push(message);
  subscribe(CHANNEL, note);
  const events: ClientEvent[] = [];
  try {
    const { auth } = await session({ onEvent: (event) => events.push(event) });
    const { accessToken, refreshToken = "" } = await auth.getToken();
    sandbox.advance(3_600_000);
    await auth.getToken();
    sandbox.petjeaf.revokeRefreshTokens();
    sandbox.advance(3_600_000);
    await failure(auth.getToken());
    // The channel is the process's: other clients, of tests that are over, may still be heard on
    // it.
    expect(seen.filter((event) => events.includes(event as ClientEvent))).toEqual(events);
    expect(events.map(({ type }) => type)).toEqual([
      "token_issued",
      "token_renewed",
      "latched",
      "reauthorization_required",
      "renewal_failed",
    ]);
    for (const event of events)
      expect(
        leaks("error" in event ? event.error : event, [
          accessToken,
          refreshToken,
          sandbox.petjeaf.options.clientSecret,
        ]),
      ).toEqual([]);
  } finally {
    unsubscribe(CHANNEL, note);
  }
});

test("whoever subscribes late, after garbage was collected, misses no event", () => {
  const code = `
    import { subscribe } from "node:diagnostics_channel";
    import { CHANNEL, createApinizerClient } from ${JSON.stringify(`${process.cwd()}/src/index.ts`)};
    const { auth } = createApinizerClient({ managerUrl: "https://m.example", username: "u", password: "p", fetch: async () => new Response("", { status: 400 }) });
    const fail = async () => { await auth.getToken().catch(() => undefined); await new Promise((resolve) => setTimeout(resolve, 20)); };
    await fail();
    gc();
    let seen = 0;
    subscribe(CHANNEL, () => { seen += 1; });
    await fail();
    await fail();
    console.log(seen);`;
  const { stdout } = spawnSync(
    process.execPath,
    ["--expose-gc", "--import", "tsx", "--input-type=module", "-e", code],
    { encoding: "utf8", timeout: 60_000 },
  );
  expect(stdout.trim()).toBe("2");
});

test("T-05 background renewals are handed to waitUntil", async () => {
  const work: Promise<unknown>[] = [];
  const { auth } = manager({ waitUntil: (promise) => work.push(promise) });
  await auth.getToken();
  expect(work).toHaveLength(0);
  sandbox.advance(3_600_000 - 100_000);
  await auth.getToken();
  expect(work).toHaveLength(1);
  await Promise.all(work);
  expect(sandbox.apinizer.count("createToken")).toBe(2);
});

test("T-05 where the process may freeze and there is no waitUntil, the caller waits for the renewal", async () => {
  process.env["AWS_LAMBDA_FUNCTION_NAME"] = "test";
  try {
    const { auth } = manager();
    const first = await auth.getToken();
    sandbox.advance(3_600_000 - 100_000);
    expect((await auth.getToken()).accessToken).not.toBe(first.accessToken);
    sandbox.advance(3_600_000 - 100_000);
    sandbox.apinizer.fail({ status: 400, body: { error: "invalid_request" } });
    expect((await auth.explain()).token?.state).toBe("soft");
    await auth.getToken(); // The renewal fails, and the token that still works is served.
  } finally {
    delete process.env["AWS_LAMBDA_FUNCTION_NAME"];
  }
});

test("T-06 a renewal in the background keeps no process alive, and rejects nothing that nobody handles", () => {
  const code = `
    import { createApinizerClient } from ${JSON.stringify(`${process.cwd()}/src/index.ts`)};
    let now = Date.now(), n = 0;
    const fetch = async () => { n += 1; return n === 1 ? Response.json({ access_token: "t", expires_in: 3600 }) : new Promise(() => undefined); };
    const { auth } = createApinizerClient({ managerUrl: "https://m.example", username: "u", password: "p", fetch, now: () => now, timeouts: { attempt: 100_000, total: 100_000 } });
    await auth.getToken();
    now += 3_500_000;
    await auth.getToken();
    console.log("served");`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", code],
    { encoding: "utf8", timeout: 60_000 },
  );
  expect({ status, stdout: stdout.trim(), stderr }).toEqual({
    status: 0,
    stdout: "served",
    stderr: "",
  });
});

test("T-06 a pause that somebody waits for does keep the process alive", () => {
  const code = `
    import { createApinizerClient } from ${JSON.stringify(`${process.cwd()}/src/index.ts`)};
    let n = 0;
    const fetch = async () => { n += 1; return n < 3 ? new Response("", { status: 500 }) : Response.json({ access_token: "t", expires_in: 3600 }); };
    await createApinizerClient({ managerUrl: "https://m.example", username: "u", password: "p", fetch }).auth.getToken();
    console.log("served after", n);`;
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", code],
    { encoding: "utf8", timeout: 60_000 },
  );
  expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: "served after 3" });
});
