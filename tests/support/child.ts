/** Code in a process of its own, for what may never end: an attack that works would stop the whole suite. */
import { spawnSync } from "node:child_process";

/**
 * Runs a module whose `src` is the folder of the sources.
 * @param limit ms after which it is killed
 * @param env what its environment has besides this one's, e.g. a time zone
 * @returns what it printed; fails if it was killed, or ended with an error
 */
export function inChild(code: string, limit = 15_000, env: Readonly<Record<string, string>> = {}): string {
  const module = code.replaceAll("$src", `${process.cwd()}/src`);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", module], { encoding: "utf8", env: { ...process.env, ...env }, timeout: limit, killSignal: "SIGKILL" });
  if (signal !== null) throw new Error(`It had not ended after ${limit} ms.`);
  if (status !== 0) throw new Error(`It ended with code ${status}: ${stderr.slice(0, 500)}`);
  return stdout.trim();
}
