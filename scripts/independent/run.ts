/**
 * The crash and herd harnesses against oidc-provider in place of the sandbox. Outside the main
 * install:
 *
 *   npm --prefix scripts/independent ci && npm run independent [-- --runs N] [--json]
 */
import { readNumbers } from "../cli.ts";
import { crash } from "../processes/crash.ts";
import { herd } from "../processes/herd.ts";
import { reportCrash, reportHerd } from "../processes/report.ts";
import { startOidcServer } from "./server.ts";

const { runs, json } = readNumbers("independent", { runs: 64 });
process.exitCode = Math.max(
  await reportHerd(
    () => herd({ processes: 8, callers: 1000, expiries: 20 }, startOidcServer),
    json,
  ),
  await reportCrash(() => crash(runs, startOidcServer, console.error), json),
);
