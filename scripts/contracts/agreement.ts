/** Checks that the ledger, the spec and the cases name the same errata. */
import { isDeepStrictEqual } from "node:util";
import type { Erratum } from "../errata/ledger.ts";
import { escape, nodeAt } from "./schema.ts";
import type { OpenApiDocument } from "../../src/testing/index.ts";
import type { Subject } from "./load.ts";

/** The differences between the three. Each text names the erratum, and its file and line. */
export function disagreements(subject: Subject): string[] {
  const { document, forms, ledger, cases, ledgerFaults, placeOf } = subject;
  if (ledgerFaults.length > 0) return [...ledgerFaults];
  const documents = [document, ...forms.map((form) => form.document)];
  const carried = new Map(documents.map((one) => [one, erratumNodes(one)]));
  const inSpec = unique([...carried.values()].flat());
  const ids = ledger.errata.map(({ id }) => id);
  const out: string[] = [];
  for (const [
    index,
    { id, form, pointers, claims, evidence = [], documented, vendorOverlay },
  ] of ledger.errata.entries()) {
    const say = (part: string, what: string): void =>
      void out.push(`${placeOf(["errata", index, part])}: erratum ${id}: ${what}`);
    if (ids.indexOf(id) !== index) say("id", "it is in the ledger twice");
    const earlier = ledger.errata.slice(0, index).find((one) => isSame(one.documented, documented));
    if (earlier) say("documented", `its overlay is that of ${earlier.id}, which counts already`);
    for (const pointer of pointers) {
      const having = documents.filter((one) => nodeAt(one, pointer) !== undefined);
      const carries = (one: OpenApiDocument): boolean =>
        carried.get(one)?.some((node) => node.id === id && node.pointer === pointer) === true;
      const own = form === undefined ? document : forms.find(({ name }) => name === form)?.document;
      if (own === undefined || nodeAt(own, pointer) === undefined)
        say("pointers", `the spec${form === undefined ? "" : `'s form ${form}`} has no ${pointer}`);
      else if (!having.every(carries))
        say("pointers", `the spec's ${pointer} does not carry it in x-errata`);
    }
    const cited = [...claims.map((claim) => claim.document), vendorOverlay?.document ?? []].flat();
    for (const key of cited)
      if (ledger.documents[key] === undefined) say("claims", `the ledger has no document ${key}`);
    for (const name of evidence) {
      const found = cases.find((one) => one.name === name);
      if (!found) say("evidence", `its evidence, the case ${name}, does not exist`);
      else if (!found.errata.includes(id))
        say("evidence", `its evidence, the case ${name}, does not name it`);
    }
  }
  return [
    ...out,
    ...unknownInSpec(subject, inSpec),
    ...unknownInCases(subject),
    ...uncited(subject),
  ];
}

const isSame = (one: Erratum["documented"], other: Erratum["documented"]): boolean =>
  one !== undefined && isDeepStrictEqual(one, other);

function unknownInSpec({ provider, ledger }: Subject, inSpec: readonly ErratumNode[]): string[] {
  return inSpec.flatMap(({ id, pointer }) => {
    const erratum = ledger.errata.find((one) => one.id === id);
    const where = `openapi/${provider}.yaml: erratum ${id}: the spec carries it at ${pointer}`;
    if (ledger.errata.length === 0)
      return [`${where}, and there is no ledger openapi/errata/${provider}.yaml`];
    if (!erratum) return [`${where}, and the ledger has no such entry`];
    return erratum.pointers.includes(pointer)
      ? []
      : [`${where}, and the ledger does not point there`];
  });
}

const unknownInCases = ({ provider, ledger, cases }: Subject): string[] =>
  cases.flatMap(({ name, errata }) =>
    errata
      .filter((id) => !ledger.errata.some((one) => one.id === id && one.evidence?.includes(name)))
      .map(
        (id) =>
          `tests/cases/${provider}/${name}.json: erratum ${id}: the case ${name} names it, and the ledger does not name the case`,
      ),
  );

/** A document that no claim cites proves nothing. */
function uncited({ ledger, placeOf }: Subject): string[] {
  const cited = new Set(
    ledger.errata.flatMap(({ claims, vendorOverlay }) => [
      ...claims.map(({ document }) => document),
      vendorOverlay?.document,
    ]),
  );
  return Object.keys(ledger.documents)
    .filter((key) => !cited.has(key))
    .map((key) => `${placeOf(["documents", key])}: no claim cites the document ${key}`);
}

interface ErratumNode {
  readonly id: string;
  readonly pointer: string;
}

/** The forms of a spec have most of their nodes in common with it. */
const unique = (nodes: readonly ErratumNode[]): ErratumNode[] => [
  ...new Map(nodes.map((node) => [`${node.id} ${node.pointer}`, node])).values(),
];

function erratumNodes(node: unknown, pointer = ""): ErratumNode[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, child]) =>
    name === "x-errata"
      ? (child as string[]).map((id) => ({ id, pointer }))
      : erratumNodes(child, `${pointer}/${escape(name)}`),
  );
}
