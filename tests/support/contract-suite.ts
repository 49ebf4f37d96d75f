/** What `npm run contracts` proves about a provider, as tests that can be run one by one. */
import { disagreements } from "../../scripts/contracts/agreement.ts";
import { proofFaults } from "../../scripts/contracts/believe.ts";
import { caseMutants } from "../../scripts/contracts/case-mutants.ts";
import { cellName, cellsOf } from "../../scripts/contracts/cells.ts";
import { onClient, onSandbox, onSpec } from "../../scripts/contracts/executors.ts";
import type { Implementation } from "../../scripts/contracts/implementations.ts";
import { documentOf, type NamedCase, type Subject } from "../../scripts/contracts/load.ts";
import { specMutants } from "../../scripts/contracts/spec-mutants.ts";
import { createContract, type Contract, type OpenApiDocument } from "../../src/testing/index.ts";

export function contractSuite(subject: Subject, implementation: Implementation): void {
  const { document, forms, ledger, cases } = subject;
  const contracts = new Map<unknown, Contract>();
  const contractOf = (one: NamedCase): Contract => contracts.get(documentOf(subject, one))!;
  beforeAll(async () => {
    for (const one of [document, ...forms.map((form) => form.document)])
      contracts.set(one, await createContract(one));
  });

  test.each(cases)("$name keeps to the spec, or breaks it where it says so", (one) =>
    expect(onSpec(contractOf(one), one)).toEqual([]),
  );
  test.each(cases.filter(({ conforms }) => conforms !== "request"))(
    "$name leaves the client as it stands, and comes out as it stands",
    async (one) => expect(await onClient(implementation, contractOf(one), one, cases)).toEqual([]),
  );
  test.each(cases)("$name over a socket", async (one) =>
    expect(await onSandbox(implementation, contractOf(one), one)).toEqual([]),
  );

  test("every cell has a case", () => {
    const covered = new Set(cases.filter(({ conforms }) => conforms === undefined).map(cellName));
    expect(
      cellsOf(document, forms)
        .map(cellName)
        .filter((name) => !covered.has(name)),
    ).toEqual([]);
  });

  test("ledger, spec and cases agree", () => expect(disagreements(subject)).toEqual([]));

  test("the loss of any one x-errata is noticed, by its id", () => {
    const pathsIn = (node: unknown, path: (string | number)[] = []): (string | number)[][] =>
      typeof node !== "object" || node === null
        ? []
        : Object.entries(node).flatMap(([name, child]) =>
            name === "x-errata" ? [path] : pathsIn(child, [...path, name]),
          );
    const without = (
      whole: OpenApiDocument,
      path: (string | number)[],
    ): [OpenApiDocument, string] => {
      const copy = structuredClone(whole) as Record<string, unknown>;
      const node = path.reduce<unknown>(
        (at, part) => (at as Record<string, unknown>)[part],
        copy,
      ) as { "x-errata"?: string[] };
      const [id = ""] = node["x-errata"] ?? [];
      delete node["x-errata"];
      return [copy, id];
    };
    for (const path of pathsIn(document)) {
      const [copy, id] = without(document, path);
      expect(disagreements({ ...subject, document: copy }).join()).toContain(`erratum ${id}`);
    }
    for (const form of forms) {
      for (const path of pathsIn(form.document)) {
        const [copy, id] = without(form.document, path);
        expect(
          disagreements({ ...subject, forms: [{ ...form, document: copy }] }).join(),
        ).toContain(`erratum ${id}`);
      }
    }
  });

  test("the loss of a case that is evidence is noticed, by the erratum's id", () => {
    for (const one of cases.filter(({ errata }) => errata.length > 0)) {
      const rest = { ...subject, cases: cases.filter((other) => other !== one) };
      expect(disagreements(rest).join()).toContain(`erratum ${one.errata[0] ?? ""}`);
    }
  });

  for (const erratum of ledger.errata.filter(({ kind }) => kind === "wire"))
    test(`${erratum.id} ${erratum.title}: if the documents are believed, its cases fail as it says`, async () =>
      expect(await proofFaults(erratum, subject)).toEqual([]));

  test("there are mutants of every case and of the spec, and each changes something", () => {
    const mutants = cases
      .filter(({ conforms }) => conforms === undefined)
      .flatMap((one) =>
        caseMutants(documentOf(subject, one), one).map(({ name, mutant }) => ({
          name,
          changed: JSON.stringify(mutant) !== JSON.stringify(one),
        })),
      );
    expect(mutants.filter(({ changed }) => !changed)).toEqual([]);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    for (const one of [document, ...forms.map((form) => form.document)]) {
      const specs = [...specMutants(one)].map((mutant) => JSON.stringify(mutant.document));
      expect(specs).not.toContain(JSON.stringify(one));
      expect(new Set(specs).size).toBe(specs.length);
    }
  });
}
