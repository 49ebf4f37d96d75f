/**
 * Runs code in a process of its own. A test uses this for code that may never end: an attack that
 * works would otherwise stop the whole suite.
 */
import { spawnSync } from "node:child_process";

/**
 * Runs a module whose `src` is the folder of the sources.
 * @param limit ms of CPU that it may take, so that other work on the machine does not count; it is
 *   killed after six times that, in any case
 * @param env what its environment has besides this one's, e.g. a time zone
 * @returns what it printed; fails if it was killed, or ended with an error
 */
export function inChild(
  code: string,
  limit = 15_000,
  env: Readonly<Record<string, string>> = {},
): string {
  const measured = `((own) => own.once("exit", () => { const { user, system } = own.cpuUsage(); if (user + system > ${limit * 1000}) { console.error("It took", user + system, "µs of CPU."); own.exitCode = 1; } }))(globalThis.process);`;
  const module = `${measured}\n${code.replaceAll("$src", `${process.cwd()}/src`)}`;
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", module],
    {
      encoding: "utf8",
      env: { ...process.env, ...env },
      timeout: 6 * limit,
      killSignal: "SIGKILL",
    },
  );
  if (signal !== null) throw new Error(`It had not ended after ${6 * limit} ms.`);
  if (status !== 0) throw new Error(`It ended with code ${status}: ${stderr.slice(0, 500)}`);
  return stdout.trim();
}
