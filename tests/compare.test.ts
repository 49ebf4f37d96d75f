/** What `compare` of corrigenda/testing compares, by where the answer came from. */
import { compare, type Comparison, type ContractCase, type Outcome } from "../src/testing/index.ts";

const testCase = (outcome: Outcome, more: Partial<ContractCase> = {}): ContractCase => ({
  operationId: "x",
  answer: "200",
  mediaType: "application/json",
  variant: "-",
  request: { method: "GET", url: "https://api.vendor.example/x", headers: {} },
  response: { status: 200, headers: {}, body: { id: 7 } },
  outcome,
  provenance: "A test",
  errata: [],
  ...more,
});

const TOKEN = { accessToken: "a", lifetime: 60, refreshToken: "r", scope: ["read"] };
const ERROR = {
  kind: "rate_limited",
  status: 429,
  retryable: true,
  vendorCode: "slow",
  retryAfter: 30,
  message: "Slow down, please",
};
const all: Comparison[] = ["all", "determined", "kinds"];
const strict: Comparison[] = ["all", "determined"];

test.each<[string, Outcome, Outcome, Comparison[]]>([
  ["nothing", { token: TOKEN }, { token: TOKEN }, []],
  ["another access token", { token: TOKEN }, { token: { ...TOKEN, accessToken: "b" } }, ["all"]],
  ["another refresh token", { token: TOKEN }, { token: { ...TOKEN, refreshToken: "s" } }, ["all"]],
  [
    "no refresh token",
    { token: TOKEN },
    { token: { accessToken: "a", lifetime: 60, scope: ["read"] } },
    strict,
  ],
  [
    "a refresh token",
    { token: { accessToken: "a", lifetime: null } },
    { token: { accessToken: "a", lifetime: null, refreshToken: "r" } },
    strict,
  ],
  ["another scope", { token: TOKEN }, { token: { ...TOKEN, scope: ["write"] } }, strict],
  ["a lifetime a second off", { token: TOKEN }, { token: { ...TOKEN, lifetime: 61 } }, ["all"]],
  ["another lifetime", { token: TOKEN }, { token: { ...TOKEN, lifetime: 63 } }, strict],
  ["an unknown lifetime", { token: TOKEN }, { token: { ...TOKEN, lifetime: null } }, all],
  ["the same data", { data: true }, { data: { id: 7 } }, []],
  ["other data", { data: true }, { data: { id: 8 } }, strict],
  ["data of another type", { data: true }, { data: "7" }, all],
  ["the same problem", { problem: ERROR }, { problem: ERROR }, []],
  ["another kind", { problem: ERROR }, { problem: { ...ERROR, kind: "server" } }, all],
  ["another status", { problem: ERROR }, { problem: { ...ERROR, status: 503 } }, all],
  ["another code", { problem: ERROR }, { problem: { ...ERROR, vendorCode: "fast" } }, strict],
  ["another wait", { problem: ERROR }, { problem: { ...ERROR, retryAfter: 31 } }, strict],
  ["another message", { error: ERROR }, { error: { ...ERROR, message: "No" } }, strict],
  ["an error in place of a problem", { problem: ERROR }, { error: ERROR }, all],
])("%s differs for the right comparisons", (_, expected, actual, differs) => {
  for (const comparison of all)
    expect([comparison, compare(testCase(expected), actual, comparison).length > 0]).toEqual([
      comparison,
      differs.includes(comparison),
    ]);
});

test("the data of an imitation are those that the case states for it", () => {
  const one = testCase({ data: true }, { sandbox: { own: true, data: { id: 8 } } });
  expect(compare(one, { data: { id: 8 } }, "determined")).toEqual([]);
  expect(compare(one, { data: { id: 7 } }, "determined")).toHaveLength(1);
  expect(compare(one, { data: { id: 7 } }, "all")).toEqual([]);
});
