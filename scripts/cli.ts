/** Reads the command lines of the scripts. A wrong argument ends the process with code 2. */
import { parseArgs, type ParseArgsConfig } from "node:util";

/** A reader that closes the pipe early, such as `head`, is not an error. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Prints what is wrong and the usage, and ends the process with code 2. */
export function refuse(command: string, options: Options, what: string): never {
  const usage = Object.entries(options)
    .map(([name, { type }]) => ` [--${name}${type === "string" ? " …" : ""}]`)
    .join("");
  console.error(`${what}\nUsage: npm run ${command}${usage === "" ? "" : ` [--${usage}]`}`);
  process.exit(2);
}

/** @returns the given options */
export function readOptions<const O extends Options>(command: string, options: O) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(command, options, error instanceof Error ? error.message : "wrong arguments");
  }
}

/** @returns the numbers, each with its default, and --json */
export function readNumbers<N extends string>(
  command: string,
  defaults: Readonly<Record<N, number>>,
): Readonly<Record<N, number>> & { readonly json: boolean } {
  const names = Object.keys(defaults) as N[];
  const options: Options = {
    ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
    json: { type: "boolean" },
  };
  const given = readOptions(command, options) as Readonly<
    Record<string, string | boolean | undefined>
  >;
  const numbers = names.map((name) => {
    const number = given[name] === undefined ? defaults[name] : Number(given[name]);
    return [
      name,
      Number.isInteger(number) && number >= 1
        ? number
        : refuse(command, options, `--${name} takes a whole number from 1.`),
    ];
  });
  return { ...(Object.fromEntries(numbers) as Record<N, number>), json: given["json"] === true };
}
