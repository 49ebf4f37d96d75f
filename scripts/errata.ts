/**
 * Renders the ledgers as docs/errata.md and docs/errata.html. A bug report to a vendor can link to
 * an entry there.
 *
 *   npm run errata [-- --check]
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { readOptions } from "./cli.ts";
import { html, markdown } from "./errata/render.ts";
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
const style = await resolveConfig("docs/errata.md");
const pages = [
  ["docs/errata.md", await format(markdown(ledgers), { ...style, parser: "markdown" })],
  ["docs/errata.html", html(ledgers)],
] as const;
const stale = pages.filter(
  ([file, text]) => !existsSync(file) || readFileSync(file, "utf8") !== text,
);
if (!values.check) {
  mkdirSync("docs", { recursive: true });
  for (const [file, text] of stale) writeFileSync(file, text);
}
for (const [file] of stale) console.log(`${values.check ? "stale" : "wrote"} ${file}`);
console.log(
  `${ledgers.reduce((sum, { errata }) => sum + errata.length, 0)} errata of ${ledgers.length} vendors.`,
);
process.exitCode = values.check && stale.length > 0 ? 1 : 0;
