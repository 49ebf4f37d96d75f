/** How a tool's process gets its jobs, and says what a user has to do by hand. */
import { createInterface } from "node:readline";

/** @returns the first line of the standard input, as JSON */
export async function readJobs() {
  for await (const line of createInterface({ input: process.stdin })) return JSON.parse(line);
  throw new Error("There are no jobs.");
}

/** @param {{ document: string, operation: string, note?: string, problem?: string }} saying */
export const say = (saying) => process.stdout.write(`${JSON.stringify(saying)}\n`);

/** The headers that carry an operation's credentials. */
export const headersOf = ({ credentials }, { security }) =>
  Object.fromEntries(
    security.map((name) => {
      const { header, prefix, value } = credentials[name];
      return [header, prefix + value];
    }),
  );
