/**
 * Kills (SIGKILL) and freezes (SIGSTOP) a process at every step of a renewal, on the file store and
 * on real Redis, and counts the sessions that are lost. Exit code 1 if more are lost than had to
 * be, or a refresh token was sent twice.
 *
 * 128 runs are one full round: every step, both harms, both stores, without grace and with.
 *
 *   npm run crash [-- --runs N] [--json]
 */
import { readNumbers } from "./cli.ts";
import { crash } from "./processes/crash.ts";
import { reportCrash } from "./processes/report.ts";
import { startSandboxServer } from "./processes/sandbox.ts";

const { runs, json } = readNumbers("crash", { runs: 128 });
process.exitCode = await reportCrash(() => crash(runs, startSandboxServer, console.error), json);
