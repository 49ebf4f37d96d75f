/**
 * Runs two clients of each provider for six minutes, with tokens that live 3 s and 30 s, and 50
 * loops that call the API all the time. Meanwhile the server answers 503 and 429, cuts connections
 * and revokes tokens. Exit code 1 if a call fails without such a cause, if the heap grows, or if a
 * handle or timer is open after the clients were closed.
 *
 *   npm run soak [-- --minutes N] [--loops N] [--json]
 */
import { readOptions, refuse } from "./cli.ts";
import { reportSoak } from "./soak/report.ts";
import { soak } from "./soak/run.ts";

const options = {
  minutes: { type: "string" },
  loops: { type: "string" },
  json: { type: "boolean" },
} as const;
const { minutes = "6", loops = "50", json = false } = readOptions("soak", options);
if (!(Number(minutes) > 0 && Number(minutes) < 1e4))
  refuse("soak", options, "--minutes takes a number between 0 and 10000.");
if (!(Number.isInteger(Number(loops)) && Number(loops) >= 1))
  refuse("soak", options, "--loops takes a whole number from 1.");
process.exitCode = await reportSoak(
  () => soak({ minutes: Number(minutes), loops: Number(loops) }),
  json,
);
