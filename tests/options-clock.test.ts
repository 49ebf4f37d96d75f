/** The option `now`: its value is checked at each reading, and an absurd time does no harm. */
import {
  createApinizerClient,
  createGenLogsClient,
  createMemoryStore,
  createPetjeafClient,
  type ClientEvent,
  type CommonOptions,
  type TokenStore,
  type TokenRecord,
} from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { failure } from "./support/clients.ts";
import { until } from "./support/wait.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

type Now = NonNullable<CommonOptions["now"]>;
const READINGS: [what: string, now: () => unknown][] = [
  ["a Date", () => new Date()],
  ["NaN", () => Number.NaN],
  ["Infinity", () => Infinity],
  ["-Infinity", () => -Infinity],
  ["nothing", () => undefined],
  ["null", () => null],
  ["a text", () => "1800000000000"],
  ["a bigint", () => 1_800_000_000_000n],
  ["a promise", async () => Date.now()],
  [
    "a promise that is rejected",
    async () => {
      throw new Error("canary");
    },
  ],
  [
    "an error",
    () => {
      throw new Error("canary");
    },
  ],
  [
    "an error that is none",
    () => {
      throw undefined;
    },
  ],
];

/** A shared store, and all that was ever written to it. */
function recording(): { readonly store: TokenStore; readonly written: TokenRecord[] } {
  const memory = createMemoryStore();
  const written: TokenRecord[] = [];
  return {
    written,
    store: {
      ...memory,
      set: async (key, record, expected) => {
        written.push(record);
        return memory.set(key, record, expected);
      },
    },
  };
}

/** Rejections that nobody awaited while something ran, and a moment later. */
async function unhandledDuring(run: () => Promise<void>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => void seen.push(reason);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  try {
    await run();
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    process.off("unhandledRejection", note).off("uncaughtException", note);
  }
  return seen;
}

const refused = {
  name: "ConfigurationError",
  kind: "configuration",
  option: "now",
  retryable: false,
};

describe.each(READINGS)("a `now` that gives %s", (_, given) => {
  const now = given as Now;

  test("is a configuration error with the first call, and nothing is sent or stored", async () => {
    const { store, written } = recording();
    const clients = [
      createGenLogsClient({ ...sandbox.genlogs.options, now, store }),
      createApinizerClient({ ...sandbox.apinizer.options, now, store }),
      createApinizerClient({
        managerUrl: sandbox.apinizer.options.managerUrl,
        token: "token-by-hand",
        now,
      }),
      createPetjeafClient({ ...sandbox.petjeaf.options, now, store }).session("me"),
    ];
    const seen = await unhandledDuring(async () => {
      for (const { auth, fetch } of clients) {
        for (const call of [
          () => auth.getToken(),
          () => auth.explain(),
          () => fetch("/anything"),
        ]) {
          const error = await failure(call());
          expect(error).toMatchObject(refused);
          expect(error.message).toMatch(/`now`.*Date\.now/);
          expect(error.message).not.toContain("canary");
        }
      }
      expect(await failure(clients[0]!.fetch("/carrier/recommendations"))).toMatchObject(refused);
      expect(
        await failure(
          (
            clients[3] as ReturnType<ReturnType<typeof createPetjeafClient>["session"]>
          ).auth.claims(),
        ),
      ).toMatchObject(refused);
    });
    expect(seen).toEqual([]);
    expect(written).toEqual([]);
    expect([sandbox.genlogs.count(), sandbox.apinizer.count(), sandbox.petjeaf.count()]).toEqual([
      0, 0, 0,
    ]);
  });

  test("does not cost an authorization code: it is not sent", async () => {
    const app = createPetjeafClient({ ...sandbox.petjeaf.options, now });
    expect(await failure(app.exchange("code=c&state=s", { state: "s" }))).toMatchObject(refused);
    expect(sandbox.petjeaf.count()).toBe(0);
  });

  test("later on, in the middle of a renewal in the background, ends in no exception that nobody awaits, and the renewal is kept", async () => {
    const { store, written } = recording();
    let broken = false;
    const client = createApinizerClient({
      ...sandbox.apinizer.options,
      store,
      leases: { ttl: 40, heartbeat: 5, poll: 5 },
      now: () => (broken ? now() : sandbox.now()),
      fetch: async (...request) => {
        if (written.length > 0) broken = true;
        return fetch(...request);
      },
    });
    const { accessToken } = await client.auth.getToken();
    sandbox.advance(3_500_000);
    sandbox.apinizer.fail({ delay: 100 });
    const seen = await unhandledDuring(async () => {
      expect((await client.auth.getToken()).accessToken).toBe(accessToken);
      await until(() => written.length > 1);
      expect(await failure(client.auth.getToken())).toMatchObject(refused);
    });
    expect(seen).toEqual([]);
    for (const { token } of written)
      expect(Number.isFinite(token.issuedAt) && Number.isFinite(token.expiresAt)).toBe(true);
    broken = false;
    expect((await client.auth.getToken()).accessToken).not.toBe(accessToken);
  });

  test("later on, while a renewal in the background fails, ends in no exception that nobody awaits", async () => {
    let broken = false;
    const client = createApinizerClient({
      ...sandbox.apinizer.options,
      now: () => (broken ? now() : sandbox.now()),
      fetch: async (...request) => {
        broken = sandbox.apinizer.count() > 0;
        return fetch(...request);
      },
    });
    await client.auth.getToken();
    sandbox.advance(3_500_000);
    sandbox.apinizer.fail({ status: 401, body: { error: "unauthorized_client" } });
    const seen = await unhandledDuring(async () => {
      await client.auth.getToken();
      await until(() => sandbox.apinizer.count() > 1);
    });
    expect(seen).toEqual([]);
    expect(await failure(client.auth.getToken())).toMatchObject(refused);
  });
});

