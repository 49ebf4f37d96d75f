/**
 * Renders the ledgers as docs/errata.md. `npm run docs` renders them as pages of the site.
 *
 *   npm run errata [-- --check]
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
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
const faults = [
  ...read.flatMap(({ file, faults }) => faults.map((fault) => `${file}:${fault}`)),
  ...read.flatMap(({ file, ledger }) => misplaced(file, ledger?.provider)),
  ...specsWithoutLedger(),
];
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

/** A ledger is found by the name of its provider, which is also the name of the spec. */
function misplaced(file: string, provider = basename(file, ".yaml")): string[] {
  if (file !== join("openapi/errata", `${provider}.yaml`))
    return [`${file}:1: its provider is ${provider}, and not the name of the file`];
  return existsSync(`openapi/${provider}.yaml`)
    ? []
    : [`${file}:1: there is no spec openapi/${provider}.yaml`];
}

/** Without its ledger, the errata of a spec would silently be gone from the page. */
function specsWithoutLedger(): string[] {
  return readdirSync("openapi")
    .filter((name) => name.endsWith(".yaml") && !existsSync(join("openapi/errata", name)))
    .filter((name) => /^\s*"?x-errata"?:/m.test(readFileSync(join("openapi", name), "utf8")))
    .map(
      (name) =>
        `openapi/${name}: it carries x-errata, and there is no ledger openapi/errata/${name}`,
    );
}
