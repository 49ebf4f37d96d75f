/** Runs every case, overlay and mutant, and reports what survived. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import {
  createContract,
  judge,
  complaints,
  type Contract,
  type OpenApiDocument,
} from "../../src/testing/index.ts";
import { disagreements } from "./agreement.ts";
import { proofFaults } from "./believe.ts";
import { caseMutants, type CaseMutant } from "./case-mutants.ts";
import { cellName, cellsOf, type Cell } from "./cells.ts";
import { onClient, onSandbox, onSpec, type Executor, type Result } from "./executors.ts";
import {
  implementations as ours,
  type Implementation,
  type Implementations,
} from "./implementations.ts";
import { documentOf, load, type NamedCase, type Subject } from "./load.ts";
import { specMutants } from "./spec-mutants.ts";

export interface Row {
  readonly provider: string;
  readonly cell: Cell;
  readonly cases: number;
  readonly results: Readonly<Record<Executor, "ok" | "failed" | "n/a" | "none">>;
}

export interface Report {
  cells: number;
  readonly uncovered: string[];
  readonly errata: { total: number; fromSeeds: number; killed: number; prose: number };
  /** What the claims rest on. */
  readonly documents: { total: number; withAddress: number; vendor: number; thirdParty: number };
  readonly caseMutants: { total: number; killed: number };
  readonly specMutants: { total: number; killed: number; equivalent: number };
  readonly survivors: string[];
}

interface Equivalent {
  readonly provider: string;
  readonly mutant: string;
  readonly reason: string;
}

const EXECUTORS: readonly Executor[] = ["spec", "client", "sandbox"];

/**
 * @param root folder that holds openapi/ and tests/
 * @param implementations what runs the cases, by the name of the provider
 */
export async function score(
  root = ".",
  implementations: Implementations = ours,
): Promise<{ report: Report; rows: Row[] }> {
  const report: Report = {
    cells: 0,
    uncovered: [],
    errata: { total: 0, fromSeeds: 0, killed: 0, prose: 0 },
    documents: { total: 0, withAddress: 0, vendor: 0, thirdParty: 0 },
    caseMutants: { total: 0, killed: 0 },
    specMutants: { total: 0, killed: 0, equivalent: 0 },
    survivors: [],
  };
  const rows: Row[] = [];
  const counts = new Map<string, string>();
  const equivalents = (readList(root, "equivalent-mutants.yaml") ?? []) as Equivalent[];
  for (const subject of load(root)) {
    const contractOf = await contractsOf(subject);
    report.survivors.push(...disagreements(subject));
    const implementation = implementations[subject.provider];
    if (implementation) rows.push(...(await parity(subject, implementation, contractOf, report)));
    else report.uncovered.push(`${subject.provider}: there is no client and no vendor for it`);
    const mutants = mutantsOfCases(subject, contractOf, report);
    countDocuments(subject, report);
    await overlays(subject, report);
    const unneeded = extraCases(subject);
    await mutantsOfSpec(
      subject,
      mutants,
      equivalents.filter(({ provider }) => provider === subject.provider),
      unneeded,
      report,
    );
    // The loss of a case that nothing needs would go unnoticed.
    for (const name of unneeded)
      report.uncovered.push(
        `${subject.provider} ${name}: no cell, erratum or mutant needs this case`,
      );
    counts.set(
      subject.provider,
      `${mutants.length} of cases, ${mistakesOf(subject).length} of the spec`,
    );
  }
  report.survivors.push(...changedCounts(root, counts));
  return { report, rows };
}

type ContractOf = (testCase: NamedCase) => Contract;

/** The contract that each case is judged by: that of the spec, or of a form of it. */
async function contractsOf(subject: Subject): Promise<ContractOf> {
  const contracts = new Map<OpenApiDocument, Contract>();
  for (const document of [subject.document, ...subject.forms.map((form) => form.document)])
    contracts.set(document, await createContract(document));
  return (testCase) => contracts.get(documentOf(subject, testCase))!;
}

