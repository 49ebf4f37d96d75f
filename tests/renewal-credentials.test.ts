/**
 * T-07, T-10: the credentials of one renewal, the keys that are derived from them, and the token
 * that a person made by hand. The derivation is replaced by a quick one where only its number
 * matters.
 */
import { createRuntime } from "../src/client/options.ts";
import { createStaticTokenSource } from "../src/client/static-token.ts";
import { createTokenEndpoint } from "../src/client/create-token-source.ts";
import { createServerClock } from "../src/http/server-clock.ts";
import { createDeadline } from "../src/platform/deadline.ts";
import type { Connection, Grant } from "../src/provider.ts";
import { bindingKeyOf } from "../src/tokens/binding.ts";
import { RenewalCredentials } from "../src/tokens/renewal-credentials.ts";
import { failure } from "./support/clients.ts";
import { createManualClock, settle } from "./support/manual-clock.ts";
import { login, plainConnection, plainProvider } from "./support/plain-provider.ts";

const never = (): Promise<never> => new Promise(() => undefined);
const timeout = { kind: "network", code: "timeout", provider: "model", maybeReceived: false };

interface Setup extends Partial<Connection> {
  binds?: boolean;
}
function createCredentials({ binds = true, ...more }: Setup = {}) {
  const clock = createManualClock();
  const runtime = {
    ...createRuntime({ now: clock.now }, undefined),
    scheduler: clock.scheduler,
    serverClock: createServerClock(clock.scheduler.monotonic),
  };
  const connection = { ...plainConnection("both"), ...more };
  const endpoint = createTokenEndpoint(plainProvider, connection, runtime);
  const credentials = new RenewalCredentials({ endpoint, connection, key: "key", binds });
  const deadline = () => createDeadline(1000, clock.scheduler);
  return { clock, credentials, deadline, endpoint };
}
const refresh: Grant = {
  name: "refresh",
  grantType: "refresh_token",
  request: async () => ({ operation: "POST /token", body: {}, secrets: ["r"] }),
};

/** The binding of the credentials that were revealed last. */
const lastOf = async ({ bindingKey }: RenewalCredentials): Promise<string | undefined> =>
  bindingKey?.bindingOf("key");

describe("T-07 the binding", () => {
  test("is the same for the same credentials, and another one for others", async () => {
    const bindingWith = async (more: Setup): Promise<string | undefined> => {
      const { credentials, deadline } = createCredentials({
        credentials: { a: "1", b: "2" },
        ...more,
      });
      const { binding } = await credentials.reveal(deadline());
      expect(await lastOf(credentials)).toBe(binding);
      return binding;
    };
    const binding = await bindingWith({});
    expect(binding).toMatch(/^[\w-]{43}$/);
    expect(await bindingWith({ credentials: { b: "2", a: "1" } })).toBe(binding);
    expect(await bindingWith({ credentials: { a: () => "1", b: "2" } })).toBe(binding);
    for (const other of [
      { credentials: { a: "2", b: "1" } },
      { credentials: { a: "1", b: "3" } },
      { identity: ["somebody else"] },
      { baseUrl: "https://other.example" },
    ])
      expect(await bindingWith(other)).not.toBe(binding);
    // Only the first part of the identity names the client.
    expect(await bindingWith({ identity: ["someone", "a person"] })).toBe(binding);
    expect(await bindingWith({ identity: [] })).toBe(await bindingWith({ identity: [""] }));
    expect(await bindingWith({ binds: false })).toBeUndefined();
  });

  test("is of the store key, and a tag is of its values", async () => {
    const reveal = async (): Promise<string> => "secret";
    const key = await bindingKeyOf("model", plainConnection("login"), reveal);
    const all = [
      await key.bindingOf("key"),
      await key.bindingOf("other"),
      await key.tagOf("key"),
      await key.tagOf("key", null),
      await key.tagOf("k", "ey"),
    ];
    expect(new Set(all).size).toBe(5);
    expect(await key.tagOf("key", null)).toBe(all[3]);
  });

  test("a vault that fails takes back nothing of what it gave before", async () => {
    let broken = true;
    const secret = (): string => {
      if (broken) throw new Error("down");
      return "secret";
    };
    const { credentials, deadline } = createCredentials({ credentials: { secret } });
    expect(await failure(credentials.reveal(deadline()))).toMatchObject({
      kind: "configuration",
      option: "secret",
    });
    broken = false;
    const { binding } = await credentials.reveal(deadline());
    broken = true;
    expect((await credentials.reveal(deadline())).binding).toBe(binding);
  });

  test("a vault that takes too long is an error in time, and its value is kept when it comes", async () => {
    let give = (): void => undefined;
    const secret = () => new Promise<string>((resolve) => (give = () => resolve("secret")));
    const { credentials, deadline, clock } = createCredentials({ credentials: { secret } });
    expect(await failure(clock.advanceUntil(credentials.reveal(deadline())))).toMatchObject(
      timeout,
    );
    expect(await lastOf(credentials)).toBeUndefined();
    give();
    while ((await lastOf(credentials)) === undefined) await settle();
    const { binding } = await createCredentials({
      credentials: { secret: "secret" },
    }).credentials.reveal(deadline());
    expect(await lastOf(credentials)).toBe(binding);
  });

  test("S-03 each value is known as a secret", async () => {
    const { credentials, deadline, endpoint } = createCredentials({
      credentials: { secret: () => "canary-secret" },
    });
    await credentials.reveal(deadline());
    expect([...endpoint.secrets]).toContain("canary-secret");
  });
});

