/**
 * Believes a vendor's documents: applies the overlay of an erratum to the curated spec, and looks
 * whether the evidence then shows the violation that the erratum names.
 */
import { complaints, createContract, judge, type Contract } from "../../src/testing/index.ts";
import type { Erratum, NamedViolation } from "../errata/ledger.ts";
import { documentOf, type NamedCase, type Subject } from "./load.ts";
import { applyOverlay } from "./overlay.ts";

/**
 * What is wrong with the proof of an erratum of kind wire, with file and line. Empty: the proof
 * holds.
 */
export async function proofFaults(erratum: Erratum, subject: Subject): Promise<string[]> {
  const index = subject.ledger.errata.indexOf(erratum);
  const place = subject.placeOf(["errata", index, "documented"]);
  const faults = await faultsOf(erratum, subject);
  return faults.map((fault) => `${place}: erratum ${erratum.id}: ${fault}`);
}

async function faultsOf(
  { documented = [], evidence = [], violations = [] }: Erratum,
  subject: Subject,
): Promise<string[]> {
  const named = violations.map(nameOf);
  const shown = new Set<string>();
  const faults: string[] = [];
  for (const one of subject.cases.filter(({ name }) => evidence.includes(name))) {
    const document = documentOf(subject, one);
    let believed: Contract;
    try {
      believed = await createContract(applyOverlay(document, documented));
    } catch (error) {
      return [error instanceof Error ? error.message : "its overlay cannot be applied"];
    }
    if (complaints(judge(believed, one), one.conforms).length === 0) {
      faults.push(`if the documents are believed, its case ${one.name} does not fail`);
      continue;
    }
    const found = changes(one, await createContract(document), believed);
    for (const name of found) shown.add(name);
    if (!found.some((name) => named.includes(name)))
      faults.push(
        `its case ${one.name} fails by ${found.join(", ")}, and by none of ${named.join(", ")}`,
      );
  }
  const missing = named.filter((name) => !shown.has(name));
  return [...faults, ...missing.map((name) => `none of its cases fails by ${name}`)];
}

/**
 * What believing the documents changes: for a case that keeps to the curated spec, the violations
 * that are new; for a case that the curated spec has to refuse, those that are gone.
 */
function changes(testCase: NamedCase, curated: Contract, believed: Contract): string[] {
  const contracts = testCase.conforms === undefined ? [believed, curated] : [curated, believed];
  const [found = [], before = []] = contracts.map((contract) => violationsOf(contract, testCase));
  return found.filter((name) => !before.includes(name));
}

/** A violation as a text. */
export const nameOf = ({ half, in: place, at, rule }: NamedViolation): string =>
  `${half} ${place} ${at === "" ? '""' : at} ${rule}`;

/** The violations of an exchange, in the words of `nameOf`. */
export function violationsOf(contract: Contract, testCase: NamedCase): string[] {
  const { request, response } = judge(contract, testCase);
  return [
    ...request.map((one) => nameOf({ half: "request", ...one })),
    ...response.map((one) => nameOf({ half: "answer", ...one })),
  ];
}
