/** Which mutants of cases the spec refuses. */
import type { Contract, OpenApiDocument } from "../../src/testing/index.ts";
import { nameOf, violationsOf } from "./believe.ts";
import type { CaseMutant } from "./case-mutants.ts";
import type { NamedCase } from "./load.ts";

export interface CaseScore {
  readonly total: number;
  readonly killed: number;
}

/**
 * Judges mutants of cases by the spec.
 * @param contractOf the contract that a case is judged by
 * @returns the score, and what is wrong: mutants that the spec takes, or refuses only for another
 *   reason than the one that they were made for
 */
export function judgeCaseMutants(
  contractOf: (testCase: NamedCase) => Contract,
  mutants: readonly CaseMutant[],
): { readonly score: CaseScore; readonly faults: readonly string[] } {
  const faults = mutants.flatMap(({ name, mutant, breaks }) => {
    const found = violationsOf(contractOf(mutant), mutant);
    const wanted = nameOf(breaks);
    if (found.includes(wanted)) return [];
    return found.length === 0
      ? [`${name} survives: the spec takes it`]
      : [`${name} fails by ${found.join(", ")}, and not by ${wanted}`];
  });
  return { score: { total: mutants.length, killed: mutants.length - faults.length }, faults };
}

/**
 * The mutants less those that break the same half of an exchange in the same way. Cases with the
 * same request have the same broken requests.
 * @param documentOf the document that a case is judged by
 */
export function distinct(
  mutants: readonly CaseMutant[],
  documentOf: (testCase: NamedCase) => OpenApiDocument,
): CaseMutant[] {
  const byDocument = new Map<OpenApiDocument, Map<string, CaseMutant>>();
  for (const one of mutants) {
    const { operationId, answer, mediaType, request, response } = one.mutant;
    const half =
      one.breaks.half === "request"
        ? [operationId, request]
        : [operationId, answer, mediaType, response];
    const document = documentOf(one.mutant);
    const byHalf = byDocument.get(document) ?? new Map<string, CaseMutant>();
    byDocument.set(document, byHalf);
    const text = JSON.stringify(half);
    if (!byHalf.has(text)) byHalf.set(text, one);
  }
  return [...byDocument.values()].flatMap((byHalf) => [...byHalf.values()]);
}
