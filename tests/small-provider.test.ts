/** A small provider whose documents are right passes: no number of errata or mutants is needed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { load } from "../scripts/contracts/load.ts";
import { score } from "../scripts/contracts/score.ts";
import { createClient } from "../src/index.ts";
import { startServer } from "../src/sandbox/index.ts";
import { createContract, runCase } from "../src/testing/index.ts";
import { contractSuite } from "./support/contract-suite.ts";
import {
  createNotes,
  document,
  implementations,
  meta,
  notes,
  writeSmallProvider,
} from "./support/small-provider.ts";

const folder = mkdtempSync(join(tmpdir(), "corrigenda-small-"));
writeSmallProvider(folder);
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
};

describe("the suite of contracts", () =>
  contractSuite(load(folder)[0]!, implementations["notes"]!));

test("npm run generate makes its files", () => {
  const folders = ["--specs", join(folder, "openapi"), "--out", join(folder, "generated")];
  expect(run("scripts/generate.ts", ...folders)).toMatchObject({ status: 0, stderr: "" });
  const made = readFileSync(join(folder, "generated", "notes.meta.ts"), "utf8");
  expect(JSON.parse(made.slice(made.indexOf("= {") + 2, made.lastIndexOf(";")))).toEqual(meta);
});

test("npm run contracts proves it, with a client and a vendor from outside", async () => {
  const { report, rows } = await score(folder, implementations);
  expect(report).toMatchObject({ cells: 5, uncovered: [], survivors: [], errata: { total: 0 } });
  // The case of the refused token has no `sandbox`: its own body is sent back.
  expect(report.sandbox).toEqual({ own: 4, canned: 1 });
  expect(rows.map(({ cell, results }) => [cell.answer, results.sandbox])).toEqual([
    ["200", "ok"],
    ["401", "ok"],
    ["200", "ok"],
    ["401", "canned"],
    ["404", "ok"],
  ]);
  expect(report.caseMutants.killed).toBe(report.caseMutants.total);
  const { total, tightening, loosening, notCompiled, equivalent } = report.specMutants;
  expect(tightening.total).toBeGreaterThan(0);
  expect(tightening.byCase).toBe(tightening.total);
  expect(loosening.total).toBeGreaterThan(0);
  expect(loosening.killed).toBe(loosening.total);
  expect({ total, notCompiled, equivalent }).toEqual({
    total: tightening.total + loosening.total,
    notCompiled: 0,
    equivalent: 0,
  });
  const file = join(folder, "implementations.mts");
  const from = JSON.stringify(resolve("tests/support/small-provider.ts"));
  writeFileSync(file, `export { implementations } from ${from};\n`);
  const { status, stdout } = run(
    "scripts/contracts.ts",
    "--root",
    folder,
    "--implementations",
    file,
  );
  expect({ status, stdout }).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/getNote 401 .* canned$[^]*5 cells, 0/m),
  });
});

test("a provider without a client and a vendor is named", async () => {
  const { report } = await score(folder, {});
  expect(report.uncovered).toEqual(["notes: there is no client and no vendor for it"]);
});

test("the sandbox serves it alone, and its safe cases pass there", async () => {
  const { vendors, url, now, close } = await startServer({ notes: createNotes });
  try {
    const client = createClient(notes, { ...vendors.notes.options, now });
    expect((await client.auth.getToken()).accessToken).toMatch(/^notes-/);
    const contract = await createContract(document);
    const safe = load(folder)[0]!.cases.filter((one) => one.safe);
    const { baseUrl, ...account } = vendors.notes.options;
    for (const one of safe)
      expect(await runCase(contract, one, { provider: notes, baseUrl, account })).toEqual([]);
    expect(vendors.notes.count("getNote")).toBe(1);
    expect((await fetch(`${url}/genlogs/auth/token`)).status).toBe(404);
  } finally {
    await close();
  }
});