/** A list that a project may keep under tests/. Undefined: it keeps none. */
function readList(root: string, name: string): unknown {
  const file = join(root, "tests", name);
  return existsSync(file) ? parse(readFileSync(file, "utf8")) : undefined;
}

/**
 * A spec that says less has fewer mutants, and all of them are killed. Where tests/ holds a
 * provider's counts, a change is reported, so that it is made on purpose.
 */
function changedCounts(root: string, counts: ReadonlyMap<string, string>): string[] {
  const name = "mutant-counts.yaml";
  const expected = (readList(root, name) ?? {}) as Readonly<Record<string, string>>;
  return [...counts]
    .filter(([provider, found]) => (expected[provider] ?? found) !== found)
    .map(
      ([provider, found]) =>
        `mutants of ${provider}: ${found}, where tests/${name} has ${expected[provider] ?? ""}. If the spec or the cases say more or less on purpose, change the file`,
    );
}

async function parity(
  { provider, document, forms, cases }: Subject,
  implementation: Implementation,
  contractOf: ContractOf,
  report: Report,
): Promise<Row[]> {
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
        report.uncovered.push(`${provider} ${name}${evidence} on ${executor}: ${problem}`);
  }
  const cells = cellsOf(document, forms);
  report.cells += cells.length;
  if (cases.length === 0) report.uncovered.push(`${provider}: there are no cases`);
  for (const one of cases)
    if (!cells.some((cell) => cellName(cell) === cellName(one)))
      report.uncovered.push(
        `${provider} ${one.name} belongs to no cell of the spec: ${cellName(one)}`,
      );
  return cells.map((cell) => {
    const here = cases.filter(
      (one) => one.conforms === undefined && cellName(one) === cellName(cell),
    );
    if (here.length === 0) report.uncovered.push(`${provider} ${cellName(cell)}: no case`);
    const state = (executor: Executor): Row["results"][Executor] => {
      const all = here.map((one) => results.get(one)?.[executor] ?? null);
      return all.length === 0
        ? "none"
        : all.some((result) => result && result.length > 0)
          ? "failed"
          : all.every((result) => result === null)
            ? "n/a"
            : "ok";
    };
    return {
      provider,
      cell,
      cases: here.length,
      results: { spec: state("spec"), client: state("client"), sandbox: state("sandbox") },
    };
  });
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

/** Whether a contract takes an exchange as it is. */
const accepts = (contract: Contract, testCase: NamedCase): boolean =>
  complaints(judge(contract, testCase), undefined).length === 0;

function mutantsOfCases(subject: Subject, contractOf: ContractOf, report: Report): CaseMutant[] {
  const { provider, cases } = subject;
  const mutants = cases
    .filter(({ conforms }) => conforms === undefined)
    .flatMap((one) => caseMutants(documentOf(subject, one), one));
  report.caseMutants.total += mutants.length;
  for (const { name, mutant } of mutants) {
    if (accepts(contractOf(mutant), mutant))
      report.survivors.push(`case mutant: ${provider} ${name}`);
    else report.caseMutants.killed += 1;
  }
  return mutants;
}

function countDocuments({ ledger }: Subject, { documents }: Report): void {
  for (const { by, address } of Object.values(ledger.documents)) {
    documents.total += 1;
    if (address !== undefined) documents.withAddress += 1;
    documents[by === "vendor" ? "vendor" : "thirdParty"] += 1;
  }
}

async function overlays(subject: Subject, report: Report): Promise<void> {
  for (const [index, erratum] of subject.ledger.errata.entries()) {
    if (erratum.kind === "prose") {
      report.errata.prose += 1;
      continue;
    }
    report.errata.total += 1;
    if (erratum.origin === "seed") report.errata.fromSeeds += 1;
    const faults = await proofFaults(erratum, subject);
    if (faults.length === 0) report.errata.killed += 1;
    const place = subject.placeOf(["errata", index, "documented"]);
    for (const fault of faults) report.survivors.push(`${place}: erratum ${erratum.id}: ${fault}`);
  }
}

/** A mistake, made in the spec and in each form of it that has the same node. */
interface Mistake {
  readonly name: string;
  /** By the document in which the mistake is made. */
  readonly broken: ReadonlyMap<OpenApiDocument, OpenApiDocument>;
}

