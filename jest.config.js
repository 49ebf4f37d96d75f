/** @type {import("jest").Config} */
export default {
  testEnvironment: "<rootDir>/tests/support/environment.mjs",
  testMatch: ["<rootDir>/tests/**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/dist", "<rootDir>/scripts/independent"],
  transform: {
    "\\.ts$": [
      "@swc/jest",
      {
        jsc: { target: "es2023", parser: { syntax: "typescript" } },
        module: { type: "commonjs", ignoreDynamic: false },
      },
    ],
  },
  setupFiles: ["<rootDir>/tests/support/no-network.ts"],
  // With --coverage: the gate for what is published.
  // Files that hold types and nothing else have no line to run, and v8 counts each of their lines
  // as missed.
  collectCoverageFrom: [
    "src/**/*.ts",
    "!src/provider.ts",
    "!src/token-source.ts",
    "!src/sandbox/vendor.ts",
    "!src/tokens/token-store.ts",
  ],
  coverageProvider: "v8",
  coverageReporters: ["text-summary", "lcov"],
  coverageThreshold: { global: { lines: 95, branches: 90 } },
  // Against hanging for ever; a busy machine may be slow.
  testTimeout: 180_000,
  // Most of the time is spent waiting for deadlines: more than there are cores, on the two that
  // this is meant for.
  maxWorkers: 4,
};
