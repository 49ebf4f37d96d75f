/**
 * The server's clock: what its Date headers are worth (T-02), and which tokens have expired by it
 * (T-21).
 */
import type net from "node:net";
import { createGenLogsClient, createMemoryStore, genlogs, type ClientEvent } from "../src/index.ts";
import { openClient } from "../src/client/create-client.ts";
import { createRuntime } from "../src/client/options.ts";
import { systemScheduler } from "../src/platform/scheduler.ts";
import { createServerClock, type ServerClock } from "../src/http/server-clock.ts";
import { createTokenSource } from "../src/client/create-token-source.ts";
import { http, startRawServer, type RawServer } from "./support/raw-server.ts";
import { landed } from "./support/wait.ts";

const START = Date.UTC(2026, 0, 1);
const SECOND = 1000;

/**
 * The server's time when a request was sent, as the answers tell it. All in s after the start;
 * `monotonic` is moved by hand.
 */
function clockAt(): {
  clock: ServerClock;
  at: (s: number) => void;
  answer: (
    date: number | null,
    options?: { from?: "token" | "api"; took?: number },
  ) => number | undefined;
} {
  let monotonic = 5000;
  const clock = createServerClock(() => monotonic);
  return {
    clock,
    at: (s) => {
      monotonic = 5000 + s * SECOND;
    },
    answer(date, { from = "token", took = 0 } = {}) {
      const arrived = clock.sent(from);
      monotonic += took * SECOND;
      const time = arrived(date === null ? null : dateOf(date));
      return time === undefined ? undefined : (time - START) / SECOND;
    },
  };
}
const dateOf = (s: number): string => new Date(START + s * SECOND).toUTCString();

