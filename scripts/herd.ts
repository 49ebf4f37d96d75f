/**
 * 8 processes with 1,000 concurrent callers each use one credential over 20 expiries of its token,
 * with the file store and with a real Redis. Exit code 1 unless each expiry costs one token request
 * and no caller fails.
 *
 *   npm run herd [-- --processes N] [--callers N] [--expiries N] [--json]
 */
import { readNumbers } from "./cli.ts";
import { herd } from "./processes/herd.ts";
import { reportHerd } from "./processes/report.ts";
import { startSandboxServer } from "./processes/sandbox.ts";

const { json, ...size } = readNumbers("herd", { processes: 8, callers: 1000, expiries: 20 });
process.exitCode = await reportHerd(() => herd(size, startSandboxServer), json);
