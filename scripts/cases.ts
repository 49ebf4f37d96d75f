/**
 * The fourth executor: sends the cases that are safe to any address, the live vendor's by default.
 *
 *   npm run cases -- --provider apinizer [--base-url https://manager.example/apiops]
 *
 * Credentials come from the environment, as for the demo (.env.example). Petje.af takes an access
 * token in PETJEAF_ACCESS_TOKEN instead: its refresh token would rotate, and be lost.
 */
import { existsSync } from "node:fs";
import { createContract, runCase, type Target } from "../src/testing/index.ts";
import { readOptions, refuse } from "./cli.ts";
import { load } from "./contracts/load.ts";

if (existsSync(".env")) process.loadEnvFile(".env");
const { env } = process;
const OPTIONS = { provider: { type: "string" }, "base-url": { type: "string" } } as const;
const values = readOptions("cases", OPTIONS);
const fail = (what: string): never => refuse("cases", OPTIONS, what);

const need = (name: string): string => env[name] || fail(`Set ${name}. See .env.example.`);
const ACCOUNTS: Readonly<
  Record<string, () => { baseUrl: string } & Pick<Target, "account" | "seed">>
> = {
  genlogs: () => ({
    baseUrl: env["GENLOGS_BASE_URL"] || "https://api.genlogs.io",
    account: {
      apiKey: need("GENLOGS_API_KEY"),
      email: need("GENLOGS_EMAIL"),
      password: need("GENLOGS_PASSWORD"),
    },
  }),
  apinizer: () => ({
    baseUrl: `${(values["base-url"] ?? need("APINIZER_MANAGER_URL")).replace(/\/+$/, "").replace(/\/apiops$/, "")}/apiops`,
    account: { username: need("APINIZER_USERNAME"), password: need("APINIZER_PASSWORD") },
  }),
  petjeaf: () => ({
    baseUrl: env["PETJEAF_BASE_URL"] || "https://api.petjeaf.com/v1",
    account: { clientId: "none", clientSecret: "none" },
    seed: { accessToken: need("PETJEAF_ACCESS_TOKEN"), tokenType: "Bearer", issuedAt: Date.now() },
  }),
};

const subject =
  load().find(({ provider }) => provider === values.provider) ??
  fail(`Give --provider, one of ${Object.keys(ACCOUNTS).join(", ")}.`);
const account =
  ACCOUNTS[subject.provider]?.() ?? fail(`There is no account for ${subject.provider}.`);
const baseUrl = values["base-url"]?.replace(/\/+$/, "") ?? account.baseUrl;
const contract = await createContract(subject.document);
let failed = 0;
for (const one of subject.cases.filter(({ safe }) => safe)) {
  const place = contract.locate(one.request.method, one.request.url);
  const problems = await runCase(contract, one, {
    ...account,
    provider: subject.provider,
    baseUrl: subject.provider === "apinizer" ? account.baseUrl : baseUrl,
    path: place?.operation.path ?? "",
  });
  if (problems.length > 0) failed += 1;
  console.log(
    `${problems.length === 0 ? "ok     " : "FAILED "} ${one.name}${problems.map((problem) => `\n        ${problem}`).join("")}`,
  );
}
console.log(`${failed === 0 ? "Nothing" : failed} failed at ${new URL(baseUrl).host}.`);
process.exitCode = failed === 0 ? 0 : 1;
