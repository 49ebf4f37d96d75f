/**
 * A client accepts only a whole record from a store. Anything else that a store returns is a store
 * error.
 */
import { createApinizerClient, createPetjeafClient, type TokenRecord } from "../src/index.ts";
import { isLatchRecord, isTokenRecord } from "../src/tokens/record-shape.ts";
import { failure } from "./support/clients.ts";

const token = {
  accessToken: "canary-access",
  tokenType: "Bearer",
  issuedAt: 1,
  expiresAt: 2,
  refreshToken: "canary refresh",
  refreshExpiresAt: 3,
  scope: ["a"],
};
const intent = { refreshTokenHash: "h", owner: "o", at: 1 };
const whole: TokenRecord = { generation: 1, token, intent, reauthorizationRequired: true };

test("a whole record, and one with no more than it needs", () => {
  for (const record of [
    whole,
    { generation: 1, token: { accessToken: "a", tokenType: "Bearer", issuedAt: 0 } },
  ])
    expect(isTokenRecord(record)).toBe(true);
});

test("the longest texts that a record may hold", () => {
  const longest = (n: number) => "x".repeat(n);
  for (const [n, secret, holds] of [
    [1000, 65_536, true],
    [1001, 65_536, false],
    [1000, 65_537, false],
  ] as const) {
    const { refreshToken: _, ...rest } = token;
    expect(
      isTokenRecord({
        generation: Number.MAX_SAFE_INTEGER,
        binding: longest(n),
        intent: { ...intent, owner: longest(n), refreshTokenHash: longest(n) },
        token: { ...rest, accessToken: longest(secret), tokenType: longest(n) },
      }),
    ).toBe(holds);
    expect(isTokenRecord({ ...whole, token: { ...token, refreshToken: longest(secret) } })).toBe(
      secret === 65_536,
    );
  }
  expect(isTokenRecord({ ...whole, binding: longest(1001) })).toBe(false);
  expect(isTokenRecord({ ...whole, binding: 7 })).toBe(false);
});

const entry = { tag: "t", until: 5, status: 401, code: "c" };
const latched = { generation: 1, latch: [entry], renewals: [{ at: 5 }, { at: 6, forced: true }] };

test("T-10 a whole latch record, and one with no more than it needs", () => {
  for (const record of [
    latched,
    { generation: 1, latch: [] },
    { generation: 1, latch: [{ tag: "x".repeat(1000), until: -5 }], renewals: [] },
  ])
    expect(isLatchRecord(record)).toBe(true);
});

test.each<[string, unknown]>([
  ...[undefined, null, 7, "x", [], () => latched].map((value): [string, unknown] => [
    String(value),
    value,
  ]),
  ...[0, -1, 1.5, "1", undefined].map((generation): [string, unknown] => [
    `generation ${String(generation)}`,
    { ...latched, generation },
  ]),
  ...[undefined, null, "x", { 0: entry }].map((latch): [string, unknown] => [
    `latch ${JSON.stringify(latch)}`,
    { ...latched, latch },
  ]),
  ...[
    null,
    7,
    [],
    { ...entry, tag: 7 },
    { ...entry, tag: "x".repeat(1001) },
    { ...entry, status: "401" },
    { ...entry, status: 401.5 },
    { ...entry, code: 7 },
    { ...entry, until: "5" },
    { ...entry, until: Infinity },
  ].map((one): [string, unknown] => [
    `an entry ${JSON.stringify(one).slice(0, 40)}`,
    { ...latched, latch: [entry, one] },
  ]),
  ...[
    null,
    7,
    "x",
    {},
    [null],
    [{ at: "5" }],
    [{ at: 5, forced: false }],
    [{ at: 5, forced: "true" }],
  ].map((renewals): [string, unknown] => [
    `renewals ${JSON.stringify(renewals)}`,
    { ...latched, renewals },
  ]),
])("T-10 %s is no latch record", (_, record) => {
  expect(isLatchRecord(record)).toBe(false);
});

test("T-19 a list or a function with the members of a record is none, nor is a list in place of a text", () => {
  const list = (members: object): unknown => Object.assign([], members);
  const call = (members: object): unknown => Object.assign(() => undefined, members);
  for (const as of [list, call]) {
    expect(isTokenRecord(as(whole))).toBe(false);
    expect(isTokenRecord({ ...whole, token: as(token) })).toBe(false);
    expect(isTokenRecord({ ...whole, intent: as(intent) })).toBe(false);
    expect(isLatchRecord(as(latched))).toBe(false);
    expect(isLatchRecord({ ...latched, latch: [as(entry)] })).toBe(false);
    expect(isLatchRecord({ ...latched, renewals: [as({ at: 5 })] })).toBe(false);
  }
  for (const member of ["accessToken", "refreshToken", "tokenType"])
    expect(isTokenRecord({ ...whole, token: { ...token, [member]: ["a"] } })).toBe(false);
  expect(isTokenRecord({ ...whole, binding: ["a"] })).toBe(false);
});

