/**
 * Every contract case on three executors, and the checks that keep the proof complete. `npm run
 * contracts` prints the whole score.
 */
import { spawnSync } from "node:child_process";
import { disagreements } from "../scripts/contracts/agreement.ts";
import { caseMutants } from "../scripts/contracts/case-mutants.ts";
import { cellName, cellsOf } from "../scripts/contracts/cells.ts";
import { implementations } from "../scripts/contracts/implementations.ts";
import { onClient, onSandbox, onSpec } from "../scripts/contracts/executors.ts";
import { load } from "../scripts/contracts/load.ts";
import { applyOverlay } from "../scripts/contracts/overlay.ts";
import { specMutants } from "../scripts/contracts/spec-mutants.ts";
import { apinizer } from "../src/index.ts";
import { startSandbox } from "../src/sandbox/index.ts";
import { complaints, createContract, judge, runCase, type Contract } from "../src/testing/index.ts";

describe.each(load())("$provider", (subject) => {
  const { provider, document, ledger, cases } = subject;
  const implementation = implementations[provider]!;
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

  const wire = ledger.errata.filter(({ kind }) => kind === "wire");
  test.each(wire)(
    "$id $title: if the documents are believed, its cases fail",
    async ({ documented = [], evidence = [] }) => {
      const believed = await createContract(applyOverlay(document, documented));
      const failing = cases
        .filter(({ name }) => evidence.includes(name))
        .filter((one) => complaints(judge(believed, one), one.conforms).length > 0);
      expect(failing).not.toEqual([]);
    },
  );

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
});

test("an overlay that matches nothing is an error", () => {
  expect(() => applyOverlay({ a: {} }, [{ target: "$.b", remove: true }])).toThrow(
    "matches nothing",
  );
  expect(() => applyOverlay({ a: {} }, [{ target: "$.a", copy: "$.b" }])).toThrow(
    "matches nothing",
  );
});

test("overlay actions: objects merge, lists are appended to, the rest is replaced; removal and copy", () => {
  const document = {
    a: { list: [1], text: "x", deep: { kept: 1 } },
    b: [{ id: 1 }, { id: 2 }, { id: 3 }],
  };
  expect(
    applyOverlay(document, [
      { target: "$.a", update: { list: [2], text: "y", deep: { added: 2 } } },
    ]),
  ).toMatchObject({ a: { list: [1, 2], text: "y", deep: { kept: 1, added: 2 } } });
  expect(applyOverlay(document, [{ target: "$.b[0,1]", remove: true }])).toMatchObject({
    b: [{ id: 3 }],
  });
  expect(applyOverlay(document, [{ target: "$.b[0]", copy: "$.a" }])).toMatchObject({
    b: [{ id: 1, text: "x" }, { id: 2 }, { id: 3 }],
  });
  expect(document.a.list).toEqual([1]);
});

test("the fourth executor: safe cases against any address, and what comes back against the spec", async () => {
  const sandbox = await startSandbox();
  try {
    const { document, cases } = load().find(({ provider }) => provider === "apinizer")!;
    const contract = await createContract(document);
    const { managerUrl, ...account } = sandbox.apinizer.options;
    const safe = cases.filter((one) => one.safe);
    expect(safe.length).toBeGreaterThan(2);
    const run = (one: (typeof safe)[number]) =>
      runCase(contract, one, {
        provider: apinizer,
        baseUrl: `${managerUrl}/apiops`,
        account,
      });
    for (const one of safe) expect(await run(one)).toEqual([]);
    sandbox.apinizer.fail({
      operation: "listProjects",
      status: 200,
      headers: { "content-type": "application/json" },
      body: `{"resultList":[{"nme":"canary"}]}`,
    });
    const problems = await run(safe.find(({ operationId }) => operationId === "listProjects")!);
    expect(problems).toEqual([
      "the answer 200 to listProjects breaks the spec at /resultList/0/name: must have required property 'name'",
    ]);
  } finally {
    await sandbox.close();
  }
});

test("the pages of the ledger are up to date", () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--import", "tsx", "scripts/errata.ts", "--check"],
    { encoding: "utf8" },
  );
  expect({ status, stdout }).toMatchObject({ status: 0 });
});
