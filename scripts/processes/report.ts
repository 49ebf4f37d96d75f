/** Prints the results of the crash and herd harnesses. */
import type { CrashReport } from "./crash.ts";
import type { HerdReport } from "./herd.ts";

/** @returns the exit code */
export async function reportCrash(run: () => Promise<CrashReport>, json: boolean): Promise<number> {
  const began = performance.now();
  const report = await run();
  if (json) console.log(JSON.stringify(report));
  else {
    const widths = [6, 20, 6, 5] as const;
    const row = (cells: readonly (string | number)[]): string =>
      cells
        .map((cell, i) =>
          typeof cell === "number" || i > 3
            ? String(cell).padStart(11)
            : cell.padEnd(widths[i] ?? 0),
        )
        .join("  ");
    console.log(
      row(["store", "step", "harm", "grace", "runs", "lost", "unavoidable", "double use"]),
    );
    for (const { store, step, harm, grace, ...counts } of report.perStep)
      if (counts.runs > 0)
        console.log(
          row([
            store,
            step,
            harm,
            grace ? "yes" : "no",
            counts.runs,
            counts.lost,
            counts.unavoidable,
            counts.doubleUse,
          ]),
        );
    console.log(
      `${report.runs} runs: ${report.lost} sessions lost, ${report.unavoidable} of them unavoidable; ${report.doubleUse} refresh tokens sent twice; ${seconds(began)} s.`,
    );
  }
  return report.perStep.every(
    ({ lost, unavoidable, doubleUse }) => lost === unavoidable && doubleUse === 0,
  )
    ? 0
    : 1;
}

/** @returns the exit code */
export async function reportHerd(run: () => Promise<HerdReport>, json: boolean): Promise<number> {
  const began = performance.now();
  const report = await run();
  if (json) console.log(JSON.stringify(report));
  else {
    for (const [store, { expiries, tokenRequests, failed }] of Object.entries(report.stores))
      console.log(
        `${store.padEnd(6)} ${expiries} expiries: ${tokenRequests} token requests, ${failed} callers failed`,
      );
    console.log(`${seconds(began)} s.`);
  }
  return Object.values(report.stores).every(
    ({ expiries, tokenRequests, failed }) => tokenRequests === expiries && failed === 0,
  )
    ? 0
    : 1;
}

const seconds = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);
