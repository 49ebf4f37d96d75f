/**
 * T-01 T-02: no time is read in the time zone of the machine. The parsers run in processes of other
 * time zones, on days on which these zones change their clocks, and must give the same results as
 * in UTC. Each zone needs a process of its own, because Node reads TZ once.
 */
import { inChild } from "./support/child.ts";

/**
 * Wall clock times of the vendors, in UTC. Of each zone some do not exist as local times, and some
 * exist twice.
 */
const MOMENTS = [
  "2026-03-08T01:59:59",
  "2026-03-08T02:30:00",
  "2026-03-08T07:00:00",
  "2026-11-01T01:30:00",
  "2026-11-01T06:30:00", // New York
  "2026-03-29T02:30:00",
  "2026-10-25T02:30:00", // Amsterdam
  "2026-07-01 12:00:00.123456",
];

interface Reading {
  readonly lifetimes: unknown;
  readonly offsets: readonly number[];
}

/** Everything that reads a time, through the clients: lifetimes and waits in ms. */
const read = (zone: string): Reading =>
  JSON.parse(
    inChild(
      `
  import { createApinizerClient, createGenLogsClient, createPetjeafClient } from "$src/index.ts";
  const MOMENTS = ${JSON.stringify(MOMENTS)};
  const HOUR = 3_600_000;
  const answer = (status, body, headers) => async () => Response.json(body, { status, headers });
  const lifetimeOf = async (auth, sentAt) => auth.getToken().then(({ issuedAt, expiresAt, refreshExpiresAt }) => [issuedAt - sentAt, expiresAt - sentAt, refreshExpiresAt === undefined ? null : refreshExpiresAt - sentAt], ({ kind, retryAt }) => [kind, retryAt === undefined ? null : retryAt - sentAt]);
  const rows = [];
  for (const text of MOMENTS) {
    const at = Date.parse(text.replace(" ", "T").slice(0, 19) + "Z");
    for (const [ahead, date] of [[0, new Date(at - HOUR).toUTCString()], [2 * HOUR, new Date(at - HOUR).toUTCString()], [0, undefined], [0, new Date(at - HOUR).toUTCString().replace(" GMT", "")]]) {
      const now = () => at - HOUR + ahead;
      const headers = date === undefined ? {} : { date };
      const genlogs = (expires) => lifetimeOf(createGenLogsClient({ apiKey: "fake-key", email: "user@example.com", password: "fake-password", baseUrl: "http://127.0.0.1:1", now, fetch: answer(200, { access_token_data: { token: "t", expires }, refresh_token_data: { token: "r", expires }, user_id: 1 }, headers) }).auth, now());
      const apinizer = (status, body, more = {}) => lifetimeOf(createApinizerClient({ managerUrl: "http://127.0.0.1:1", username: "user", password: "fake-password", now, fetch: answer(status, body, { ...headers, ...more }), timeouts: { total: 1000 } }).auth, now());
      const bearer = (expires_in) => ({ access_token: "t", token_type: "Bearer", expires_in });
      const petjeaf = createPetjeafClient({ clientId: "client", clientSecret: "fake-secret", baseUrl: "http://127.0.0.1:1", now, fetch: answer(200, bearer(3599), headers) });
      rows.push({ text, date, ahead, lifetimes: [
        await genlogs(text), await genlogs(text.slice(0, 19).replace("T", " ")), await genlogs(text.slice(0, 19) + "Z"), await genlogs(text.slice(0, 19) + "+02:00"), await genlogs(at),
        await apinizer(200, bearer(3600)), await apinizer(200, bearer(at)), await apinizer(429, {}, { "retry-after": new Date(at - HOUR + HOUR / 6).toUTCString() }),
        await lifetimeOf((await petjeaf.exchange("?code=c&state=s", { state: "s" })).auth, now()),
      ] });
    }
  }
  const local = MOMENTS.map((text) => new Date(text.replace(" ", "T").slice(0, 19)));
  console.log(JSON.stringify({ offsets: local.map((date) => date.getTimezoneOffset()), lifetimes: rows }));
  process.exit();`,
      45_000,
      { TZ: zone },
    ),
  ) as Reading;

const utc = read("UTC");

test("in UTC each moment is an hour away by a clock that is right, as it was made", () => {
  expect(new Set(utc.offsets)).toEqual(new Set([0]));
  const [first] = utc.lifetimes as [{ lifetimes: (number | string | null)[][] }];
  const ends = first.lifetimes.map(([, at]) => Math.round(Number(at) / 10_000) * 10_000);
  // The fourth has a zone of its own, two hours ahead, and has passed; the eighth is a wait of ten
  // minutes.
  expect(ends).toEqual([
    3_600_000, 3_600_000, 3_600_000, 0, 3_600_000, 3_600_000, 3_600_000, 600_000, 3_600_000,
  ]);
});

test.each([
  ["America/New_York", 240, 300],
  ["Europe/Amsterdam", -120, -60],
])(
  "T-01 T-02 in %s, on days on which its clocks are set, every time is read as in UTC",
  (zone, summer, winter) => {
    const here = read(zone);
    // The process does have that zone.
    expect(new Set(here.offsets)).toEqual(new Set([summer, winter]));
    expect(here.lifetimes).toEqual(utc.lifetimes);
  },
);
