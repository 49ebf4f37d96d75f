/**
 * Jest's runner, for a mutant: it loads only the suites that have a test which reaches the mutant,
 * the quickest first, and stops after the first suite that fails. Stryker names the tests and not
 * the suites, so that every suite would be loaded for every mutant.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import TestRunner from "jest-runner";

export default class extends TestRunner {
  async runTests(tests, watcher, options) {
    if (process.env.__STRYKER_ACTIVE_MUTANT__ === undefined)
      return super.runTests(tests, watcher, options);
    const pattern = new RegExp(this._globalConfig.testNamePattern ?? "");
    const suites = tests
      .map((test) => ({ test, ms: timeOf(test, pattern) }))
      .filter(({ ms }) => ms !== undefined)
      .sort((a, b) => a.ms - b.ms);
    let failed = false;
    this.on("test-file-success", ([, { numFailingTests }]) => {
      failed ||= numFailingTests > 0;
    });
    this.on("test-file-failure", () => {
      failed = true;
    });
    for (const { test } of suites) {
      if (failed) return;
      await super.runTests([test], watcher, options);
    }
  }
}

/** ms that the tests of a suite took that match the pattern; undefined if there is none. */
function timeOf({ path, context }, pattern) {
  const file = join(context.config.rootDir, "coverage", "names", `${basename(path)}.json`);
  if (!existsSync(file)) return 0;
  const names = Object.entries(JSON.parse(readFileSync(file, "utf8")));
  const matching = names.filter(([name]) => pattern.test(name));
  return matching.length === 0 ? undefined : matching.reduce((sum, [, ms]) => sum + ms, 0);
}
