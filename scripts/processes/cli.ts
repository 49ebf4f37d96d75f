/** Command lines of the harnesses: numbers and --json. */
import { parseArgs } from "node:util";

/** Whoever reads no further, as `head` does, is no fault. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

/** @returns the numbers, or ends the process with code 2 and says what it takes */
export function readCommandLine<N extends string>(command: string, defaults: Readonly<Record<N, number>>): Readonly<Record<N, number>> & { readonly json: boolean } {
  const names = Object.keys(defaults) as N[];
  try {
    const { values } = parseArgs({ options: { json: { type: "boolean" }, ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])) } });
    const given = values as Readonly<Record<string, string | boolean | undefined>>;
    const numbers = names.map((name) => {
      const number = given[name] === undefined ? defaults[name] : Number(given[name]);
      if (!Number.isInteger(number) || number < 1) throw new RangeError(`--${name} takes a whole number, from 1`);
      return [name, number];
    });
    return { ...(Object.fromEntries(numbers) as Record<N, number>), json: given["json"] === true };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : "wrong arguments"}\nUsage: npm run ${command} [-- ${names.map((name) => `[--${name} N]`).join(" ")} [--json]]`);
    process.exit(2);
  }
}
