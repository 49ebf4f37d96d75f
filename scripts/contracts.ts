/**
 * Proves the specs: prints the parity table and the three scores (CONTRIBUTING.md explains them).
 * The exit code is 1 below 100 %, or if a cell has no case.
 *
 *   npm run contracts [-- --json] [--root DIR] [--implementations FILE]
 *
 * DIR holds openapi/ and tests/cases/. FILE is a module that exports `implementations`, in the form
 * of scripts/contracts/implementations.ts.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readOptions, refuse } from "./cli.ts";
import { cellName } from "./contracts/cells.ts";
import type { Implementations } from "./contracts/implementations.ts";
import { score } from "./contracts/score.ts";

const OPTIONS = {
  json: { type: "boolean" },
  root: { type: "string" },
  implementations: { type: "string" },
} as const;
const values = readOptions("contracts", OPTIONS);
const file = values.implementations;
if (file !== undefined && !existsSync(file))
  refuse("contracts", OPTIONS, `--implementations: there is no file ${file}.`);
const { implementations } = (await import(
  file === undefined ? "./contracts/implementations.ts" : pathToFileURL(resolve(file)).href
)) as { implementations?: Implementations };
if (implementations === undefined)
  refuse("contracts", OPTIONS, `--implementations: ${file} does not export \`implementations\`.`);
const { report, rows } = await score(values.root, implementations).catch((error: unknown) => {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exit(2);
});
const { errata, documents, caseMutants, sandbox, specMutants, survivors, uncovered } = report;
const { tightening, loosening } = specMutants;

if (values.json) console.log(JSON.stringify(report, null, 2));
else {
  const width = Math.max(...rows.map(({ cell }) => cellName(cell).length));
  console.log(
    `${"".padEnd(9)} ${"operation, status, media type, grant or form".padEnd(width)}  cases  spec    client  sandbox`,
  );
  for (const { provider, cell, cases, results } of rows) {
    console.log(
      `${provider.padEnd(9)} ${cellName(cell).padEnd(width)}  ${String(cases).padStart(5)}  ${results.spec.padEnd(6)}  ${results.client.padEnd(6)}  ${results.sandbox}`,
    );
  }
  const percent = (part: number, whole: number): string =>
    `${whole === 0 ? 0 : Math.floor((part / whole) * 1000) / 10} %`;
  console.log(`
${report.cells} cells, ${uncovered.length} problems
errata        ${errata.killed} of ${errata.total} killed (${percent(errata.killed, errata.total)}), ${errata.fromSeeds} of them from the four first documents; ${errata.prose} are prose
documents     ${documents.total}: ${documents.vendor} of the vendors, ${documents.thirdParty} of third parties; ${documents.withAddress} with an address
sandbox       ${sandbox.own} of ${report.cells} cells answered by itself (${percent(sandbox.own, report.cells)}), ${sandbox.canned} canned
case mutants  ${caseMutants.killed} of ${caseMutants.total} killed (${percent(caseMutants.killed, caseMutants.total)})
spec mutants  ${tightening.byCase} of ${tightening.total} that tighten are noticed by a case (${percent(tightening.byCase, tightening.total)})
              ${loosening.killed} of ${loosening.total} that loosen are noticed by a broken case (${percent(loosening.killed, loosening.total)})
              besides: ${specMutants.equivalent} equivalent, ${specMutants.notCompiled} that do not compile`);
  for (const name of uncovered) console.log(`UNCOVERED ${name}`);
  for (const name of survivors) console.log(`SURVIVED  ${name}`);
}
process.exitCode = uncovered.length + survivors.length === 0 ? 0 : 1;
