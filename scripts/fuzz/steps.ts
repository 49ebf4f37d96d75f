/**
 * Work, counted and not timed: how often each block of the code under test was run, as V8's precise
 * coverage counts it. What the platform itself does for a call (JSON.parse, a pattern) counts as
 * one step; that no pattern takes more than linear time is the linter's to see.
 */
import { Session } from "node:inspector/promises";

export interface StepCounter {
  /** Steps since the last call. */
  take(): Promise<number>;
  close(): Promise<void>;
}

/** @param folders whose files are counted, as parts of their addresses */
export async function countSteps(folders: readonly string[]): Promise<StepCounter> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  return {
    async take() {
      const { result } = await session.post("Profiler.takePreciseCoverage");
      return result
        .filter(({ url }) => folders.some((folder) => url.includes(folder)))
        .reduce(
          (sum, { functions }) =>
            functions.reduce(
              (inner, { ranges }) => ranges.reduce((total, { count }) => total + count, inner),
              sum,
            ),
          0,
        );
    },
    async close() {
      await session.post("Profiler.stopPreciseCoverage");
      session.disconnect();
    },
  };
}
