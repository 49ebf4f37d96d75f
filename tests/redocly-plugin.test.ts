/**
 * The project's own lint rules for OpenAPI documents report exactly what they are meant for, by
 * name.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const EDITS: readonly [
  file: string,
  from: string,
  to: string,
  rules: readonly string[],
  said: string,
][] = [
  ["genlogs.yaml", "summary: Exchange e-mail", "summary: Exchanges e-mail", [], ""],
  [
    "genlogs.yaml",
    "operationId: refreshToken\n          description",
    "operationId: refreshTokn\n          description",
    ["corrigenda/link-targets"],
    "refreshTokn",
  ],
  [
    "genlogs.yaml",
    'parameters: { refresh_token: "$response.body#/refresh_token_data/token" }',
    'parameters: { refresh: "$response.body#/refresh_token_data/token" }',
    ["corrigenda/link-targets", "corrigenda/link-targets"],
    "no parameter",
  ],
  [
    "genlogs.yaml",
    "$response.body#/refresh_token_data/token",
    "$response.body#/refresh_token_data/tokn",
    ["corrigenda/link-targets"],
    "does not have",
  ],
  [
    "genlogs.yaml",
    "$response.body#/refresh_token_data/token",
    "$response.body#/refresh_token_data",
    ["corrigenda/link-targets"],
    "does not allow",
  ],
  [
    "petjeaf.yaml",
    "operationId: createToken\n              description",
    "operationId: createToken\n              requestBody: { grant_type: refresh_token }\n              description",
    ["corrigenda/link-targets"],
    "a body that createToken does not allow",
  ],
  [
    "petjeaf.yaml",
    "operationId: createToken\n              description",
    "operationId: createToken\n              requestBody: { refresh_token: $response.body#/refresh_token }\n              description",
    ["corrigenda/link-targets"],
    "evaluated only where it is the whole body",
  ],
  [
    "apinizer.yaml",
    "x-errata: [AP-08]",
    "x-errata: [AP-08, AP-99]",
    ["corrigenda/errata-resolve"],
    "AP-99",
  ],
  [
    "genlogs.yaml",
    "          in: query\n          x-errata: [GL-13]\n",
    "          in: query\n",
    ["corrigenda/no-secret-in-query"],
    "refresh_token",
  ],
];

interface Report {
  readonly totals: { readonly errors: number };
  readonly problems: readonly { readonly ruleId: string; readonly message: string }[];
}

const folder = mkdtempSync(join(tmpdir(), "corrigenda-lint-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** All of them in one run of the linter, which takes longer to start than to lint. */
let status: number | null;
let reports: readonly Report[];
beforeAll(() => {
  for (const name of ["scripts", "redocly.yaml", "package.json"])
    cpSync(name, join(folder, name), { recursive: true });
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  const files = EDITS.map(([file, from, to], i) => {
    cpSync("openapi", join(folder, String(i)), { recursive: true });
    const path = join(folder, String(i), file);
    const text = readFileSync(path, "utf8");
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
    return path;
  });
  const run = spawnSync(
    process.execPath,
    [join(folder, "node_modules/@redocly/cli/bin/cli.js"), "lint", ...files, "--format", "json"],
    { cwd: folder, encoding: "utf8" },
  );
  status = run.status;
  reports = run.stdout.split(/(?<=^\})(?=\{)/m).map((text) => JSON.parse(text) as Report);
});

test("each file has a report, and an error fails the run", () => {
  expect(reports).toHaveLength(EDITS.length);
  expect(status).toBe(1);
});

test.each(EDITS.map((edit, i) => [...edit, i] as const))(
  "%s with %j as %j",
  (_, __, ___, rules, said, i) => {
    const { totals, problems } = reports[i]!;
    expect(problems.map(({ ruleId }) => ruleId)).toEqual(rules);
    expect(problems.map(({ message }) => message).join("\n")).toContain(said);
    expect(totals.errors).toBe(rules.length);
  },
);
