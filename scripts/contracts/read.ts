/** Reads a file that a person wrote. A complaint about its syntax names the file. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** @throws RangeError if the file is not YAML */
export const readYaml = (file: string): unknown => read(file, parse);

/** @throws RangeError if the file is not JSON */
export const readJson = (file: string): unknown => read(file, JSON.parse);

function read(file: string, parser: (text: string) => unknown): unknown {
  const text = readFileSync(file, "utf8");
  try {
    return parser(text);
  } catch (error) {
    // The lines after the first one show the text around the place.
    const [reason = ""] = (error instanceof Error ? error.message : "").split("\n");
    throw new RangeError(`${file}: ${reason.replace(/:$/, "")}`, { cause: error });
  }
}