/** The mistakes of a spec, and those that only a form of it can have. */
function mistakesOf({ document, forms }: Subject): Mistake[] {
  const mistakes = new Map<string, Map<OpenApiDocument, OpenApiDocument>>();
  for (const one of [document, ...forms.map((form) => form.document)]) {
    for (const { name, document: broken } of specMutants(one))
      mistakes.set(name, (mistakes.get(name) ?? new Map<never, never>()).set(one, broken));
  }
  return [...mistakes].map(([name, broken]) => ({ name, broken }));
}

/** @param unneeded names of cases. Removes those that are the only ones to notice a broken spec. */
async function mutantsOfSpec(
  subject: Subject,
  mutants: readonly CaseMutant[],
  equivalents: readonly Equivalent[],
  unneeded: Set<string>,
  report: Report,
): Promise<void> {
  const { provider, cases } = subject;
  const unused = new Set(equivalents.map(({ mutant }) => mutant));
  const probes: Probe[] = [
    ...cases.map((one) => ({
      name: one.name,
      document: documentOf(subject, one),
      fails: (contract: Contract) => complaints(judge(contract, one), one.conforms).length > 0,
    })),
    ...mutants.map(({ mutant }) => ({
      name: mutant.name,
      document: documentOf(subject, mutant),
      fails: (contract: Contract) => accepts(contract, mutant),
    })),
  ];
  for (const { name, broken } of mistakesOf(subject)) {
    const killers = await killersOf(broken, probes, unneeded);
    if (equivalents.some(({ mutant }) => mutant === name)) {
      unused.delete(name);
      report.specMutants.equivalent += 1;
      if (killers.size > 0)
        report.survivors.push(
          `spec mutant: ${provider} ${name} is listed as equivalent, and ${[...killers][0] ?? ""} kills it`,
        );
      continue;
    }
    report.specMutants.total += 1;
    if (killers.size === 0) report.survivors.push(`spec mutant: ${provider} ${name}`);
    else report.specMutants.killed += 1;
    if (killers.size === 1) for (const killer of killers) unneeded.delete(killer);
  }
  for (const name of unused)
    report.survivors.push(
      `spec mutant: ${provider} ${name} is listed as equivalent, and there is no such mutant`,
    );
}

/** A check that holds for the spec, and may fail for a broken one. */
interface Probe {
  readonly name: string;
  /** The document that it holds for. */
  readonly document: OpenApiDocument;
  readonly fails: (contract: Contract) => boolean;
}

/**
 * Names of cases that notice a broken spec, themselves or by one of their mutants. The search ends
 * after two of them, or after one that is needed anyway.
 */
async function killersOf(
  broken: Mistake["broken"],
  probes: Probe[],
  unneeded: ReadonlySet<string>,
): Promise<Set<string>> {
  const contracts = new Map<OpenApiDocument, Contract>();
  for (const [document, changed] of broken) contracts.set(document, await createContract(changed));
  const killers = new Set<string>();
  const fails = (probe: Probe): boolean => {
    try {
      const contract = contracts.get(probe.document);
      return contract !== undefined && probe.fails(contract);
    } catch {
      return true; // Ajv cannot compile the broken spec.
    }
  };
  for (const probe of probes) {
    if (killers.has(probe.name) || !fails(probe)) continue;
    killers.add(probe.name);
    // The next broken spec is similar, so the same probe is likely to notice it.
    probes.splice(probes.indexOf(probe), 1);
    probes.unshift(probe);
    if (killers.size > 1 || !unneeded.has(probe.name)) break;
  }
  return killers;
}

/** Names of the cases that neither a cell nor an erratum needs. */
function extraCases({ cases }: Subject): Set<string> {
  const alone = (one: NamedCase): boolean =>
    one.conforms === undefined &&
    cases.filter((other) => other.conforms === undefined && cellName(other) === cellName(one))
      .length === 1;
  return new Set(
    cases.filter((one) => !alone(one) && one.errata.length === 0).map(({ name }) => name),
  );
}