describe("T-10 what identifies the credentials of a renewal", () => {
  const prepare = async (
    more: Setup = {},
    grants: readonly Grant[] = [refresh, login()],
    refreshToken: string | undefined = "r",
  ) => {
    const { credentials, deadline } = createCredentials({ credentials: { secret: "s" }, ...more });
    return (await credentials.reveal(deadline())).prepare(grants, refreshToken);
  };

  test("are the values, the API keys and the refresh token that is sent", async () => {
    const { fingerprint, tag, take } = await prepare();
    const same = await prepare({ credentials: { secret: () => "s" } });
    expect(same).toMatchObject({ fingerprint, tag });
    expect([fingerprint, tag]).toEqual([
      expect.stringMatching(/^[\w-]{43}$/),
      expect.stringMatching(/^[\w-]{43}$/),
    ]);
    expect([take(0).init.body, take(1).init.body]).toEqual(["", "secret=s"]);
    // What is made anew for each request does not matter.
    let made = 0;
    const signed = await prepare({}, [refresh, login(() => `assertion ${(made += 1)}`)]);
    expect(signed.fingerprint).toBe(fingerprint);
    for (const other of [
      await prepare({}, undefined, "another"),
      await prepare({}, [login()]),
      await prepare({ credentials: { secret: "t" } }),
      await prepare({ credentials: { secret: "s", more: "m" } }),
    ]) {
      expect(other.fingerprint).not.toBe(fingerprint);
      expect(other.tag).not.toBe(tag);
    }
  });

  test("the tag is that of the word `latch`, the store key, the API keys and the refresh token", async () => {
    const { credentials, deadline } = createCredentials({ credentials: { secret: "s" } });
    const { tag } = await (await credentials.reveal(deadline())).prepare([refresh], "r");
    // Clients of other versions on the same store compute it as well.
    expect(tag).toBe(await credentials.bindingKey?.tagOf("latch", "key", [], "r"));
  });

  test("a refresh token counts only where it is sent", async () => {
    const one = await prepare({}, [login()], "r");
    const other = await prepare({}, [login()], "another");
    expect([other.fingerprint, other.tag]).toEqual([one.fingerprint, one.tag]);
    const { credentials, deadline } = createCredentials({ credentials: { secret: "s" } });
    const none = await (await credentials.reveal(deadline())).prepare([refresh], undefined);
    expect((await prepare({}, [refresh], "r")).fingerprint).not.toBe(none.fingerprint);
  });

  test("credentials have the same order, however they are given", async () => {
    const one = await prepare({ credentials: { a: "1", b: "2" } });
    const other = await prepare({ credentials: { b: "2", a: "1" } });
    expect(other.fingerprint).toBe(one.fingerprint);
  });

  test("a value that cannot be had is told from one that can", async () => {
    let broken = false;
    const secret = (): string => {
      if (broken) throw new Error("down");
      return "s";
    };
    const { credentials, deadline } = createCredentials({ credentials: { secret } });
    const { fingerprint } = await (await credentials.reveal(deadline())).prepare([login()], "r");
    broken = true;
    const later = await (await credentials.reveal(deadline())).prepare([login()], "r");
    expect(later.fingerprint).not.toBe(fingerprint);
  });

  test("without named credentials it is the secrets of the requests, and there is no tag", async () => {
    const setup = { binds: false, credentials: undefined as never };
    const one = await prepare(setup, [login(() => "one")]);
    expect(one.tag).toBeUndefined();
    expect((await prepare(setup, [login(() => "one")])).fingerprint).toBe(one.fingerprint);
    expect((await prepare(setup, [login(() => "two")])).fingerprint).not.toBe(one.fingerprint);
  });

  test("a vault that takes too long is an error in time", async () => {
    const { credentials, deadline, clock } = createCredentials({
      ...{ binds: false, credentials: { secret: never } },
    });
    const revealed = await credentials.reveal(deadline());
    expect(await failure(clock.advanceUntil(revealed.prepare([login()], "r")))).toMatchObject(
      timeout,
    );
  });
});

