/** What `npm run contracts` proves about a provider, as tests that can be run one by one. */
import { disagreements } from "../../scripts/contracts/agreement.ts";
import { proofFaults } from "../../scripts/contracts/believe.ts";
import { caseMutants } from "../../scripts/contracts/case-mutants.ts";
import { cellName, cellsOf } from "../../scripts/contracts/cells.ts";
import { onClient, onSandbox, onSpec } from "../../scripts/contracts/executors.ts";
import type { Implementation } from "../../scripts/contracts/implementations.ts";
import type { Subject } from "../../scripts/contracts/load.ts";
import { specMutants } from "../../scripts/contracts/spec-mutants.ts";
import { createContract, type Contract } from "../../src/testing/index.ts";

export function contractSuite(subject: Subject, implementation: Implementation): void {
  const { document, ledger, cases } = subject;
  let contract: Contract;
  beforeAll(async () => {
    contract = await createContract(document);
  });

  test.each(cases)("$name keeps to the spec, or breaks it where it says so", (one) =>
    expect(onSpec(contract, one)).toEqual([]),
  );
  test.each(cases.filter(({ conforms }) => conforms !== "request"))(
    "$name leaves the client as it stands, and comes out as it stands",
    async (one) => expect(await onClient(implementation, contract, one, cases)).toEqual([]),
  );
  test.each(cases)("$name over a socket", async (one) =>
    expect(await onSandbox(implementation, contract, one)).toEqual([]),
  );

  test("every cell has a case", () => {
    const covered = new Set(cases.filter(({ conforms }) => conforms === undefined).map(cellName));
    expect(
      cellsOf(document)
        .map(cellName)
        .filter((name) => !covered.has(name)),
    ).toEqual([]);
  });

  test("ledger, spec and cases agree", () => expect(disagreements(subject)).toEqual([]));

  test("the loss of any one x-errata is noticed, by its id", () => {
    const paths: (string | number)[][] = [];
    const walk = (node: unknown, path: (string | number)[]): void => {
      if (typeof node !== "object" || node === null) return;
      for (const [name, child] of Object.entries(node)) {
        if (name === "x-errata") paths.push(path);
        else walk(child, [...path, name]);
      }
    };
    walk(document, []);
    for (const path of paths) {
      const copy = structuredClone(document) as Record<string, unknown>;
      const node = path.reduce<unknown>(
        (at, part) => (at as Record<string, unknown>)[part],
        copy,
      ) as { "x-errata"?: string[] };
      const [id = ""] = node["x-errata"] ?? [];
      delete node["x-errata"];
      expect(disagreements({ ...subject, document: copy }).join()).toContain(`erratum ${id}`);
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
      expect(await proofFaults(erratum, document, cases)).toEqual([]));

  test("there are mutants of every case and of the spec, and each changes something", () => {
    const mutants = cases
      .filter(({ conforms }) => conforms === undefined)
      .flatMap((one) =>
        caseMutants(document, one).map(({ name, mutant }) => ({
          name,
          changed: JSON.stringify(mutant) !== JSON.stringify(one),
        })),
      );
    expect(mutants.filter(({ changed }) => !changed)).toEqual([]);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    const specs = [...specMutants(document)];
    expect(
      specs
        .filter((one) => JSON.stringify(one.document) === JSON.stringify(document))
        .map(({ name }) => name),
    ).toEqual([]);
  });
}
