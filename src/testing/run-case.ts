import { connect } from "../client/connect.ts";
import { tokenUrlOf } from "../http/token-url.ts";
import type { Contract, Operation } from "../sandbox/contract.ts";
import type { ContractCase, Outcome } from "./case.ts";
import { compare } from "./compare.ts";
import { drive, type Target } from "./drive.ts";

/**
 * Sends a case to a real address, such as the vendor's own, and checks each answer against the
 * document. Against the live vendor, run only cases that are marked `safe`: others may change data
 * or lock an account.
 * @returns what is wrong; empty: nothing. The texts contain no secret that the
 *   client knows. They may quote the message of an error, and with it the vendor's code and words.
 * @throws RangeError as `drive` does
 * @example
 * const contract = await createContract(document);
 * const target = { provider: apinizer, baseUrl, account: { username, password } };
 * for (const testCase of cases.filter(({ safe }) => safe))
 *   console.log(await runCase(contract, testCase, target));
 */
export async function runCase(
  contract: Contract,
  testCase: ContractCase,
  target: Target,
): Promise<string[]> {
  const problems: string[] = [];
  const send = target.common?.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await send(input, init);
    const method = input instanceof Request ? input.method : (init?.method ?? "GET");
    const url = input instanceof Request ? input.url : String(input);
    problems.push(...(await checkAnswer(contract, target, method, url, response.clone())));
    return response;
  };
  const outcome = await drive(testCase, { ...target, common: { ...target.common, fetch } });
  // The values are the vendor's, so only their kinds are compared. The differences may quote the
  // values, so they are not reported.
  if (compare(testCase, outcome, "kinds").length > 0)
    problems.push(
      `expected ${Object.keys(testCase.outcome ?? {})[0] ?? "nothing"}, got ${nameOf(outcome)}`,
    );
  return problems;
}

/** How an answer breaks the document. Empty where the URL is not one of the document's. */
async function checkAnswer(
  contract: Contract,
  target: Target,
  method: string,
  url: string,
  response: Response,
): Promise<string[]> {
  const operation = operationAt(contract, target, method, new URL(url));
  if (!operation) return [];
  const { status, headers } = response;
  const text = await response.text();
  return contract
    .checkResponse(operation, status, headers.get("content-type"), text)
    .map(
      ({ at, message }) =>
        `the answer ${status} to ${operation.id} breaks the spec at ${at === "" ? "its root" : at}: ${message}`,
    );
}

/** The operation of a URL. The token endpoint may lie elsewhere than the API. */
function operationAt(
  contract: Contract,
  { provider, account, common, baseUrl }: Target,
  method: string,
  { origin, pathname }: URL,
): Operation | undefined {
  const connection = connect(provider, { ...account, ...common, baseUrl } as never);
  const { tokenOperation } = connection;
  if (tokenOperation.startsWith(`${method} `) && tokenUrlOf(connection) === origin + pathname) {
    const { id } = provider.meta.operations[tokenOperation] ?? {};
    return contract.operations.find((operation) => operation.id === id);
  }
  const base = new URL(baseUrl).pathname.replace(/\/$/, "");
  return contract.match(method, pathname.slice(base.length))?.operation;
}

function nameOf(outcome: Outcome): string {
  const error =
    "error" in outcome ? outcome.error : "problem" in outcome ? outcome.problem : undefined;
  return error ? (error.message ?? error.kind) : (Object.keys(outcome)[0] ?? "");
}
