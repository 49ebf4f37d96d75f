/**
 * Renders the ledgers as docs/errata.md. `npm run docs` renders them as pages of the site.
 *
 *   npm run errata [-- --check]
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { readOptions } from "./cli.ts";
import { markdown } from "./errata/render.ts";
import { readLedger } from "./errata/ledger.ts";

const values = readOptions("errata", { check: { type: "boolean" } });
if (!existsSync("openapi/errata")) {
  console.error("There is no folder openapi/errata/, which holds the ledgers.");
  process.exit(1);
}
const files = readdirSync("openapi/errata")
  .filter((name) => name.endsWith(".yaml"))
  .sort()
  .map((name) => join("openapi/errata", name));
const read = files.map((file) => ({ file, ...readLedger(readFileSync(file, "utf8")) }));
const faults = read.flatMap(({ file, faults }) => faults.map((fault) => `${file}:${fault}`));
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
const ledgers = read.flatMap(({ ledger }) => ledger ?? []);
const page = "docs/errata.md";
const style = await resolveConfig(page);
const text = await format(markdown(ledgers), { ...style, parser: "markdown" });
const stale = !existsSync(page) || readFileSync(page, "utf8") !== text;
if (stale && !values.check) writeFileSync(page, text);
if (stale) console.log(`${values.check ? "stale" : "wrote"} ${page}`);
console.log(
  `${ledgers.reduce((sum, { errata }) => sum + errata.length, 0)} errata of ${ledgers.length} vendors.`,
);
process.exitCode = values.check && stale ? 1 : 0;
