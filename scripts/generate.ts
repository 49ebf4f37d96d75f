/**
 * Writes three files for every spec in openapi/: generated/<provider>.ts (types), .meta.ts (what
 * the client needs at run time) and .document.ts (the spec, for the sandbox). For every overlay in
 * openapi/overlays/ that changes an operation it writes generated/<overlay>.document.ts, the spec
 * with the overlay applied; the servers of an overlay are in .meta.ts, after the spec's own.
 *
 *   npm run generate [-- --check] [--specs DIR] [--out DIR]
 *
 * With --check it writes nothing. It names every file that is stale, missing or orphaned, and the
 * exit code is 1 if there is one.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { readOptions, refuse } from "./cli.ts";
import { compare, generate } from "./generate/files.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OPTIONS = {
  check: { type: "boolean" },
  specs: { type: "string" },
  out: { type: "string" },
} as const;
const values = readOptions("generate", OPTIONS);
const specs = values.specs ?? join(ROOT, "openapi");
if (!existsSync(specs)) refuse("generate", OPTIONS, `There is no folder ${specs}.`);
const out = values.out ?? join(ROOT, "generated");
const wanted = await generate(specs).catch((error: unknown) => {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exit(2);
});
const show = (name: string): string => relative(process.cwd(), join(out, name));
const differences = compare(wanted, out);
if (values.check) {
  for (const { what, name } of differences) console.log(`${what.padEnd(8)} ${show(name)}`);
  console.log(
    differences.length === 0
      ? `${wanted.size} generated files are up to date.`
      : `${differences.length} of the generated files are not up to date. Run: npm run generate`,
  );
  process.exitCode = differences.length === 0 ? 0 : 1;
} else {
  mkdirSync(out, { recursive: true });
  for (const { what, name } of differences) {
    if (what === "orphaned") rmSync(join(out, name), { recursive: true });
    else writeFileSync(join(out, name), wanted.get(name) ?? "");
    console.log(`${what === "orphaned" ? "removed" : "wrote"} ${show(name)}`);
  }
  console.log(`${wanted.size} generated files are up to date.`);
}
