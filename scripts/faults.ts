/**
 * The fault matrix: every fault with every provider and grant, over real sockets. Each cell has to
 * end in a token or the documented error, in time, and without a secret anywhere.
 *
 *   npm run faults [-- --json]
 */
import { readOptions } from "./cli.ts";
import { FAULTS } from "./faults/faults.ts";
import { GRANTS } from "./faults/grants.ts";
import { isGreedy, isLate, isWrong, runMatrix } from "./faults/run.ts";

const values = readOptions("faults", { json: { type: "boolean" } });
const began = performance.now();
const { cells, unhandled, grown } = await runMatrix();
const untyped = cells.filter(isWrong);
const late = cells.filter(isLate);
const leaks = cells.filter((cell) => cell.leaks.length > 0);
const greedy = cells.filter(isGreedy);
const report = {
  faults: FAULTS.length,
  cells: cells.length,
  untyped: untyped.length,
  late: late.length,
  leaks: leaks.length,
  unhandled: unhandled.length,
};

if (values.json) console.log(JSON.stringify(report));
else {
  const width = Math.max(...FAULTS.map(({ name }) => name.length));
  console.log(["".padEnd(width), ...GRANTS.map(({ name }) => name.padEnd(16)), "leaks"].join("  "));
  for (const { name } of FAULTS) {
    const row = GRANTS.map((grant) =>
      cells.find((cell) => cell.fault === name && cell.grant === grant.name),
    );
    const leaked = row.reduce((sum, cell) => sum + (cell?.leaks.length ?? 0), 0);
    console.log(
      [
        name.padEnd(width),
        ...row.map((cell) =>
          (cell
            ? `${cell.result}${isWrong(cell) ? " !" : ""}${isLate(cell) ? " late" : ""}`
            : "none"
          ).padEnd(16),
        ),
        leaked,
      ].join("  "),
    );
  }
  for (const { fault, grant, result, expected } of untyped)
    console.log(`WRONG   ${grant}, ${fault}: ${result}, expected ${expected.join(" or ")}`);
  for (const { fault, grant, ms } of late)
    console.log(`LATE    ${grant}, ${fault}: ${Math.round(ms)} ms`);
  for (const { fault, grant, leaks: names } of leaks)
    console.log(`LEAK    ${grant}, ${fault}: ${names.join(", ")}`);
  for (const { fault, grant, sent } of greedy)
    console.log(`GREEDY  ${grant}, ${fault}: took ${sent} bytes`);
  for (const reason of unhandled)
    console.log(`UNHANDLED ${reason instanceof Error ? reason.name : typeof reason}`);
  console.log(
    `${report.faults} faults, ${report.cells} cells: ${report.untyped} not as documented, ${report.late} late, ${report.leaks} leaks, ${report.unhandled} unhandled rejections; ` +
      `the heap grew by ${Math.round(grown / 1e6)} MB; ${((performance.now() - began) / 1000).toFixed(1)} s.`,
  );
}
process.exitCode =
  untyped.length + late.length + leaks.length + greedy.length + unhandled.length === 0 ? 0 : 1;