describe("the server's clock at sending", () => {
  test("T-02 is the answer's own Date where it is later than what an earlier one has become", () => {
    const { at, answer } = clockAt();
    expect(answer(0)).toBe(0);
    at(10);
    expect(answer(11)).toBe(11);
    // The earlier one is now the one by which it is later.
    at(20);
    expect(answer(20)).toBe(21);
  });

  test("T-02 is an earlier Date plus the time from its arrival to this sending, where a server repeats that Date", () => {
    const { at, answer } = clockAt();
    expect(answer(0, { took: 2 })).toBe(0); // Arrives at 2 s.
    for (const [s, time] of [
      [35, 33],
      [70, 68],
      [105, 103],
    ] as const) {
      at(s);
      expect(answer(0, { took: 1 })).toBe(time);
    }
  });

  test("T-02 is not known where no answer had a Date that can be read", () => {
    const { clock, answer, at } = clockAt();
    expect(answer(null)).toBeUndefined();
    // Without a zone it would be read in the machine's own.
    for (const text of ["", "yesterday", "2026-01-01 00:00:00", "Thu, 01 Jan 2026 00:00:00"])
      expect(clock.sent("token")(text)).toBeUndefined();
    expect(clock.sent("token")("Thursday, 01-Jan-26 00:00:00 GMT")).toBe(START);
    at(10);
    expect(answer(null)).toBe(10);
  });

  test("T-02 is told by answers of the API too, until the token endpoint gave a Date", () => {
    const { at, answer } = clockAt();
    expect(answer(0, { from: "api" })).toBe(0);
    at(30);
    expect(answer(0)).toBe(30); // The connection is the one of the call before.
    at(40);
    answer(100, { from: "api" }); // Another clock, and no longer asked for.
    expect(answer(0)).toBe(40);
  });

  test("T-02 is told by answers of the API for as long as the token endpoint gives no Date", () => {
    const { at, answer } = clockAt();
    answer(null);
    answer(0, { from: "api" });
    at(30);
    expect(answer(null)).toBe(30);
    answer(50, { from: "api" });
    expect(answer(null)).toBe(50);
  });

  test("T-02 is no longer told by an earlier Date once two later ones, neither seen before, have advanced like the monotonic clock", () => {
    const { at, answer } = clockAt();
    answer(3600); // An hour ahead: it was set right afterwards.
    at(30);
    expect(answer(30)).toBe(3630);
    at(60);
    expect(answer(60)).toBe(60);
    at(90);
    expect(answer(60)).toBe(90);
  });

  test.each([
    ["one alone", [[30, 30]]],
    [
      "two that are the same one",
      [
        [30, 30],
        [60, 30],
      ],
    ],
    [
      "two that stand still",
      [
        [30, 0.001],
        [60, 1],
      ],
    ],
    [
      "two that advance more slowly",
      [
        [30, 30],
        [60, 50],
      ],
    ],
    [
      "two that advance faster",
      [
        [30, 30],
        [60, 70],
      ],
    ],
    [
      "two of which one was seen before",
      [
        [10, 60],
        [30, 30],
        [60, 60],
      ],
    ],
  ] as const)("T-02 is still told by it after %s", (_, answers) => {
    const { at, answer } = clockAt();
    answer(3600);
    for (const [s, date] of answers.slice(0, -1)) {
      at(s);
      answer(date);
    }
    const [s, date] = answers.at(-1)!;
    at(s);
    expect(answer(date)).toBe(3600 + s);
  });

  test("T-02 is still told by it after two of which one came before it", () => {
    const { at, answer } = clockAt();
    answer(0);
    answer(100, { from: "api" });
    at(30);
    answer(29);
    at(50);
    expect(answer(100)).toBe(100); // Was seen before, and is the one to go by from now on.
    at(60);
    expect(answer(59)).toBe(110);
  });

  test("T-02 a Date that an API call has shown already is not new, though answers of the API do not count by then", () => {
    const { at, answer } = clockAt();
    answer(0);
    // Connections that were opened 5 s before each login, by a server that repeats their first
    // Date.
    for (const opened of [30, 60, 90]) {
      at(opened);
      answer(opened, { from: "api" });
      at(opened + 5);
      expect(answer(opened)).toBe(opened + 5);
    }
  });

  test.each([
    ["a part of a second less", [30, 30], [40.9, 40, 0]],
    ["a part of a second more", [30.9, 30], [41, 41, 0]],
    ["as much as an answer took", [30, 30], [40, 43, 3]],
    ["as much as two clocks drift apart in half a day", [30, 30], [43_230, 43_233, 0]],
  ] as const)(
    "T-02 a Date that advances by %s advances like the monotonic clock",
    (_, [first, date], [second, next, took]) => {
      const { at, answer } = clockAt();
      answer(3600);
      at(first);
      answer(date);
      at(second);
      expect(answer(next, { took })).toBeLessThan(next + 1); // An hour more, if it did not.
    },
  );

  test("T-02 gives whole ms", () => {
    const { at, answer } = clockAt();
    answer(0);
    at(10.000_4);
    expect(answer(0)).toBe(10.001);
  });

  test("T-02 remembers a bounded number of Dates", () => {
    const { at, answer } = clockAt();
    answer(1e6);
    for (let s = 1; s < 2000; s += 1)
      for (const date of [-1, -2 - s]) answer(date, { from: "api" });
    // The one that keeps coming is still known; of the others the oldest are forgotten.
    at(30);
    answer(-1);
    at(60);
    expect(answer(29)).toBe(1e6 + 60);
    at(32);
    answer(-3);
    at(62);
    expect(answer(27)).toBe(27);
  });
});

describe("a token that the vendor gave an end", () => {
  test("T-21 has ended by the server's clock a second before it, as its lifetime has it", () => {
    const { clock, at, answer } = clockAt();
    answer(0);
    clock.note("token-1", START + 40 * SECOND);
    at(38.999);
    expect(clock.ended("token-1", null)).toBe(false);
    at(39);
    expect(clock.ended("token-1", null)).toBe(true);
    expect(clock.ended("token-2", null)).toBe(false);
  });

  test("T-21 has ended by the Date of the answer that refuses it, if that is later", () => {
    const { clock, answer } = clockAt();
    answer(0);
    clock.note("token-1", START + 40 * SECOND);
    expect(clock.ended("token-1", dateOf(38))).toBe(false);
    expect(clock.ended("token-1", dateOf(39))).toBe(true);
  });

  test("T-21 has not ended where no answer had a Date", () => {
    const { clock, at } = clockAt();
    clock.note("token-1", START + 40 * SECOND);
    at(1e6);
    expect(clock.ended("token-1", null)).toBe(false);
  });

  test("T-21 is forgotten when a thousand others came", () => {
    const { clock, answer, at } = clockAt();
    answer(0);
    at(100);
    for (let n = 0; n <= 1000; n += 1) clock.note(`token-${n}`, START);
    expect([clock.ended("token-0", null), clock.ended("token-1", null)]).toEqual([false, true]);
  });
});

