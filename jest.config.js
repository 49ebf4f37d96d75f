/** @type {import("jest").Config} */
export default {
  testEnvironment: "<rootDir>/tests/support/environment.mjs",
  testMatch: ["<rootDir>/tests/**/*.test.ts"],
  modulePathIgnorePatterns: [
    "<rootDir>/dist",
    "<rootDir>/coverage",
    "<rootDir>/scripts/independent",
    "<rootDir>/scripts/interop",
    "<rootDir>/scripts/mutate",
  ],
  // The examples import what their users import.
  moduleNameMapper: { "^corrigenda/kit$": "<rootDir>/src/kit.ts" },
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
  // With --coverage: what the package publishes must be covered.
  // A file of types alone has no line that runs, and V8 counts each of its lines as missed.
  collectCoverageFrom: [
    "src/**/*.ts",
    "!src/provider.ts",
    "!src/provider-meta.ts",
    "!src/token-source.ts",
    "!src/sandbox/vendor.ts",
    "!src/tokens/token-store.ts",
  ],
  coverageProvider: "v8",
  coverageReporters: ["text-summary", "lcov"],
  coverageThreshold: { global: { lines: 95, branches: 90 } },
  // ms. A test that hangs has to end; on a busy machine a test may take long.
  testTimeout: 180_000,
  // More workers than the two cores of a small machine: the suites mostly wait for deadlines.
  maxWorkers: 4,
};
