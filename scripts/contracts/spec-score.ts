/** Which mutants of a spec the cases notice. */
import {
  complaints,
  createContract,
  judge,
  type Contract,
  type OpenApiDocument,
} from "../../src/testing/index.ts";
import type { NamedCase } from "./load.ts";
import type { Mistake, MutantKind } from "./spec-mutants.ts";

export interface SpecScore {
  /** Mutants of both kinds. */
  readonly total: number;
  /** `byCase` of them are refused an exchange of a case that keeps to the spec. */
  readonly tightening: { readonly total: number; readonly byCase: number };
  /** `killed` of them let pass an exchange that breaks the spec. */
  readonly loosening: { readonly total: number; readonly killed: number };
  /** Mutants that Ajv cannot compile. They say nothing about the cases, and count for no kind. */
  readonly notCompiled: number;
  /** Mutants that nothing can notice, listed with a reason. They count for no kind. */
  readonly equivalent: number;
}

export interface Verdict {
  readonly kind: MutantKind;
  readonly result: "noticed" | "survived" | "not compiled" | "equivalent";
}

/** What may notice a mutant of a spec. */
export interface Witnesses {
  /** The document that a case is judged by: the spec, or a form of it. */
  readonly documentOf: (testCase: NamedCase) => OpenApiDocument;
  readonly cases: readonly NamedCase[];
  /** Mutants of the cases that keep to the spec. Each has the name of its case. */
  readonly caseMutants: readonly NamedCase[];
  /**
   * Names of cases that nothing has needed yet. A case that alone notices a mutant is removed.
   */
  readonly unneeded: Set<string>;
}

/**
 * Judges mutants of a spec by the cases.
 * @param equivalents names of mutants that nothing can notice
 * @returns a verdict on each mutant, and what is wrong: mutants that nothing notices, mutants of
 *   the other kind than they say, and equivalents that are none
 */
export async function judgeSpecMutants(
  mutants: readonly Mistake[],
  witnesses: Witnesses,
  equivalents: readonly string[],
): Promise<{ readonly verdicts: readonly Verdict[]; readonly faults: readonly string[] }> {
  const verdicts: Verdict[] = [];
  const faults: string[] = [];
  const unused = new Set(equivalents);
  const probes = probesOf(witnesses);
  for (const { name, kind, broken } of mutants) {
    const contracts = await contractsOf(broken);
    const killers = killersOf(contracts, probes[kind], witnesses.unneeded);
    const [killer] = killers ?? [];
    const refused =
      kind === "loosens" && killers && probes.tightens.find((probe) => probe.notices(contracts));
    if (refused) faults.push(`${name} should only loosen, and refuses the case ${refused.name}`);
    const isListed = unused.delete(name);
    const result =
      killers === undefined
        ? "not compiled"
        : isListed
          ? "equivalent"
          : killer === undefined
            ? "survived"
            : "noticed";
    verdicts.push({ kind, result });
    if (result === "survived") faults.push(`${name} survives: it ${kind}, and no case shows it`);
    if (result === "noticed" && killers?.size === 1) witnesses.unneeded.delete(killer ?? "");
    if (isListed && result !== "equivalent")
      faults.push(`${name} is listed as equivalent, and does not compile`);
    if (result === "equivalent" && killer !== undefined)
      faults.push(`${name} is listed as equivalent, and ${killer} notices it`);
  }
  for (const name of unused)
    faults.push(`${name} is listed as equivalent, and there is no such mutant`);
  return { verdicts, faults };
}

export function scoreOf(verdicts: readonly Verdict[]): SpecScore {
  const count = (kind: MutantKind, ...results: Verdict["result"][]): number =>
    verdicts.filter((one) => one.kind === kind && results.includes(one.result)).length;
  const all = (result: Verdict["result"]): number =>
    count("tightens", result) + count("loosens", result);
  return {
    total: all("noticed") + all("survived"),
    tightening: {
      total: count("tightens", "noticed", "survived"),
      byCase: count("tightens", "noticed"),
    },
    loosening: {
      total: count("loosens", "noticed", "survived"),
      killed: count("loosens", "noticed"),
    },
    notCompiled: all("not compiled"),
    equivalent: all("equivalent"),
  };
}

/** The contracts of a broken spec and of its forms, by the document that was broken. */
type Contracts = ReadonlyMap<OpenApiDocument, Contract>;

async function contractsOf(broken: Mistake["broken"]): Promise<Contracts> {
  const contracts = new Map<OpenApiDocument, Contract>();
  for (const [document, mutant] of broken) contracts.set(document, await createContract(mutant));
  return contracts;
}

/** A check of one exchange. */
interface Probe {
  /** Of the case. */
  readonly name: string;
  /** Whether a broken spec judges the exchange otherwise than the spec does. */
  readonly notices: (contracts: Contracts) => boolean;
}

/** The probes of each kind of mutants. The search moves those that notice a mutant to the front. */
function probesOf({ cases, caseMutants, documentOf }: Witnesses): Record<MutantKind, Probe[]> {
  const probe = (one: NamedCase, isNoticed: (accepted: boolean) => boolean): Probe => ({
    name: one.name,
    notices(contracts) {
      const contract = contracts.get(documentOf(one));
      return contract !== undefined && isNoticed(accepts(contract, one));
    },
  });
  return {
    tightens: cases
      .filter(({ conforms }) => conforms === undefined)
      .map((one) => probe(one, (accepted) => !accepted)),
    loosens: [...cases.filter(({ conforms }) => conforms !== undefined), ...caseMutants].map(
      (one) => probe(one, (accepted) => accepted),
    ),
  };
}

/** Whether a contract takes an exchange as it is. */
const accepts = (contract: Contract, testCase: NamedCase): boolean =>
  complaints(judge(contract, testCase), undefined).length === 0;

/**
 * Names of cases that notice a broken spec. The search ends after two of them, or after one that is
 * needed anyway. Undefined: Ajv cannot compile the broken spec, so no exchange shows anything.
 */
function killersOf(
  contracts: Contracts,
  probes: Probe[],
  unneeded: ReadonlySet<string>,
): Set<string> | undefined {
  const killers = new Set<string>();
  for (const probe of probes) {
    if (killers.has(probe.name)) continue;
    try {
      if (!probe.notices(contracts)) continue;
    } catch {
      return undefined;
    }
    killers.add(probe.name);
    // The next broken spec is similar, so the same probe is likely to notice it.
    probes.splice(probes.indexOf(probe), 1);
    probes.unshift(probe);
    if (killers.size > 1 || !unneeded.has(probe.name)) break;
  }
  return killers;
}