/**
 * A vendor over real sockets whose clock, with the machine's two, is moved by hand. It answers an
 * expired token with 403.
 */
describe("a vendor that answers an expired token with 403", () => {
  let seconds = 0;
  /** By how much the local clock is wrong, ms. */
  let wrong = 0;
  /** By how much the vendor's clock is ahead, s. */
  let ahead = 0;
  const life = 40;
  let permitted = true;
  let keepAlive = true;
  let dates: "true" | "of the connection" = "true";
  let server: RawServer;
  const shown = new Set<string>();
  const log: { readonly path: string; readonly status: number }[] = [];
  beforeEach(async () => {
    seconds = wrong = ahead = 0;
    permitted = keepAlive = true;
    dates = "true";
    shown.clear();
    log.splice(0);
    const opened = new WeakMap<net.Socket, number>();
    server = await startRawServer((socket, n) => {
      const now = seconds + ahead;
      if (!opened.has(socket)) opened.set(socket, now);
      const date = dateOf(dates === "true" ? now : (opened.get(socket) ?? 0));
      const request = server.requests[n - 1] ?? "";
      const login = request.startsWith("POST");
      const good =
        login || (permitted && now < Number(/access-token: until-(\d+)/i.exec(request)?.[1] ?? 0));
      const body = login
        ? {
            access_token_data: {
              token: `until-${now + life}`,
              expires: new Date(START + (now + life) * SECOND).toISOString().slice(0, -1),
            },
          }
        : good
          ? { real_time_locs: {}, recommendations: [] }
          : { message: "Forbidden" };
      shown.add(date);
      log.push({ path: login ? "login" : "call", status: good ? 200 : 403 });
      socket.write(
        http(good ? 200 : 403, JSON.stringify(body), {
          date,
          connection: keepAlive ? "keep-alive" : "close",
        }),
      );
      if (!keepAlive) socket.end();
    });
  });
  afterEach(() => server.close());

  function client(store = createMemoryStore()) {
    const scheduler = { ...systemScheduler, monotonic: () => seconds * SECOND };
    const events: ClientEvent[] = [];
    const options = {
      apiKey: "key-0001",
      email: "user@example.com",
      password: "password-0001",
      baseUrl: server.url,
      store,
      now: () => START + seconds * SECOND + wrong,
      onEvent: (event: ClientEvent) => void events.push(event),
    };
    const runtime = {
      ...createRuntime(options, undefined),
      scheduler,
      serverClock: createServerClock(scheduler.monotonic),
    };
    const connection = genlogs.connect(options);
    const source = createTokenSource(genlogs, connection, runtime);
    return {
      auth: source,
      call: async () =>
        (await openClient(genlogs, connection, runtime, source).GET("/carrier/recommendations"))
          .response.status,
    };
  }
  const logins = (): number => log.filter(({ path }) => path === "login").length;

  test.each([0, -86_400_000, 86_400_000])(
    "T-02 one Date repeated over a kept-alive connection makes no token live longer, the local clock being %i ms off",
    async (off) => {
      wrong = off;
      dates = "of the connection";
      const { auth, call } = client();
      const ends = new Map<string, number>();
      for (; seconds < 400; seconds += 1) {
        expect(await call()).toBe(200);
        await landed(auth);
        const { accessToken, expiresAt = NaN } = await auth.getToken();
        ends.set(accessToken, (expiresAt - wrong - START) / SECOND);
      }
      expect(ends.size).toBeGreaterThan(8);
      expect(shown.size).toBeLessThan(ends.size / 2); // The connections were kept.
      for (const [token, end] of ends) expect(`until-${end + 1}`).toBe(token);
      expect(log.filter(({ status }) => status === 403)).toEqual([]);
    },
  );

  test("T-02 a call that opened the connection tells of the clock, though the login that follows repeats its Date", async () => {
    const store = createMemoryStore();
    keepAlive = false; // Or the call would have the connection of the client before it.
    await client(store).call();
    keepAlive = true;
    dates = "of the connection";
    const { auth, call } = client(store);
    for (seconds = 10; seconds < 90; seconds += 1) {
      expect(await call()).toBe(200);
      await landed(auth);
    }
    expect(logins()).toBe(3);
  });

  test("T-02 what a redirect brings from another origin says nothing of the vendor's clock", async () => {
    const told: [string, string | null][] = [];
    const serverClock: ServerClock = {
      sent: (from) => (date) => {
        told.push([from, date]);
        return undefined;
      },
      note: () => undefined,
      ended: () => false,
    };
    const options = {
      apiKey: "key-0001",
      email: "user@example.com",
      password: "password-0001",
      baseUrl: "https://vendor.example",
      fetch: async (url: unknown) =>
        String(url).endsWith("/auth/token")
          ? Response.json({ access_token_data: { token: "t" } }, { headers: { date: dateOf(1) } })
          : String(url).startsWith("https://vendor.example")
            ? new Response(null, {
                status: 307,
                headers: { date: dateOf(2), location: "https://other.example/" },
              })
            : Response.json({}, { headers: { date: dateOf(3) } }),
    };
    const runtime = { ...createRuntime(options, undefined), serverClock };
    const connection = genlogs.connect(options);
    expect(
      (
        await openClient(
          genlogs,
          connection,
          runtime,
          createTokenSource(genlogs, connection, runtime),
        ).GET("/carrier/recommendations")
      ).response.status,
    ).toBe(200);
    expect(told).toEqual([
      ["token", dateOf(1)],
      ["api", dateOf(2)],
    ]);
  });

  test("T-21 a 403 renews nothing before the token's end", async () => {
    const { call } = client();
    await call();
    permitted = false;
    for (; seconds < 30; seconds += 1) expect(await call()).toBe(403);
    expect(logins()).toBe(1);
  });

  test("T-21 a local clock that was set back after the token came hides its end from nobody", async () => {
    const { call } = client();
    expect(await call()).toBe(200);
    wrong = -120_000;
    seconds = 50;
    expect(await call()).toBe(200);
    expect(log.map(({ path, status }) => `${path} ${status}`)).toEqual([
      "login 200",
      "call 200",
      "call 403",
      "login 200",
      "call 200",
    ]);
  });

  test("T-21 such a renewal is forced, of which there is one in 30 s", async () => {
    const { call } = client();
    expect(await call()).toBe(200);
    seconds = 10;
    ahead = 100; // As it would be for a token that was believed to live too long.
    expect(await call()).toBe(200);
    expect(logins()).toBe(2);
    ahead = 1000;
    for (seconds = 11; seconds < 40; seconds += 7) expect(await call()).toBe(403);
    expect(logins()).toBe(2);
    seconds = 41;
    expect(await call()).toBe(200);
    expect(logins()).toBe(3);
  });

  test("T-21 a token that another process fetched has ended by the local clock only", async () => {
    const store = createMemoryStore();
    await client(store).call();
    const other = client(store);
    wrong = -120_000;
    seconds = 50;
    expect(await other.call()).toBe(403);
    expect(logins()).toBe(1);
    wrong = 0;
    expect(await other.call()).toBe(200);
    expect(logins()).toBe(2);
  });
});

test("T-02 a token of a second or half of it, by a server whose clock shows whole seconds, serves without an error", async () => {
  for (const life of [1000, 500]) {
    const fetch = async (url: unknown): Promise<Response> =>
      Response.json(
        String(url).endsWith("/auth/token")
          ? {
              access_token_data: {
                token: "short-lived",
                expires: new Date(Date.now() + life).toISOString(),
              },
            }
          : { real_time_locs: {}, recommendations: [] },
        { headers: { date: new Date().toUTCString() } },
      );
    const { auth } = createGenLogsClient({
      apiKey: "key-0001",
      email: "user@example.com",
      password: "password-0001",
      fetch,
    });
    const { issuedAt, expiresAt = NaN } = await auth.getToken();
    expect(expiresAt - issuedAt).toBeGreaterThan(0);
    expect(expiresAt - issuedAt).toBeLessThanOrEqual(life + 50);
  }
});
