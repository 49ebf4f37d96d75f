/**
 * The suite that mutants run against: tests of tokens and sharing that wait for nothing but clocks
 * of their own. A mutant takes seconds with it.
 */
import config from "../../jest.config.js";

const SUITES = [
  "binding",
  "credential-record",
  "lease",
  "model",
  "renewal",
  "shareable",
  "shared-gate",
  "shared-latch-record",
  "shared-memory",
  "shared-renewer",
  "token-parts",
  "token-record",
  "token-source",
];

/** Parts of the names of tests that start processes, or wait in real time. */
const LEAVE_OUT = [
  "10,000 concurrent callers",
  "a login is tried three times on",
  "a caller's abort detaches only that caller",
  "a refresh is not cut off at the deadline of an attempt",
  "is found again after a thousand others",
  "keeps the process alive until the store has deleted it",
  "by more than a token's life from another host's",
  "nor after a restart; `reset\\(\\)` permits one try",
];

/** @type {import("jest").Config} */
export default {
  ...config,
  rootDir: "../..",
  testMatch: SUITES.map((name) => `<rootDir>/tests/${name}.test.ts`),
  testEnvironment: "./scripts/mutate/environment.mjs",
  testEnvironmentOptions: { leaveOut: LEAVE_OUT },
  runner: "./scripts/mutate/runner.mjs",
  // ms. A test that waits for something that a mutant keeps from happening has to end.
  testTimeout: 15_000,
};
