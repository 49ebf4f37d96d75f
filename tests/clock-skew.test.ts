/**
 * T-02 T-03: a client whose clock is two hours ahead of or behind the server's works as well as a
 * client with the right time. Over several lifetimes of a token no call fails, and the client makes
 * no more token requests. Both clocks of the client advance with the sandbox's, so that only the
 * two hours are wrong.
 */
import {
  createApinizerClient,
  createGenLogsClient,
  createPetjeafClient,
  type CommonOptions,
  type TokenSource,
} from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { landed } from "./support/wait.ts";

const HOUR = 3_600_000;
const SKEWS: readonly (readonly [string, number])[] = [
  ["2 h ahead", 2 * HOUR],
  ["2 h behind", -2 * HOUR],
];
/**
 * ms between calls, over a life of an hour: well before its end, in the soft window, and past the
 * end of the token that came of it.
 */
const LIFE = [1_800_000, 1_650_000, 3_700_000];
const LIVES = 4;

interface Flow {
  readonly name: string;
  /** @returns the client's own part, and one call of its API: the status */
  readonly open: (
    sandbox: Sandbox,
    options: CommonOptions,
  ) => Promise<{ readonly auth: TokenSource; readonly call: () => Promise<number> }>;
  /** Whether the vendor says nothing of the expiry, so that only a 401 can tell. */
  readonly blind?: true;
}

const genlogs =
  (renew: "login" | "refresh-token"): Flow["open"] =>
  async (sandbox, options) => {
    const client = createGenLogsClient({ ...sandbox.genlogs.options, renew, ...options });
    return {
      auth: client.auth,
      call: async () => (await client.GET("/carrier/recommendations")).response.status,
    };
  };
const apinizer: Flow["open"] = async (sandbox, options) => {
  const client = createApinizerClient({ ...sandbox.apinizer.options, ...options });
  return { auth: client.auth, call: async () => (await client.GET("/projects/")).response.status };
};
/** The vendor's third meaning of `expires_in`: a lifetime in ms. */
const inMilliseconds =
  (fetch: NonNullable<CommonOptions["fetch"]>): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    const body = (await response.clone().json()) as { expires_in?: number };
    return body.expires_in === undefined
      ? response
      : Response.json(
          { ...body, expires_in: body.expires_in * 1000 },
          { headers: { date: response.headers.get("date") ?? "" } },
        );
  };

const FLOWS: readonly Flow[] = [
  { name: "GenLogs, login", open: genlogs("login") },
  { name: "GenLogs, refresh token", open: genlogs("refresh-token") },
  { name: "Apinizer, expires_in in seconds", open: apinizer },
  {
    name: "Apinizer, expires_in as a lifetime in ms",
    open: (sandbox, options) =>
      apinizer(sandbox, { ...options, fetch: inMilliseconds(options.fetch ?? fetch) }),
  },
  {
    name: "Apinizer, expires_in as an epoch in ms",
    open: (sandbox, options) => {
      sandbox.apinizer.settings.expiresIn = "epoch-ms";
      return apinizer(sandbox, options);
    },
  },
  {
    name: "Apinizer, without expires_in",
    blind: true,
    open: (sandbox, options) => {
      sandbox.apinizer.settings.expiresIn = "absent";
      return apinizer(sandbox, options);
    },
  },
  {
    name: "Petje.af, consent and refresh",
    open: async (sandbox, options) => {
      const client = createPetjeafClient({ ...sandbox.petjeaf.options, ...options });
      const { url, state } = client.authorizationUrl({ scope: "profile.read" });
      const session = await client.exchange(
        (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
        { state },
      );
      return {
        auth: session.auth,
        call: async () => (await session.GET("/users/me")).response.status,
      };
    },
  },
];

interface Count {
  readonly statuses: readonly number[];
  readonly tokenRequests: number;
  readonly refused: number;
}

/**
 * All that a client of this flow does over some lives of its token, with this difference to the
 * server's clock.
 */
async function live(flow: Flow, skew: number): Promise<Count> {
  const sandbox = await startSandbox();
  const began = performance.now();
  const start = sandbox.now();
  // The clock that nobody sets goes on with the sandbox's as well.
  const monotonic = jest
    .spyOn(performance, "now")
    .mockImplementation(() => began + sandbox.now() - start);
  let refused = 0;
  const counting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (response.status === 401) refused += 1;
    return response;
  };
  try {
    const { auth, call } = await flow.open(sandbox, {
      now: () => sandbox.now() + skew,
      fetch: counting,
    });
    const statuses = [await call()];
    for (let life = 0; life < LIVES; life += 1) {
      for (const ms of LIFE) {
        sandbox.advance(ms);
        statuses.push(await call());
        await landed(auth); // What is renewed in the background is there before time goes on.
      }
    }
    await auth.close();
    const { genlogs: g, apinizer: a, petjeaf: p } = sandbox;
    return {
      statuses,
      refused,
      tokenRequests:
        g.count("createToken") +
        g.count("refreshToken") +
        a.count("createToken") +
        p.count("createToken"),
    };
  } finally {
    monotonic.mockRestore();
    await sandbox.close();
  }
}

describe.each(FLOWS)("T-02 T-03 $name", (flow) => {
  test.each(SKEWS)(
    "with a clock %s: no call fails, and there is no more than one token request more than with the right time",
    async (_, skew) => {
      const right = await live(flow, 0);
      const wrong = await live(flow, skew);
      const calls = 1 + LIVES * LIFE.length;
      for (const { statuses } of [right, wrong])
        expect(statuses).toEqual(Array.from({ length: calls }, () => 200));
      // One for each life that ended, and one in each soft window: the run is what it is meant to
      // be.
      if (!flow.blind) expect(right.tokenRequests).toBe(1 + 2 * LIVES);
      expect(wrong.tokenRequests).toBeLessThanOrEqual(right.tokenRequests + 1);
      // Where the vendor says when a token ends, nobody has to hear it from a 401.
      if (!flow.blind)
        expect({ right: right.refused, wrong: wrong.refused }).toEqual({ right: 0, wrong: 0 });
    },
  );
});
