/** Checks that the ledger, the spec and the cases name the same errata. */
import { ledgerFaults } from "../errata/validate.ts";
import { escape, nodeAt } from "./schema.ts";
import type { Subject } from "./load.ts";

/** The differences between the three. Each text names the erratum. */
export function disagreements({ provider, document, ledger, cases }: Subject): string[] {
  const out: string[] = [];
  out.push(...ledgerFaults(ledger).map((fault) => `ledger of ${provider}: ${fault}`));
  const ids = ledger.errata.map(({ id }) => id);
  for (const id of ids.filter((one, index) => ids.indexOf(one) !== index))
    out.push(`erratum ${id} is in the ledger twice`);
  const inSpec = erratumNodes(document);
  for (const { id, pointers, claims, evidence = [] } of ledger.errata) {
    for (const pointer of pointers) {
      if (nodeAt(document, pointer) === undefined)
        out.push(`erratum ${id}: the spec has no ${pointer}`);
      else if (!inSpec.some((node) => node.id === id && node.pointer === pointer))
        out.push(`erratum ${id}: the spec's ${pointer} does not carry it in x-errata`);
    }
    for (const { document: key } of claims)
      if (ledger.documents[key] === undefined)
        out.push(`erratum ${id}: the ledger has no document ${key}`);
    for (const name of evidence) {
      const found = cases.find((one) => one.name === name);
      if (!found) out.push(`erratum ${id}: its evidence, the case ${name}, does not exist`);
      else if (!found.errata.includes(id))
        out.push(`erratum ${id}: its evidence, the case ${name}, does not name it`);
    }
  }
  for (const { id, pointer } of inSpec) {
    const erratum = ledger.errata.find((one) => one.id === id);
    if (!erratum)
      out.push(
        `erratum ${id}: the spec carries it at ${pointer}, and the ledger has no such entry`,
      );
    else if (!erratum.pointers.includes(pointer))
      out.push(
        `erratum ${id}: the spec carries it at ${pointer}, and the ledger does not point there`,
      );
  }
  for (const { name, errata } of cases) {
    for (const id of errata) {
      if (!ledger.errata.some((one) => one.id === id && one.evidence?.includes(name)))
        out.push(`erratum ${id}: the case ${name} names it, and the ledger does not name the case`);
    }
  }
  return out;
}

function erratumNodes(node: unknown, pointer = ""): { id: string; pointer: string }[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, child]) =>
    name === "x-errata"
      ? (child as string[]).map((id) => ({ id, pointer }))
      : erratumNodes(child, `${pointer}/${escape(name)}`),
  );
}
