/**
 * The fourth executor: sends the safe cases to any address, by default to the live vendor.
 *
 *   npm run cases -- --provider apinizer [--base-url https://manager.example/apiops]
 *
 * Credentials come from the environment, as for the demo (.env.example). For Petje.af it is an
 * access token in PETJEAF_ACCESS_TOKEN: a refresh token would rotate, and its successor would be
 * lost.
 */
import { existsSync } from "node:fs";
import { apinizer, genlogs, petjeaf } from "../src/index.ts";
import { createContract, runCase, type Target } from "../src/testing/index.ts";
import { readOptions, refuse } from "./cli.ts";
import { documentOf, load } from "./contracts/load.ts";

if (existsSync(".env")) process.loadEnvFile(".env");
const { env } = process;
const OPTIONS = { provider: { type: "string" }, "base-url": { type: "string" } } as const;
const values = readOptions("cases", OPTIONS);
const fail = (what: string): never => refuse("cases", OPTIONS, what);

const need = (name: string): string => env[name] || fail(`Set ${name}. See .env.example.`);
const withoutSlash = (url: string): string => url.replace(/\/+$/, "");

/** By provider: the client's target, from --base-url and the environment. */
const TARGETS: Readonly<Record<string, () => Target>> = {
  genlogs: () => ({
    provider: genlogs,
    baseUrl: values["base-url"] ?? (env["GENLOGS_BASE_URL"] || "https://api.genlogs.io"),
    account: {
      apiKey: need("GENLOGS_API_KEY"),
      email: need("GENLOGS_EMAIL"),
      password: need("GENLOGS_PASSWORD"),
    },
  }),
  apinizer: () => ({
    provider: apinizer,
    baseUrl: `${withoutSlash(values["base-url"] ?? need("APINIZER_MANAGER_URL")).replace(/\/apiops$/, "")}/apiops`,
    account: { username: need("APINIZER_USERNAME"), password: need("APINIZER_PASSWORD") },
  }),
  petjeaf: () => ({
    provider: petjeaf,
    baseUrl: values["base-url"] ?? (env["PETJEAF_BASE_URL"] || "https://api.petjeaf.com/v1"),
    account: { clientId: "none", clientSecret: "none", key: "case" },
    seed: { accessToken: need("PETJEAF_ACCESS_TOKEN"), tokenType: "Bearer", issuedAt: Date.now() },
  }),
};

const subject =
  load().find(({ provider }) => provider === values.provider) ??
  fail(`Give --provider, one of ${Object.keys(TARGETS).join(", ")}.`);
const { baseUrl, ...target } =
  TARGETS[subject.provider]?.() ?? fail(`There is no account for ${subject.provider}.`);
const address = withoutSlash(baseUrl);
let failed = 0;
for (const one of subject.cases.filter(({ safe }) => safe)) {
  const contract = await createContract(documentOf(subject, one));
  const problems = await runCase(contract, one, { ...target, baseUrl: address });
  if (problems.length > 0) failed += 1;
  console.log(
    `${problems.length === 0 ? "ok     " : "FAILED "} ${one.name}${problems.map((problem) => `\n        ${problem}`).join("")}`,
  );
}
console.log(`${failed === 0 ? "Nothing" : failed} failed at ${new URL(address).host}.`);
process.exitCode = failed === 0 ? 0 : 1;
