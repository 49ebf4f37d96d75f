/** Prints the results of the soak, and decides what counts as a failure. */
import type { SoakReport } from "./run.ts";

/**
 * Bytes by which the heap may grow between the two measurements. A client remembers a limited
 * number of tokens, and reaches the limit after hours: at most 250 pairs of 0.5 kB in six minutes,
 * which is well below a megabyte for all clients. The compiled code of the platform grows for a
 * while, too. A leak of ten bytes in each of half a million calls is more than both.
 */
export const HEAP_GROWTH = 3e6;

/** @returns a line for each failure; an empty list if there is none */
export function faultsOf({ unexpected, heap: [warm, end], left, clients }: SoakReport): string[] {
  return [
    ...Object.entries(unexpected).map(([what, count]) => `${count} times without a cause: ${what}`),
    ...(end - warm > HEAP_GROWTH
      ? [
          `the heap grew from ${megabytes(warm)} to ${megabytes(end)} MB, by more than ${megabytes(HEAP_GROWTH)}`,
        ]
      : []),
    ...left.map((what) => `open after close(): ${what}`),
    ...clients
      .filter(({ calls, tokenRequests }) => calls === 0 || tokenRequests === 0)
      .map(({ provider, life }) => `${provider}, ${life} s: made no call or no token request`),
  ];
}

/** @returns the exit code */
export async function reportSoak(run: () => Promise<SoakReport>, json: boolean): Promise<number> {
  const began = performance.now();
  const report = await run();
  const faults = faultsOf(report);
  if (json) console.log(JSON.stringify({ ...report, faults }));
  else {
    const row = (...cells: readonly (string | number)[]): string =>
      cells
        .map((cell, i) => (i === 0 ? String(cell).padEnd(10) : String(cell).padStart(14)))
        .join("  ");
    const total = (numbers: readonly number[]): number =>
      numbers.reduce((sum, one) => sum + one, 0);
    console.log(row("provider", "token lives", "calls", "token requests"));
    for (const { provider, life, calls, tokenRequests } of report.clients)
      console.log(row(provider, `${life} s`, calls, tokenRequests));
    console.log(
      `\nInjected: ${
        Object.entries(report.injected)
          .map(([harm, count]) => `${harm} ${count}`)
          .join(", ") || "nothing"
      }. Failures caused by it: ${report.excused}; others: ${total(Object.values(report.unexpected))}.`,
    );
    console.log(
      `Heap: ${megabytes(report.heap[0])} MB when warm, ${megabytes(report.heap[1])} MB at the end. Open after close(): ${report.left.join(", ") || "nothing"}.`,
    );
    for (const fault of faults) console.log(`FAILED  ${fault}`);
    console.log(
      `${total(report.clients.map(({ calls }) => calls))} calls, ${faults.length === 0 ? "no failures" : `${faults.length} failures`}; ${((performance.now() - began) / 1000).toFixed(1)} s.`,
    );
  }
  return faults.length === 0 ? 0 : 1;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
