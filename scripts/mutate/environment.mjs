/**
 * The environment of the project's tests, which also
 *
 * - leaves out the tests that `leaveOut` in jest.config.js names;
 * - skips the rest of a suite once a test has failed: the mutant is killed;
 * - writes down the names of a suite's tests while no mutant is active, for runner.mjs.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import TestEnvironment from "../../tests/support/environment.mjs";

export default class extends TestEnvironment {
  #failed = false;
  #began = 0;
  #names = {};
  #file;
  #leaveOut;

  constructor(config, context) {
    super(config, context);
    const { rootDir, testEnvironmentOptions } = config.projectConfig;
    this.#leaveOut = testEnvironmentOptions.leaveOut.map((pattern) => new RegExp(pattern));
    this.#file = join(rootDir, "coverage", "names", `${basename(context.testPath)}.json`);
  }

  handleTestEvent(event) {
    if (event.name === "test_start") {
      const name = nameOf(event.test);
      const left = this.#failed || this.#leaveOut.some((pattern) => pattern.test(name));
      if (left) event.test.mode = "skip";
      this.#began = performance.now();
    }
    if (event.name === "test_fn_failure" || event.name === "hook_failure")
      this.#failed = process.env.__STRYKER_ACTIVE_MUTANT__ !== undefined;
    if (event.name === "test_fn_success")
      this.#names[nameOf(event.test)] = Math.ceil(performance.now() - this.#began);
    if (event.name === "run_finish" && process.env.__STRYKER_ACTIVE_MUTANT__ === undefined) {
      mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(this.#file, JSON.stringify(this.#names));
    }
  }
}

/** The full name, as Jest matches it with `testNamePattern`. */
function nameOf(test) {
  const names = [];
  for (let one = test; one.parent; one = one.parent) names.unshift(one.name);
  return names.join(" ");
}
