/**
 * Gives the specs to tools that others wrote, lets each tool build the requests that the examples
 * of the spec make, and checks every request that arrives: on loopback only. Outside the main
 * install; the first run installs the tools in scripts/interop/.
 *
 *   npm run interop [-- --tool NAME] [--json]
 *
 * The exit code is 1 after a wrong request, or if a tool sends none for an operation.
 */
import { readOptions, refuse } from "./cli.ts";
import { install, versionOf } from "./interop/install.ts";
import { reportMatrix, rowsOf } from "./interop/report.ts";
import { TOOLS } from "./interop/tools.ts";

const OPTIONS = { tool: { type: "string" }, json: { type: "boolean" } } as const;
const values = readOptions("interop", OPTIONS);
const tools = TOOLS.filter(
  ({ name }) => values.tool === undefined || name.toLowerCase() === values.tool.toLowerCase(),
);
if (tools.length === 0) {
  const names = TOOLS.map(({ name }) => name).join(", ");
  refuse("interop", OPTIONS, `--tool takes one of: ${names}.`);
}
install(console.error);
const results = [];
for (const tool of tools) {
  console.error(`${tool.name} …`);
  results.push(...(await tool.run()));
}
const rows = rowsOf(results);
const versions = Object.fromEntries(
  tools.flatMap(({ packages }) => packages).map((name) => [name, versionOf(name)]),
);
console.log(
  values.json ? JSON.stringify({ versions, rows }, null, 2) : reportMatrix(rows, versions),
);
process.exitCode = results.every(({ problems }) => problems.length === 0) ? 0 : 1;
