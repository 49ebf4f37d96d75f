/** The project's own lint rules report what they are for, by name, and nothing else. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "corrigenda-lint-"));
beforeAll(() => {
  for (const name of ["openapi", "scripts", "redocly.yaml", "package.json"]) cpSync(name, join(folder, name), { recursive: true });
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function lintWith(file: string, from: string, to: string): { status: number | null; rules: string[]; text: string } {
  const path = join(folder, "openapi", file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "node_modules/@redocly/cli/bin/cli.js"), "lint", path, "--format", "json"], { cwd: folder, encoding: "utf8" });
  writeFileSync(path, text);
  const report = JSON.parse(stdout.slice(stdout.indexOf("{"), stdout.lastIndexOf("}") + 1) || `{"problems":[]}`) as { problems: { ruleId: string; message: string }[] };
  return { status, rules: report.problems.map(({ ruleId }) => ruleId), text: report.problems.map(({ message }) => message).join("\n") + stderr };
}

test.each([
  ["genlogs.yaml", "summary: Exchange e-mail", "summary: Exchanges e-mail", [], ""],
  ["genlogs.yaml", "operationId: refreshToken\n          description", "operationId: refreshTokn\n          description", ["corrigenda/link-targets"], "refreshTokn"],
  ["genlogs.yaml", "parameters: { refresh_token: '$response.body#/refresh_token_data/token' }", "parameters: { refresh: '$response.body#/refresh_token_data/token' }", ["corrigenda/link-targets", "corrigenda/link-targets"], "no parameter"],
  ["genlogs.yaml", "$response.body#/refresh_token_data/token", "$response.body#/refresh_token_data/tokn", ["corrigenda/link-targets"], "does not have"],
  ["genlogs.yaml", "$response.body#/refresh_token_data/token", "$response.body#/refresh_token_data", ["corrigenda/link-targets"], "does not allow"],
  ["petjeaf.yaml", "                grant_type: refresh_token\n                client_id", "                grant_type: refresh token\n                client_id", ["corrigenda/link-targets"], "a body that createToken does not allow"],
  ["apinizer.yaml", "x-errata: [AP-08]", "x-errata: [AP-08, AP-99]", ["corrigenda/errata-resolve"], "AP-99"],
  ["genlogs.yaml", "          in: query\n          x-errata: [GL-13]\n", "          in: query\n", ["corrigenda/no-secret-in-query"], "refresh_token"],
])("%s with %j as %j", (file, from, to, rules, said) => {
  const report = lintWith(file, from, to);
  expect(report.rules).toEqual(rules);
  expect(report.text).toContain(said);
  expect(report.status).toBe(rules.length === 0 ? 0 : 1);
}, 30_000);
