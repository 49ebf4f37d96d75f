/** Compares what came out of a client with what a case expects. */
import { isDeepStrictEqual } from "node:util";
import type { ContractCase, Outcome, OutcomeError } from "./case.ts";

/**
 * How much of an outcome is compared.
 * - `all`: every value. The answer was the one of the case.
 * - `determined`: every value but those that a party has to invent, which are the texts of tokens.
 *   A lifetime may differ by two seconds, since clocks run on. The answer came from an imitation
 *   of the vendor.
 * - `kinds`: only what kind of outcome it is. The answer came from the vendor, with data and words
 *   of its own.
 */
export type Comparison = "all" | "determined" | "kinds";

/** Members of an error that are compared. */
const EXACT = ["kind", "status", "vendorCode", "retryable", "retryAfter", "pointer"] as const;
/** Members of an error that are compared if only its kind is. */
const KINDS = ["kind", "status", "retryable"] as const;
/** Seconds. A client reads the start of a lifetime from the `Date` header, in whole seconds. */
const LIFETIME_TOLERANCE = 2;

type Tokens = Extract<Outcome, { token: unknown }>["token"];

/**
 * How an outcome differs from the one that the case expects; empty: not at all. The texts may quote
 * values of the outcome, tokens included.
 * @example
 * const differences = compare(testCase, await drive(testCase, target), "all");
 */
export function compare(testCase: ContractCase, actual: Outcome, comparison: Comparison): string[] {
  const { outcome } = testCase;
  if (outcome === undefined) return ["the case has no outcome"];
  const wanted = Object.keys(outcome)[0] ?? "";
  if (!(wanted in actual)) return [`expected ${wanted}, got ${JSON.stringify(actual)}`];
  if ("token" in outcome && "token" in actual)
    return compareTokens(outcome.token, actual.token, comparison);
  if ("data" in outcome && "data" in actual) {
    if (outcome.data !== true)
      return ["`data` of a case must be true. It stands for the body of the answer."];
    return compareData(dataOf(testCase, comparison), actual.data, comparison);
  }
  const [expected, got] = [errorOf(outcome), errorOf(actual)];
  return expected && got ? compareErrors(expected, got, comparison) : [`expected ${wanted}`];
}

/** The data that a call should bring. */
function dataOf({ response, sandbox }: ContractCase, comparison: Comparison): unknown {
  if (comparison === "determined" && sandbox?.data !== undefined) return sandbox.data;
  return response.status === 204 ? undefined : response.body;
}

const errorOf = (outcome: Outcome): OutcomeError | undefined =>
  "error" in outcome ? outcome.error : "problem" in outcome ? outcome.problem : undefined;

function compareTokens(expected: Tokens, got: Tokens, comparison: Comparison): string[] {
  if (comparison === "all")
    return isDeepStrictEqual(expected, got)
      ? []
      : [`expected the token ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`];
  const differences: string[] = [];
  const tolerance = comparison === "determined" ? LIFETIME_TOLERANCE : Infinity;
  if (!isNear(expected.lifetime, got.lifetime, tolerance))
    differences.push(
      `expected a lifetime of ${expected.lifetime ?? "unknown"}, got ${got.lifetime ?? "unknown"}`,
    );
  if (comparison === "kinds") return differences;
  if ((expected.refreshToken === undefined) !== (got.refreshToken === undefined))
    differences.push(
      `expected ${expected.refreshToken === undefined ? "no" : "a"} refresh token, and got ${got.refreshToken === undefined ? "none" : "one"}`,
    );
  if (!isDeepStrictEqual(expected.scope, got.scope))
    differences.push(`expected the scope ${textOf(expected.scope)}, got ${textOf(got.scope)}`);
  return differences;
}

const isNear = (expected: number | null, got: number | null, tolerance: number): boolean =>
  expected === null || got === null ? expected === got : Math.abs(expected - got) <= tolerance;

const textOf = (scope: Tokens["scope"]): string => scope?.join(" ") ?? "none";

function compareData(expected: unknown, data: unknown, comparison: Comparison): string[] {
  if (comparison !== "kinds")
    return isDeepStrictEqual(expected, data)
      ? []
      : [`expected the data ${JSON.stringify(expected)}, got ${JSON.stringify(data)}`];
  return typeof expected === typeof data
    ? []
    : [`expected data of type ${typeof expected}, got ${typeof data}`];
}

function compareErrors(
  expected: OutcomeError,
  got: OutcomeError,
  comparison: Comparison,
): string[] {
  const members = comparison === "kinds" ? KINDS : EXACT;
  const differences = members
    .filter((member) => expected[member] !== got[member])
    .map((member) => `expected ${member} ${String(expected[member])}, got ${String(got[member])}`);
  const { message } = expected;
  if (comparison !== "kinds" && message !== undefined && !got.message?.includes(message))
    differences.push(`expected a message with "${message}", got "${got.message ?? ""}"`);
  return differences;
}
