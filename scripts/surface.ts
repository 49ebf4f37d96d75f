/**
 * The public surface: every name that an entry of the package exports, with its type, as the
 * declaration files have it. The text is committed, so that a change of it is seen in review. The
 * script fails when the committed text is stale, when a public signature uses a type that no entry
 * exports, when a public name has no docstring, and when a factory has no example.
 *
 *   npm run surface [-- --check]
 *   npm run surface -- --members     also lists members of public types that have no docstring
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readOptions } from "./cli.ts";
import { bareMembers, complaintsOf } from "./surface/complaints.ts";
import { emitDeclarations, readSurface } from "./surface/program.ts";
import { pagesOf } from "./surface/render.ts";

const FOLDER = "docs/surface";
const { check, members } = readOptions("surface", {
  check: { type: "boolean" },
  members: { type: "boolean" },
});
const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Readonly<Record<string, string | { readonly types: string }>>;
};
const entries = Object.entries(exports).flatMap(([name, target]) =>
  typeof target === "string" ? [] : { name: name.slice(2) || "main", types: target.types },
);
const surface = readSurface(emitDeclarations(), entries);
const pages = pagesOf(surface);

const stale = [...pages].filter(([name, text]) => {
  const file = join(FOLDER, name);
  return !existsSync(file) || readFileSync(file, "utf8") !== text;
});
const gone = (existsSync(FOLDER) ? readdirSync(FOLDER) : []).filter((name) => !pages.has(name));
if (!check) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of stale) writeFileSync(join(FOLDER, name), text);
  for (const name of gone) rmSync(join(FOLDER, name));
}
for (const name of [...stale.map(([file]) => file), ...gone])
  console.log(`${check ? "stale" : "wrote"} ${join(FOLDER, name)}`);
if (check && stale.length + gone.length > 0)
  console.log("Run `npm run surface`, and say in CHANGELOG.md what a user has to change.");

const complaints = complaintsOf(surface);
for (const complaint of complaints) console.log(complaint);
if (members) for (const member of bareMembers(surface)) console.log(`${member}: no docstring`);
console.log(`${pages.size} entries; ${complaints.length} complaints.`);
process.exitCode = complaints.length > 0 || (check && stale.length + gone.length > 0) ? 1 : 0;
