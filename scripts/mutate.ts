/**
 * Mutation of the source: Stryker breaks the code of tokens and sharing in one place at a time, and
 * each time a test has to fail. Exit code 1 if fewer than 90 % of the mutants of a file set are
 * killed, if a mutant survives that tests/surviving-mutants.yaml does not list, or if a listed one
 * is killed or does not exist. Stryker is outside the main install; this script installs it.
 *
 *   npm run mutate [-- --file src/tokens/latch.ts] [--force] [--report] [--json]
 *
 * A run uses the results of the last one for what has not changed since; `--force` runs every
 * mutant again. `--report` judges the last run without a new one.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { normalize } from "node:path";
import { parse } from "yaml";
import { readOptions, refuse } from "./cli.ts";
import { judge, type Listed, type MutationReport } from "./mutate/judge.ts";

const FOLDER = "scripts/mutate";
const REPORT = "coverage/mutation/report.json";
const LIST = "tests/surviving-mutants.yaml";
const options = {
  file: { type: "string" },
  force: { type: "boolean" },
  report: { type: "boolean" },
  json: { type: "boolean" },
} as const;
const { file: given, force = false, report = false, json = false } = readOptions("mutate", options);
const file = given === undefined ? undefined : normalize(given);
if (file !== undefined && !(existsSync(file) && /^src\/(tokens|sharing)\/[^/]+\.ts$/.test(file)))
  refuse("mutate", options, "--file takes a file of src/tokens or src/sharing.");

/** Runs a command whose output belongs to this one, on stderr, and ends with it if it fails. */
function run(command: string, args: readonly string[]): void {
  // What is mutated is the code, and not the random sequences: a few of them have to do.
  const env = { ...process.env, MODEL_RUNS: process.env["MODEL_RUNS"] ?? "60", MODEL_SEED: "1" };
  const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2], env });
  if (status !== 0) process.exit(status ?? 1);
}

if (!report) {
  const stryker = `${FOLDER}/node_modules/@stryker-mutator/core`;
  if (!existsSync(stryker)) run("npm", ["--prefix", FOLDER, "ci", "--no-audit", "--no-fund"]);
  rmSync(REPORT, { force: true });
  run(process.execPath, [
    `${stryker}/bin/stryker.js`,
    ...["run", `${FOLDER}/stryker.config.json`],
    ...(file === undefined ? [] : ["--mutate", file]),
    ...(force ? ["--force"] : []),
  ]);
}
if (!existsSync(REPORT)) refuse("mutate", options, `There is no ${REPORT}: run without --report.`);

const verdict = judge(
  JSON.parse(readFileSync(REPORT, "utf8")) as MutationReport,
  parse(readFileSync(LIST, "utf8")) as readonly Listed[],
  file,
);
if (json) console.log(JSON.stringify(verdict, undefined, 2));
else {
  console.table(verdict.files);
  console.log(
    `${verdict.killed} of ${verdict.mutants} mutants killed (${verdict.score} %), ${verdict.listed} survivors listed with a reason.`,
  );
}
for (const problem of verdict.problems) console.error(problem);
process.exitCode = verdict.problems.length === 0 ? 0 : 1;
