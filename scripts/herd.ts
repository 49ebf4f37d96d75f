/**
 * 8 processes with 1,000 concurrent callers each on one credential, across 20 expiries, on the file
 * store and on real Redis. Exit code 1 unless each expiry costs one token request and no caller
 * fails.
 *
 *   npm run herd [-- --processes N] [--callers N] [--expiries N] [--json]
 */
import { readNumbers } from "./cli.ts";
import { herd } from "./processes/herd.ts";
import { reportHerd } from "./processes/report.ts";
import { startSandboxServer } from "./processes/sandbox.ts";

const { json, ...size } = readNumbers("herd", { processes: 8, callers: 1000, expiries: 20 });
process.exitCode = await reportHerd(() => herd(size, startSandboxServer), json);
