/**
 * Packs the package, installs it into an empty folder and uses it as its users will: in strict
 * TypeScript 5.9 and 7, the snippets of README and docs/ included, and by import and require() in
 * plain Node. Then publint and attw look at every entry.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SNIPPETS } from "../tests/support/snippets.ts";

const folder = mkdtempSync(join(tmpdir(), "corrigenda-package-"));
let failed = 0;

function run(what: string, command: string, args: readonly string[], cwd = process.cwd()): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) failed += 1;
  console.log(
    `${status === 0 ? "ok    " : "FAILED"}  ${what}${status === 0 ? "" : `\n${stdout}${stderr}`}`,
  );
  return stdout;
}
const node = (what: string, ...args: string[]): string => run(what, process.execPath, args, folder);

try {
  const packed = JSON.parse(
    run("npm pack", "npm", ["pack", "--json", "--pack-destination", folder]).replace(/^[^[{]*/, ""),
  ) as Record<string, { filename: string; files: { path: string }[] }>;
  const { filename, files } = Object.values(packed)[0]!;
  const stray = files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^(dist|src|generated|openapi)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/.test(
          path,
        ),
    );
  if (stray.length > 0) throw new Error(`the package holds ${stray.join(", ")}`);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const install = (what: string, ...names: string[]): string =>
    run(
      `install ${what}`,
      "npm",
      ["install", "--prefer-offline", "--no-audit", "--no-fund", ...names],
      folder,
    );
  install("the package alone", join(folder, filename));
  for (const { name, code } of SNIPPETS) writeFileSync(join(folder, name), code);
  for (const source of ["tests/package", "examples"])
    for (const name of readdirSync(source)) cpSync(join(source, name), join(folder, name));
  node("without Ajv", "no-ajv.mjs");
  install(
    "Ajv, a Redis client and the types of Node",
    "ajv@8",
    "ajv-formats@3",
    "redis@6",
    "@types/node@20",
  );
  node("ESM", "smoke.mjs");
  node("require()", "smoke.cjs");
  node("all entries", "entries.mjs");
  const options = {
    strict: true,
    noEmit: true,
    module: "nodenext",
    target: "es2023",
    lib: ["es2023"],
    types: ["node"],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, include: ["*.ts", "*.cts"] }),
  );
  node("TypeScript 5.9", resolve("node_modules/typescript/bin/tsc"), "-p", ".");
  node("TypeScript 7", resolve("node_modules/typescript7/bin/tsc"), "-p", ".");
  run("a bundle for a browser", "npx", [
    "esbuild",
    "src/index.ts",
    "--bundle",
    "--platform=browser",
    "--format=esm",
    `--outdir=${join(folder, "bundle")}`,
  ]);
  run("publint", "npx", ["publint", "--strict", join(folder, filename)]);
  run("are the types wrong", "npx", ["attw", join(folder, filename), "--profile", "esm-only"]);
} finally {
  rmSync(folder, { recursive: true });
}
console.log(failed === 0 ? "The package is fit to be used." : `${failed} checks failed.`);
process.exitCode = failed === 0 ? 0 : 1;
