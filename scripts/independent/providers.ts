/**
 * The example providers outside this repository. Packs the package, installs it into an empty
 * folder, type-checks the examples there, and runs them against oidc-provider, contract cases
 * included. Outside the main install:
 *
 *   npm --prefix scripts/independent ci && npm run independent:providers
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { readOptions } from "../cli.ts";
import { startProvidersServer } from "./providers-server.ts";

/** Lines that a provider may have. */
const LONGEST = 60;

readOptions("independent:providers", {});
const folder = mkdtempSync(join(tmpdir(), "corrigenda-providers-"));
const server = await startProvidersServer();
let failed = 0;

async function run(what: string, command: string, args: string[], cwd = folder): Promise<string> {
  const { ok, text } = await promisify(execFile)(command, args, { cwd }).then(
    ({ stdout }) => ({ ok: true, text: stdout }),
    (error: unknown) => {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      return { ok: false, text: stdout + stderr };
    },
  );
  if (!ok) failed += 1;
  console.log(`${ok ? "ok    " : "FAILED"}  ${what}${ok ? "" : `\n${text}`}`);
  return text;
}

try {
  for (const name of readdirSync("examples")) {
    const lines = readFileSync(join("examples", name), "utf8").trimEnd().split("\n").length;
    if (lines > LONGEST) failed += 1;
    console.log(`${lines > LONGEST ? "FAILED" : "ok    "}  ${name}: ${lines} lines`);
    cpSync(join("examples", name), join(folder, name));
  }
  cpSync("scripts/independent/consumer/check.ts", join(folder, "check.ts"));
  const pack = ["pack", "--silent", "--pack-destination", folder];
  await run("npm pack", "npm", pack, process.cwd());
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const packages = [`./${tarball}`, "ajv@8", "ajv-formats@3", "@types/node@20"];
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", ...packages];
  await run("npm install", "npm", install);
  const compilerOptions = {
    strict: true,
    module: "nodenext",
    target: "es2023",
    lib: ["es2023"],
    types: ["node"],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    rewriteRelativeImportExtensions: true,
    outDir: "dist",
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["*.ts"] }),
  );
  const tsc = resolve("node_modules/typescript/bin/tsc");
  await run("type check", process.execPath, [tsc, "-p", "."]);
  const check = [join("dist", "check.js"), server.url];
  const found = await run("against oidc-provider", process.execPath, check);
  if (failed === 0) console.log(found.trimEnd());
} finally {
  server.close();
  rmSync(folder, { recursive: true });
}
console.log(failed === 0 ? "The providers work." : `${failed} checks failed.`);
process.exitCode = failed === 0 ? 0 : 1;
