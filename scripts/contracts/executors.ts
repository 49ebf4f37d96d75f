/**
 * Three of the four executors of a case: the spec, the client, and the client with the sandbox. The
 * fourth sends cases to any address and is scripts/cases.ts. Each returns what is wrong.
 */
import { complaints, judge, type Contract } from "../../src/testing/index.ts";
import type { NamedCase } from "./load.ts";

export { onClient } from "./on-client.ts";
export { isOwn, onSandbox } from "./on-sandbox.ts";

export type Executor = "spec" | "client" | "sandbox";

/** Null: the executor cannot run this case. The legend of the parity table says why. */
export type Result = readonly string[] | null;

/** ms. A failure that is retried must not delay the run. */
export const TIMEOUTS = { attempt: 20_000, total: 20_000 };

export function onSpec(contract: Contract, testCase: NamedCase): Result {
  return complaints(judge(contract, testCase), testCase.conforms);
}

/** A case's request, located in the spec. */
export interface Located {
  /** Path of the server's URL, without a slash at its end. */
  readonly basePath: string;
  readonly operationId: string;
}

/** Undefined: the case's URL is not in the spec. */
export function locate(contract: Contract, { request }: NamedCase): Located | undefined {
  const place = contract.locate(request.method, request.url);
  if (!place) return undefined;
  // A path has as many segments as its template.
  const { pathname } = new URL(request.url);
  const segments = place.operation.path.split("/").length - 1;
  return {
    basePath: pathname.split("/").slice(0, -segments).join("/"),
    operationId: place.operation.id,
  };
}
