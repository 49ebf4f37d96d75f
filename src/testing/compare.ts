/** Compares what came out of a client with what a case expects. */
import { isDeepStrictEqual } from "node:util";
import type { ContractCase, Outcome, OutcomeError } from "./case.ts";

/** Members of an error that are compared if `exact` is true. */
const EXACT = ["kind", "status", "vendorCode", "retryable", "retryAfter", "pointer"] as const;
/** Members of an error that are compared if `exact` is false. */
const KINDS = ["kind", "status", "retryable"] as const;

type Tokens = Extract<Outcome, { token: unknown }>["token"];

/**
 * How an outcome differs from the one that the case expects; empty: not at all. The texts may quote
 * values of the outcome, tokens included.
 * @param exact whether the values of tokens, data and errors are compared. False where another
 *   party chose the values, such as the sandbox or the live vendor: only their kinds are compared.
 * @example
 * const differences = compare(testCase, await drive(testCase, target), true);
 */
export function compare(
  { outcome, response }: ContractCase,
  actual: Outcome,
  exact: boolean,
): string[] {
  if (outcome === undefined) return ["the case has no outcome"];
  const wanted = Object.keys(outcome)[0] ?? "";
  if (!(wanted in actual)) return [`expected ${wanted}, got ${JSON.stringify(actual)}`];
  if ("token" in outcome && "token" in actual)
    return compareTokens(outcome.token, actual.token, exact);
  if ("data" in outcome && "data" in actual) {
    if (outcome.data !== true)
      return ["`data` of a case must be true. It stands for the body of the answer."];
    return compareData(response.status === 204 ? undefined : response.body, actual.data, exact);
  }
  const [expected, got] = [errorOf(outcome), errorOf(actual)];
  return expected && got ? compareErrors(expected, got, exact) : [`expected ${wanted}`];
}

const errorOf = (outcome: Outcome): OutcomeError | undefined =>
  "error" in outcome ? outcome.error : "problem" in outcome ? outcome.problem : undefined;

function compareTokens(expected: Tokens, got: Tokens, exact: boolean): string[] {
  if (exact)
    return isDeepStrictEqual(expected, got)
      ? []
      : [`expected the token ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`];
  return (expected.lifetime === null) === (got.lifetime === null)
    ? []
    : [
        `expected a lifetime of ${expected.lifetime ?? "unknown"}, got ${got.lifetime ?? "unknown"}`,
      ];
}

function compareData(body: unknown, data: unknown, exact: boolean): string[] {
  if (exact)
    return isDeepStrictEqual(body, data)
      ? []
      : [`expected the body of the answer, got ${JSON.stringify(data)}`];
  return typeof body === typeof data
    ? []
    : [`expected data of type ${typeof body}, got ${typeof data}`];
}

function compareErrors(expected: OutcomeError, got: OutcomeError, exact: boolean): string[] {
  const differences = (exact ? EXACT : KINDS)
    .filter((member) => expected[member] !== got[member])
    .map((member) => `expected ${member} ${String(expected[member])}, got ${String(got[member])}`);
  const { message } = expected;
  if (exact && message !== undefined && !got.message?.includes(message))
    differences.push(`expected a message with "${message}", got "${got.message ?? ""}"`);
  return differences;
}
