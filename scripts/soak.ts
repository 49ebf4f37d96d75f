/**
 * Each provider with two clients, whose tokens live 3 s and 30 s, and 50 loops that call all the
 * time, for six minutes: while the server answers 503 and 429, cuts connections, and revokes
 * tokens. Exit code 1 if anything fails that was not meant to, if the heap grows, or if anything is
 * open once the clients are closed.
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
  refuse("soak", options, "--minutes takes a number above 0.");
if (!(Number.isInteger(Number(loops)) && Number(loops) >= 1))
  refuse("soak", options, "--loops takes a whole number, from 1.");
process.exitCode = await reportSoak(
  () => soak({ minutes: Number(minutes), loops: Number(loops) }),
  json,
);
