/**
 * Feeds everything that reads foreign text: answers, headers, callbacks, records, tokens,
 * addresses, the ledger. Exit code 1 if anything fails in a way that is not the package's own,
 * shows a secret of at least eight characters, or takes more work than is linear in its input; work
 * is counted, not timed.
 *
 *   npm run fuzz [-- --inputs N] [--seed N] [--processes N] [--json]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { readNumbers } from "./cli.ts";
import { fuzz } from "./fuzz/run.ts";
import { READERS, superlinear, UNITS } from "./fuzz/scaling.ts";
import { countSteps } from "./fuzz/steps.ts";
import { ROUND } from "./fuzz/targets.ts";

/** ms. More than a million inputs take; what hangs is told by it, too. */
const LONGEST = 60 * 60_000;

const { inputs, seed, processes, json } = readNumbers("fuzz", {
  inputs: 1_000_000,
  seed: 1,
  processes: Math.min(8, availableParallelism()),
});
const began = performance.now();

interface Summary {
  readonly inputs: number;
  readonly characters: number;
  readonly steps: number;
  /** The most that a batch took, of what it may take. */ readonly heaviest: number;
  readonly untyped: number;
  readonly leaks: number;
  readonly work: number;
  readonly superlinear: number;
  readonly unhandled: number;
}

/** A part of the inputs in a process of its own, which prints what it finds. */
async function part(index: number): Promise<Summary> {
  const own = Math.ceil(inputs / processes);
  const args = [
    "--import",
    "tsx",
    fileURLToPath(import.meta.url),
    "--processes",
    "1",
    "--inputs",
    String(own),
    "--seed",
    String(seed + index * own),
    "--json",
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), LONGEST);
  const [out, [, signal]] = await Promise.all([
    text(child.stdout),
    once(child, "exit") as Promise<[number | null, string | null]>,
  ]);
  clearTimeout(timer);
  if (signal !== null)
    throw new Error(`A part of the inputs had not ended after ${LONGEST / 60_000} minutes.`);
  return JSON.parse(out) as Summary;
}

async function whole(): Promise<Summary> {
  Error.stackTraceLimit = 1; // Mapping a stack to its sources takes longer than all the rest.
  const unhandled: unknown[] = [];
  process.on("unhandledRejection", (reason) => void unhandled.push(reason));
  // Before anything of it is compiled: what is compiled without it is not counted block by block.
  const counter = await countSteps(["/src/", "/scripts/errata/"]);
  // A short run takes a part of the rows, a long one makes them longer.
  const growing = await superlinear(
    READERS,
    counter,
    inputs < 100_000 ? 2 : 4,
    inputs < 10_000 ? UNITS.filter((_, i) => i % 3 === 0) : UNITS,
  );
  const { findings, ...rest } = await fuzz(ROUND, counter, inputs, seed);
  for (const line of growing) console.error(`GROWS   ${line}`);
  for (const { target, what, detail, seed: one } of findings)
    console.error(`${what.toUpperCase().padEnd(7)} ${target}, seed ${one}: ${detail}`);
  for (const reason of unhandled)
    console.error(`UNHANDLED ${reason instanceof Error ? String(reason.stack) : typeof reason}`);
  const count = (what: string): number =>
    findings.filter((finding) => finding.what === what).length;
  return {
    ...rest,
    untyped: count("untyped"),
    leaks: count("leak"),
    work: count("work"),
    superlinear: growing.length,
    unhandled: unhandled.length,
  };
}

const parts =
  processes === 1
    ? [await whole()]
    : await Promise.all(Array.from({ length: processes }, (_, index) => part(index)));
const sum = (name: keyof Summary): number => parts.reduce((total, one) => total + one[name], 0);
const all: Summary = {
  inputs: sum("inputs"),
  characters: sum("characters"),
  steps: sum("steps"),
  heaviest: Math.max(...parts.map(({ heaviest }) => heaviest)),
  untyped: sum("untyped"),
  leaks: sum("leaks"),
  work: sum("work"),
  superlinear: sum("superlinear"),
  unhandled: sum("unhandled"),
};
if (json) console.log(JSON.stringify(all));
else {
  console.log(
    `${all.inputs} inputs of ${all.characters} characters, ${all.steps} steps (at most ${(100 * all.heaviest).toFixed(0)} % of what is allowed): ${all.untyped} untyped, ${all.leaks} leaks, ${all.work} with too much work, ${all.unhandled} unhandled rejections;`,
  );
  console.log(
    `of ${READERS.length} readers, ${all.superlinear} grow faster than their input; ${((performance.now() - began) / 1000).toFixed(0)} s.`,
  );
}
process.exit(all.untyped + all.leaks + all.work + all.superlinear + all.unhandled === 0 ? 0 : 1);
