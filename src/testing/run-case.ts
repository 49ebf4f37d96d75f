import type { Contract } from "../sandbox/contract.ts";
import type { ContractCase } from "./case.ts";
import { compare, drive, type Target } from "./drive.ts";

/**
 * Sends a case to a real address, the vendor's own included, and holds what comes back against the
 * spec. Meant for cases that are marked `safe`; any other may change something, or lock an account.
 * @returns what is wrong; empty: nothing. No secret and no value of an answer is in it.
 */
export async function runCase(
  contract: Contract,
  testCase: ContractCase,
  target: Target,
): Promise<string[]> {
  const out: string[] = [];
  const send = target.common?.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await send(input, init);
    const { pathname } = new URL(input instanceof Request ? input.url : String(input));
    const below = pathname.slice(new URL(target.baseUrl).pathname.replace(/\/$/, "").length);
    const found = contract.match(init?.method ?? "GET", below);
    if (!found) return response;
    const violations = contract.checkResponse(
      found.operation,
      response.status,
      response.headers.get("content-type"),
      await response.clone().text(),
    );
    out.push(
      ...violations.map(
        ({ at, message }) =>
          `the answer ${response.status} to ${found.operation.id} breaks the spec at ${at === "" ? "its root" : at}: ${message}`,
      ),
    );
    return response;
  };
  const outcome = await drive(testCase, { ...target, common: { ...target.common, fetch } });
  // Only kinds are compared, since another party makes up the values; and what `compare` says may
  // quote them.
  const differs = compare(testCase, outcome, false).length > 0;
  return [
    ...out,
    ...(differs
      ? [
          `expected ${Object.keys(testCase.outcome ?? {})[0] ?? "nothing"}, got ${"error" in outcome ? (outcome.error.message ?? outcome.error.kind) : "problem" in outcome ? (outcome.problem.message ?? outcome.problem.kind) : (Object.keys(outcome)[0] ?? "")}`,
        ]
      : []),
  ];
}
