/** The parity table: what each executor makes of the cases of each cell. */
import type { Contract } from "../../src/testing/index.ts";
import { cellName, cellsOf, type Cell } from "./cells.ts";
import { isOwn, onClient, onSandbox, onSpec, type Executor, type Result } from "./executors.ts";
import type { Implementation } from "./implementations.ts";
import type { NamedCase, Subject } from "./load.ts";

type State = "ok" | "failed" | "n/a" | "none";

export interface Row {
  readonly provider: string;
  readonly cell: Cell;
  /** The number of cases that keep to the spec. */
  readonly cases: number;
  readonly results: Readonly<Record<Exclude<Executor, "sandbox">, State>> & {
    /** `canned`: the sandbox only repeated the body of a case. */
    readonly sandbox: State | "canned";
  };
}

/** The number of cells by who made the answers on the sandbox. */
export interface SandboxScore {
  /** The sandbox's imitation of the vendor made the answer to every case. */
  readonly own: number;
  /** It repeated the body of at least one case. */
  readonly canned: number;
}

const EXECUTORS: readonly Executor[] = ["spec", "client", "sandbox"];

export function sandboxScoreOf(rows: readonly Row[]): SandboxScore {
  const count = (state: Row["results"]["sandbox"]): number =>
    rows.filter(({ results }) => results.sandbox === state).length;
  return { own: count("ok"), canned: count("canned") };
}

/**
 * Runs every case of a provider on every executor.
 * @param contractOf the contract that a case is judged by
 */
export async function parity(
  { provider, document, forms, cases }: Subject,
  implementation: Implementation,
  contractOf: (testCase: NamedCase) => Contract,
): Promise<{ readonly rows: readonly Row[]; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  const results = new Map<NamedCase, Record<Executor, Result>>();
  // The interceptor of the client takes one case at a time. Each sandbox is a server of its own.
  const sandboxes = inBatches(cases, 8, (one) => onSandbox(implementation, contractOf(one), one));
  for (const one of cases)
    results.set(one, {
      spec: onSpec(contractOf(one), one),
      client: await onClient(implementation, contractOf(one), one, cases),
      sandbox: null,
    });
  for (const [index, result] of (await sandboxes).entries())
    Object.assign(results.get(cases[index]!) ?? {}, { sandbox: result });
  for (const [{ name, errata }, byExecutor] of results) {
    const evidence = errata.length === 0 ? "" : ` (evidence for ${errata.join(", ")})`;
    for (const executor of EXECUTORS)
      for (const problem of byExecutor[executor] ?? [])
        problems.push(`${provider} ${name}${evidence} on ${executor}: ${problem}`);
  }
  const cells = cellsOf(document, forms);
  if (cases.length === 0) problems.push(`${provider}: there are no cases`);
  for (const one of cases)
    if (!cells.some((cell) => cellName(cell) === cellName(one)))
      problems.push(`${provider} ${one.name} belongs to no cell of the spec: ${cellName(one)}`);
  const rows = cells.map((cell) => {
    const here = cases.filter(
      (one) => one.conforms === undefined && cellName(one) === cellName(cell),
    );
    if (here.length === 0) problems.push(`${provider} ${cellName(cell)}: no case`);
    const ofCell = here.map((one) => results.get(one));
    const state = (executor: Executor): State =>
      stateOf(ofCell.map((one) => one?.[executor] ?? null));
    const overSocket = state("sandbox");
    return {
      provider,
      cell,
      cases: here.length,
      results: {
        spec: state("spec"),
        client: state("client"),
        sandbox: overSocket === "ok" && !here.every(isOwn) ? "canned" : overSocket,
      },
    } satisfies Row;
  });
  return { rows, problems };
}

function stateOf(results: readonly Result[]): State {
  if (results.length === 0) return "none";
  if (results.some((result) => result && result.length > 0)) return "failed";
  return results.every((result) => result === null) ? "n/a" : "ok";
}

async function inBatches<T, R>(
  items: readonly T[],
  size: number,
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const out: R[] = [];
  for (let at = 0; at < items.length; at += size)
    out.push(...(await Promise.all(items.slice(at, at + size).map(run))));
  return out;
}
