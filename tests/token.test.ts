import fs from "node:fs";
import {
  expiryAfter,
  expiryAt,
  freshness,
  parseInteger,
  parseTimestamp,
  succeed,
  type Token,
} from "../src/token.ts";
import { assemble } from "../src/parts/parse-token.ts";

const NOW = Date.UTC(2026, 0, 1);
const token = (lifetime: number | undefined, issuedAt = NOW): Token => ({
  accessToken: "a",
  tokenType: "Bearer",
  issuedAt,
  ...(lifetime === undefined ? {} : { expiresAt: issuedAt + lifetime * 1000 }),
});

test("T-01 a lifetime counts from the moment the request was sent, and is clamped to 2^31-1 s", () => {
  expect(expiryAfter(3600, { sentAt: NOW })).toBe(NOW + 3_600_000);
  expect(expiryAfter(1e15, { sentAt: NOW })).toBe(NOW + (2 ** 31 - 1) * 1000);
});

test.each([
  [3600, 3600],
  ["3600", 3600],
  ["-1", -1],
  [0, 0],
  ["", undefined],
  [" 1", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  [1.5, undefined],
  [NaN, undefined],
  [Infinity, undefined],
  [2 ** 60, undefined],
  [null, undefined],
  [true, undefined],
  [undefined, undefined],
])("T-01 %j reads as the integer %j", (value, expected) => {
  expect(parseInteger(value)).toBe(expected);
});

test.each([
  ["2026-01-19T05:00:00", "2026-01-19T05:00:00.000Z"],
  ["2026-01-19 05:00:00", "2026-01-19T05:00:00.000Z"],
  ["2026-01-19T05:00:00.123456", "2026-01-19T05:00:00.123Z"],
  ["2026-01-19T05:00:00.5Z", "2026-01-19T05:00:00.500Z"],
  ["2026-01-19T05:00:00+02:00", "2026-01-19T03:00:00.000Z"],
  ["2026-01-19T05:00:00-0530", "2026-01-19T10:30:00.000Z"],
  ["2028-02-29T00:00:00", "2028-02-29T00:00:00.000Z"],
])("T-02 %s is %s, whatever the machine's zone", (text, iso) => {
  expect(new Date(parseTimestamp(text) ?? 0).toISOString()).toBe(iso);
});

test.each([
  "2026-02-30T00:00:00",
  "2026-13-01T00:00:00",
  "2026-01-01T25:00:00",
  "2026-01-01T24:00:00",
  "2026-01-01",
  "2026-01-01T00:00",
  "01/02/2026",
  "",
  "2026-01-01T00:00:00+2",
  "tomorrow",
])("T-02 %j is no timestamp", (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test("T-02 an instant is measured on the server's clock, less the second by which a Date header may be early", () => {
  // The server's clock is a day ahead, and so is its expiry.
  expect(expiryAt(NOW + DAY + HOUR, { sentAt: NOW, serverTime: NOW + DAY })).toBe(
    NOW + HOUR - 1000,
  );
  expect(expiryAt(NOW + DAY + 1001, { sentAt: NOW, serverTime: NOW + DAY })).toBe(NOW + 1);
  expect(expiryAt(NOW + 1e15, { sentAt: NOW, serverTime: NOW })).toBe(NOW + (2 ** 31 - 1) * 1000);
});

test("T-02 no token is believed to live longer than it does, whatever the part of a second that its Date header lacks", () => {
  for (let part = 0; part < 1000; part += 1)
    for (const life of [1001, 3000, 4000, 3_600_000]) {
      const believed =
        expiryAt(NOW + part + life, { sentAt: NOW + part, serverTime: NOW }) - (NOW + part);
      expect(believed).toBeLessThanOrEqual(life);
      expect(believed).toBeGreaterThanOrEqual(life - 1000);
    }
});

test("T-02 the local clock serves where no answer had a Date, and where the server's leaves nothing", () => {
  expect(expiryAt(NOW + HOUR, { sentAt: NOW })).toBe(NOW + HOUR);
  expect(expiryAt(NOW + 500, { sentAt: NOW })).toBe(NOW + 500);
  // A Date header that lies after the expiry is not believed.
  expect(expiryAt(NOW + HOUR, { sentAt: NOW, serverTime: NOW + DAY })).toBe(NOW + HOUR);
});

test("T-02 a token that has a second or less by the server's clock is good for as long, and not for what a wrong local clock adds", () => {
  for (const life of [1000, 500]) {
    expect(expiryAt(NOW + life, { sentAt: NOW, serverTime: NOW })).toBe(NOW + life);
    expect(expiryAt(NOW + life, { sentAt: NOW - DAY, serverTime: NOW })).toBe(NOW - DAY + life);
    expect(expiryAt(NOW + life, { sentAt: NOW + DAY, serverTime: NOW })).toBe(NOW + DAY + life);
    // Of two clocks that agree more or less, the one by which it ends first.
    expect(expiryAt(NOW + life, { sentAt: NOW + 200, serverTime: NOW })).toBe(NOW + life);
  }
});

test("T-04 a token is expired on arrival if it is so by the server's clock and by the local one", () => {
  const arrival = (instant: number, serverTime: number | undefined) => (): unknown =>
    assemble(
      { accessToken: "a", tokenType: "Bearer" },
      { sentAt: NOW, serverTime },
      { at: expiryAt(instant, { sentAt: NOW, serverTime }), pointer: "/expires" },
    );
  for (const serverTime of [undefined, NOW, NOW - 1])
    expect(arrival(NOW - 1, serverTime)).toThrow(/expired on arrival/);
  for (const serverTime of [NOW - 2, NOW - DAY]) expect(arrival(NOW - 1, serverTime)).not.toThrow();
  for (const serverTime of [undefined, NOW, NOW + DAY])
    expect(arrival(NOW + 1, serverTime)).not.toThrow();
});

test("T-04 a token from the future is stale: the clock was set back", () => {
  expect(freshness(token(3600, NOW + 299_000), NOW)).toBe("fresh");
  expect(freshness(token(3600, NOW + 301_000), NOW)).toBe("stale");
  expect(freshness(token(undefined, NOW + 301_000), NOW)).toBe("stale");
});

test("T-05 the windows: soft is min(300 s, 20 %), hard is min(15 s, 5 %)", () => {
  const at = (lifetime: number, left: number, jitter = 0): string =>
    freshness(token(lifetime), NOW + (lifetime - left) * 1000, jitter);
  expect([at(3600, 301), at(3600, 299), at(3600, 16), at(3600, 14), at(3600, 0)]).toEqual([
    "fresh",
    "soft",
    "soft",
    "hard",
    "stale",
  ]);
  expect([at(100, 21), at(100, 19), at(100, 6), at(100, 4), at(100, -1)]).toEqual([
    "fresh",
    "soft",
    "soft",
    "hard",
    "stale",
  ]);
  expect([at(3600, 241, 1), at(3600, 239, 1), at(3600, 14, 1)]).toEqual(["fresh", "soft", "hard"]);
  expect(freshness(token(undefined), NOW + 1e12)).toBe("fresh");
});

test("T-05 a caller that needs the token for longer waits for a new one, but for no more than 80 % of a lifetime", () => {
  expect(freshness(token(3600), NOW + 1_800_000, 0, 1700)).toBe("fresh");
  expect(freshness(token(3600), NOW + 1_800_000, 0, 1900)).toBe("hard");
  expect(freshness(token(3600), NOW, 0, 1e9)).toBe("fresh");
});

test("T-15 no refresh token in the answer keeps the old one; another one replaces it", () => {
  const old: Token = { ...token(60), refreshToken: "r-1", refreshExpiresAt: 5 };
  expect(succeed(token(60), old)).toMatchObject({ refreshToken: "r-1", refreshExpiresAt: 5 });
  expect(succeed({ ...token(60), refreshToken: "r-2" }, old)).toMatchObject({
    refreshToken: "r-2",
  });
  expect(succeed({ ...token(60), refreshToken: "r-2" }, old).refreshExpiresAt).toBeUndefined();
  expect(succeed(token(60), undefined).refreshToken).toBeUndefined();
});

test("T-01 no date is built by setting seconds", () => {
  for (const file of fs
    .readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))) {
    expect(fs.readFileSync(`src/${file}`, "utf8")).not.toMatch(
      /\.set(UTC)?(Seconds|Minutes|Hours)\(/,
    );
  }
});