const broken: [what: string, record: unknown][] = [
  ...[undefined, null, 7, "x", []].map((value): [string, unknown] => [
    JSON.stringify(value) ?? "undefined",
    value,
  ]),
  ...[0, -1, 1.5, "1", null, 2 ** 53].map((generation): [string, unknown] => [
    `generation ${String(generation)}`,
    { ...whole, generation },
  ]),
  ...[undefined, null, "t", []].map((value): [string, unknown] => [
    `token ${JSON.stringify(value) ?? "undefined"}`,
    { ...whole, token: value },
  ]),
  ...["", 7, null, "a b", "a\n", "ä", "x".repeat(65_537)].map((accessToken): [string, unknown] => [
    `accessToken ${JSON.stringify(accessToken).slice(0, 20)}`,
    { ...whole, token: { ...token, accessToken } },
  ]),
  ...["", 7, null, "a\n", "x".repeat(65_537)].map((refreshToken): [string, unknown] => [
    `refreshToken ${JSON.stringify(refreshToken).slice(0, 20)}`,
    { ...whole, token: { ...token, refreshToken } },
  ]),
  ...["issuedAt", "expiresAt", "refreshExpiresAt"].flatMap((member) =>
    ["1", null, Number.NaN, Infinity, true].map((value): [string, unknown] => [
      `${member} ${String(value)}`,
      { ...whole, token: { ...token, [member]: value } },
    ]),
  ),
  ...[7, null, "a", [7], ["a", 7]].map((scope): [string, unknown] => [
    `scope ${JSON.stringify(scope)}`,
    { ...whole, token: { ...token, scope } },
  ]),
  ["tokenType 7", { ...whole, token: { ...token, tokenType: 7 } }],
  ...[
    7,
    null,
    "x",
    {},
    { ...intent, owner: 123 },
    { ...intent, owner: "x".repeat(1001) },
    { ...intent, refreshTokenHash: null },
    { ...intent, at: "1" },
  ].map((value): [string, unknown] => [
    `intent ${JSON.stringify(value).slice(0, 40)}`,
    { ...whole, intent: value },
  ]),
  ...[false, 1, "true"].map((reauthorizationRequired): [string, unknown] => [
    `reauthorizationRequired ${String(reauthorizationRequired)}`,
    { ...whole, reauthorizationRequired },
  ]),
];

test("T-19 what throws when it is looked at is no record, and rejects nothing that nobody awaits", async () => {
  const throwing = {
    generation: 1,
    get token(): never {
      throw new Error("canary");
    },
    get latch(): never {
      throw new Error("canary");
    },
  };
  expect([isTokenRecord(throwing), isLatchRecord(throwing)]).toEqual([false, false]);
  const client = createApinizerClient({
    managerUrl: "https://m.example",
    username: "u",
    password: "canary-password",
    fetch: async () => Response.json({ access_token: "t", expires_in: 3600 }),
    store: { get: async () => throwing, set: async () => false, delete: async () => undefined },
  });
  expect(await client.auth.getToken()).toMatchObject({ accessToken: "t" });
  expect(await failure(client.auth.close())).toMatchObject({
    kind: "store",
    message: expect.not.stringContaining("canary"),
  });
});

test.each(broken)("T-19 %s is no record", (_, record) => {
  expect(isTokenRecord(record)).toBe(false);
});

test.each(broken.filter(([, record]) => record !== undefined))(
  "T-19 %s in a store is a store error without a value of it, and nothing is sent or written",
  async (_, record) => {
    let used = 0;
    const app = createPetjeafClient({
      clientId: "c",
      clientSecret: "s",
      baseUrl: "https://petjeaf.example",
      fetch: async () => {
        used += 1;
        return Response.json({});
      },
      store: {
        get: async () => record as TokenRecord,
        set: async () => {
          used += 1;
          return true;
        },
        delete: async () => {
          used += 1;
        },
      },
    });
    const error = await failure(app.session("me").auth.getToken());
    expect(error).toMatchObject({ name: "StoreError", kind: "store", provider: "petjeaf" });
    expect(error.message).not.toContain("canary");
    expect(used).toBe(0);
  },
);