test.each([0, -1, 0.5, 1e300, -1e300, -1e18, Number.MAX_VALUE])(
  "a `now` of %d is a time, and no call ends in anything but a token or an error of ours",
  async (time) => {
    const store = createMemoryStore();
    const seen = await unhandledDuring(async () => {
      for (const password of [
        sandbox.apinizer.options.password,
        "wrong-password",
        "wrong-password",
      ]) {
        const { auth } = createApinizerClient({
          ...sandbox.apinizer.options,
          password,
          store,
          now: () => time,
        });
        await auth.getToken().catch((error: unknown) =>
          expect(error).toMatchObject({
            provider: "apinizer",
            kind: expect.stringMatching(/^(contract|credentials)$/),
          }),
        );
        await auth.explain();
        await auth.close();
      }
      const { auth } = createGenLogsClient({ ...sandbox.genlogs.options, now: () => time });
      sandbox.genlogs.fail({ status: 429, times: 9, body: { detail: "later" } });
      expect(await failure(auth.getToken())).toMatchObject({
        kind: "rate_limited",
        retryAt: expect.any(Number),
      });
    });
    expect(seen).toEqual([]);
  },
);

test("T-10 a latch until a time that no calendar has says so in ms", async () => {
  const store = createMemoryStore();
  const wrong = () =>
    createApinizerClient({
      ...sandbox.apinizer.options,
      password: "wrong-password",
      store,
      now: () => -1e18,
    }).auth.getToken();
  await failure(wrong());
  const error = await failure(wrong());
  expect(error).toMatchObject({ kind: "credentials", status: 401 });
  expect(error.message).toMatch(/before -999999999999\d+ ms/);
  expect(sandbox.apinizer.count()).toBe(1);
});

test.each([
  ["T-10 a latch", 401, { error: "unauthorized_client" }],
  ["T-11 a vendor's wish to be left alone", 429, { error: "later" }],
])(
  "%s ends when the event or the error says, though the clock goes on with each reading",
  async (_, status, body) => {
    let time = sandbox.now();
    const events: ClientEvent[] = [];
    const { auth } = createApinizerClient({
      ...sandbox.apinizer.options,
      now: () => (time += 7),
      onEvent: (event) => events.push(event),
    });
    sandbox.apinizer.fail({ status, body, headers: { "retry-after": "3600" }, times: 9 });
    const error = await failure(auth.getToken());
    const { latch, retryAt } = await auth.explain();
    if (status === 429) return expect(error).toMatchObject({ retryAt });
    expect(events).toContainEqual(
      expect.objectContaining({ type: "latched", until: latch?.until }),
    );
  },
);

test.each([
  ["T-10 a latch", 401, { error: "unauthorized_client" }],
  ["T-11 a vendor's wish to be left alone", 429, { error: "later" }],
])("%s does not become longer by a clock that is set back: it ends", async (_, status, body) => {
  let wrong = 0;
  const { auth } = createApinizerClient({
    ...sandbox.apinizer.options,
    now: () => sandbox.now() + wrong,
  });
  sandbox.apinizer.fail({ status, body, headers: { "retry-after": "3600" }, times: 9 });
  for (let i = 0; i < 3; i += 1) await failure(auth.getToken());
  expect(sandbox.apinizer.count("createToken")).toBe(1);
  wrong = -86_400_000;
  expect(await auth.explain()).not.toMatchObject(
    status === 401 ? { latch: expect.anything() } : { retryAt: expect.anything() },
  );
  await failure(auth.getToken());
  expect(sandbox.apinizer.count("createToken")).toBe(2);
});
