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
  "renewable-source",
  "renewal",
  "renewal-credentials",
  "renewal-steps",
  "rotation",
  "shareable",
  "shared-gate",
  "shared-latch",
  "shared-latch-record",
  "shared-memory",
  "shared-renewer",
  "token-parts",
  "token-record",
  "token-source",
];

/** Parts of the names of tests that start processes or a Redis, use files, or wait in real time. */
const LEAVE_OUT = [
  // token-source
  "10,000 concurrent callers",
  "a login is tried three times on",
  "a caller's abort detaches only that caller",
  "a refresh is not cut off at the deadline of an attempt",
  // shared-memory
  "is found again after a thousand others",
  "keeps the process alive until the store has deleted it",
  // renewal
  "by more than a token's life from another host's",
  "nor after a restart; `reset\\(\\)` permits one try",
  // shared-latch
  "^in (sealed )?files ",
  "in five processes",
  "at most eight are kept",
  "only this process cannot read",
  // shared-latch and rotation
  "Redis",
  // rotation
  "a heartbeat keeps the lease for as long as the answer takes",
  "one sign of life that fails does not cost the lease",
  "came too late does not end the heartbeat",
  "who may live",
  "does not take away a token that still works",
  "lost its lease before it could send",
  "comes back after its lease",
  "a lost answer is replayed by its own owner",
  "takes nobody's turn",
  "the turn never comes",
  "is still its owner's turn",
  "is saved later, though nobody asks",
  "it looks again whose turn it is",
  "after a long wait",
  "is not saved once its session was revoked",
  "comes while an older token is being saved",
  "a lease that takes longer than it lasts",
  "a revocation waits for a renewal",
  "a store file that is",
  "cannot work is a configuration error",
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
