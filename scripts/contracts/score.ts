/** Runs every case, overlay and mutant, and reports what survived. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { createContract, type Contract, type OpenApiDocument } from "../../src/testing/index.ts";
import { disagreements } from "./agreement.ts";
import { proofFaults } from "./believe.ts";
import { caseMutants } from "./case-mutants.ts";
import { distinct, judgeCaseMutants, type CaseScore } from "./case-score.ts";
import { cellName } from "./cells.ts";
import { implementations as ours, type Implementations } from "./implementations.ts";
import { documentOf, load, type NamedCase, type Subject } from "./load.ts";
import { parity, sandboxScoreOf, type Row, type SandboxScore } from "./parity.ts";
import { mistakesOf } from "./spec-mutants.ts";
import { judgeSpecMutants, scoreOf, type SpecScore, type Verdict } from "./spec-score.ts";

export interface Report {
  cells: number;
  readonly uncovered: string[];
  readonly errata: { total: number; fromSeeds: number; killed: number; prose: number };
  /** What the claims rest on. */
  readonly documents: { total: number; withAddress: number; vendor: number; thirdParty: number };
  sandbox: SandboxScore;
  caseMutants: CaseScore;
  specMutants: SpecScore;
  readonly survivors: string[];
}

interface Equivalent {
  readonly provider: string;
  readonly mutant: string;
  readonly reason: string;
}

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
    sandbox: { own: 0, canned: 0 },
    caseMutants: { total: 0, killed: 0 },
    specMutants: scoreOf([]),
    survivors: [],
  };
  const rows: Row[] = [];
  const verdicts: Verdict[] = [];
  const counts = new Map<string, string>();
  const equivalents = (readList(root, "equivalent-mutants.yaml") ?? []) as Equivalent[];
  for (const subject of load(root)) {
    const contractOf = await contractsOf(subject);
    report.survivors.push(...disagreements(subject));
    const implementation = implementations[subject.provider];
    if (implementation) {
      const found = await parity(subject, implementation, contractOf);
      rows.push(...found.rows);
      report.uncovered.push(...found.problems);
    } else report.uncovered.push(`${subject.provider}: there is no client and no vendor for it`);
    countDocuments(subject, report);
    await overlays(subject, report);
    const unneeded = extraCases(subject);
    const listed = equivalents.filter(({ provider }) => provider === subject.provider);
    const mutants = await mutantsOf(subject, contractOf, listed, unneeded);
    const { total, killed } = report.caseMutants;
    report.caseMutants = {
      total: total + mutants.score.total,
      killed: killed + mutants.score.killed,
    };
    verdicts.push(...mutants.verdicts);
    report.survivors.push(...mutants.faults);
    // The loss of a case that nothing needs would go unnoticed.
    for (const name of unneeded)
      report.uncovered.push(
        `${subject.provider} ${name}: no cell, erratum or mutant needs this case`,
      );
    counts.set(
      subject.provider,
      `${mutants.score.total} of cases, ${mutants.verdicts.length} of the spec`,
    );
  }
  report.survivors.push(...changedCounts(root, counts));
  report.cells = rows.length;
  report.sandbox = sandboxScoreOf(rows);
  report.specMutants = scoreOf(verdicts);
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

/** @param unneeded names of cases. Those that alone notice a mutant of the spec are removed. */
async function mutantsOf(
  subject: Subject,
  contractOf: ContractOf,
  equivalents: readonly Equivalent[],
  unneeded: Set<string>,
): Promise<{
  readonly score: CaseScore;
  readonly verdicts: readonly Verdict[];
  readonly faults: readonly string[];
}> {
  const { provider, cases } = subject;
  const judgedBy = (one: NamedCase): OpenApiDocument => documentOf(subject, one);
  const mutants = cases
    .filter(({ conforms }) => conforms === undefined)
    .flatMap((one) => caseMutants(judgedBy(one), one));
  const ofCases = judgeCaseMutants(contractOf, distinct(mutants, judgedBy));
  const ofSpec = await judgeSpecMutants(
    mistakesOf(subject),
    {
      documentOf: judgedBy,
      cases,
      // All of them: a case whose mutants are those of another case is not needed for them.
      caseMutants: mutants.map(({ mutant }) => mutant),
      unneeded,
    },
    equivalents.map(({ mutant }) => mutant),
  );
  return {
    score: ofCases.score,
    verdicts: ofSpec.verdicts,
    faults: [
      ...ofCases.faults.map((fault) => `case mutant: ${provider} ${fault}`),
      ...ofSpec.faults.map((fault) => `spec mutant: ${provider} ${fault}`),
    ],
  };
}

function countDocuments({ ledger }: Subject, { documents }: Report): void {
  for (const { by, address } of Object.values(ledger.documents)) {
    documents.total += 1;
    if (address !== undefined) documents.withAddress += 1;
    documents[by === "vendor" ? "vendor" : "thirdParty"] += 1;
  }
}

async function overlays(subject: Subject, report: Report): Promise<void> {
  for (const erratum of subject.ledger.errata) {
    if (erratum.kind === "prose") {
      report.errata.prose += 1;
      continue;
    }
    report.errata.total += 1;
    if (erratum.origin === "seed") report.errata.fromSeeds += 1;
    const faults = await proofFaults(erratum, subject);
    if (faults.length === 0) report.errata.killed += 1;
    report.survivors.push(...faults);
  }
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
