/**
 * Kills (SIGKILL) or freezes (SIGSTOP) a process at every step of a renewal, with the file store
 * and with a real Redis, and counts the lost sessions. Exit code 1 if a session is lost that need
 * not be, or if a refresh token is sent twice.
 *
 * 128 runs are one full round: every step, killed and frozen, with both stores, and with a server
 * that accepts a used refresh token for a while (grace) or does not.
 *
 *   npm run crash [-- --runs N] [--json]
 */
import { readNumbers } from "./cli.ts";
import { crash } from "./processes/crash.ts";
import { reportCrash } from "./processes/report.ts";
import { startSandboxServer } from "./processes/sandbox.ts";

const { runs, json } = readNumbers("crash", { runs: 128 });
process.exitCode = await reportCrash(() => crash(runs, startSandboxServer, console.error), json);