describe("T-07 the keys that a process keeps", () => {
  afterEach(() => jest.restoreAllMocks());
  const keyFor = (secret: string) =>
    bindingKeyOf(
      "kept",
      { ...plainConnection("login"), credentials: { secret } },
      async () => secret,
    );

  test("are derived once, and forgotten after a thousand others were used", async () => {
    const material = { name: "HMAC", hash: "SHA-256", length: 256 };
    const key = await crypto.subtle.generateKey(material, false, ["sign"]);
    const derive = jest.spyOn(crypto.subtle, "deriveKey").mockResolvedValue(key);
    await keyFor("first");
    await keyFor("second");
    for (let i = 0; i < 998; i += 1) await keyFor(`other ${i}`);
    expect(derive).toHaveBeenCalledTimes(1000);
    await keyFor("first"); // Is used last from now on.
    expect(derive).toHaveBeenCalledTimes(1000);
    await keyFor("one more");
    await keyFor("first");
    expect(derive).toHaveBeenCalledTimes(1001);
    await keyFor("second");
    expect(derive).toHaveBeenCalledTimes(1002);
  });

  test("are HMAC keys of 256 bits that can sign and cannot be read", async () => {
    const derive = jest.spyOn(crypto.subtle, "deriveKey");
    const material = jest.spyOn(crypto.subtle, "importKey");
    await keyFor("a secret of this test");
    expect(material.mock.calls[0]?.slice(2)).toEqual(["PBKDF2", false, ["deriveKey"]]);
    expect(derive.mock.calls[0]?.slice(2)).toEqual([
      ...[{ name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"]],
    ]);
  });
});

describe("a token that a person made by hand", () => {
  const create = (secret: string | (() => string | Promise<string>)) => {
    const clock = createManualClock();
    const { scheduler, now } = clock;
    const runtime = {
      ...createRuntime({ now, timeouts: { attempt: 1000, total: 1000 } }, undefined),
    };
    return { clock, source: createStaticTokenSource("vendor", secret, { ...runtime, scheduler }) };
  };

  test("is served as it is; one from a function is asked for each time", async () => {
    let n = 0;
    const { clock, source } = create(() => `token-${(n += 1)}`);
    const issuedAt = clock.now();
    expect(await source.getToken()).toEqual({
      ...{ accessToken: "token-1", tokenType: "Bearer", issuedAt },
    });
    expect(await source.getToken({})).toMatchObject({ accessToken: "token-2" });
    expect(await create("token").source.getToken()).toMatchObject({ accessToken: "token" });
  });

  test("is explained without being asked for", async () => {
    const { clock, source } = create(() => {
      throw new Error("not asked");
    });
    const issuedAt = clock.now();
    const state = { key: "vendor", inFlight: false, rotationInDoubt: false, replays: 0 };
    const token = { source: "static", state: "fresh", issuedAt, age: 0, saved: false };
    expect(await source.explain()).toEqual({
      ...{ ...state, closed: false, token: { ...token, renewable: true } },
    });
    expect(await create("token").source.explain()).toMatchObject({ token: { renewable: false } });
    expect(source.reset()).toBeUndefined();
  });

  test("S-04 holds only what a header may", async () => {
    for (const token of ["to ken", "token\n", "tökén"])
      expect(await failure(create(token).source.getToken())).toMatchObject({
        ...{ kind: "configuration", option: "token" },
      });
  });

  test("T-08 an abort ends the wait for a function, and so does the deadline", async () => {
    const { clock, source } = create(never);
    const reason = new Error("gone");
    expect(await failure(source.getToken({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(await failure(clock.advanceUntil(source.getToken()))).toMatchObject({
      ...{ kind: "network", code: "timeout", provider: "vendor" },
    });
    expect(clock.scheduler.monotonic()).toBe(1000);
  });

  test("is not served once it is closed", async () => {
    const { source } = create("token");
    await source.close();
    expect(await failure(source.getToken())).toMatchObject({ kind: "closed", provider: "vendor" });
    expect(await source.explain()).toMatchObject({ closed: true });
  });
});
