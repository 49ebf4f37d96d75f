/**
 * Shows what the package is for: with every provider and every grant it gets a token, uses it,
 * renews it, recovers from its revocation, and revokes it. It uses the sandbox, and the live vendor
 * for providers whose variables (.env.example) are set.
 */
import { existsSync } from "node:fs";
import { readOptions } from "./cli.ts";
import { runDemo } from "./demo/run.ts";

readOptions("demo", {});
if (existsSync(".env")) process.loadEnvFile(".env");
const color = process.stdout.isTTY && !process.env["NO_COLOR"];
try {
  process.exitCode = (await runDemo(process.env, (line) => console.log(line), color)) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : "the demo failed");
  process.exitCode = 1;
}
