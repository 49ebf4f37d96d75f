/**
 * Checks the names of options: a misspelt option would have no effect, so it must be an error.
 */
import { ConfigurationError } from "../errors.ts";
import { oneLine } from "../platform/one-line.ts";

/**
 * The names of all members of a type. The compiler reports a name that is missing, and a name that
 * the type does not have.
 * @example
 * ```ts
 * const names = namesOf<CloseOptions>({ within: true });
 * ```
 */
export const namesOf = <Options extends object>(
  names: Readonly<Record<keyof Options, true>>,
): readonly string[] => Object.keys(names);

/** The most characters of a name that are compared and shown. */
const LONGEST = 60;
/** The most typos in a name for which a suggestion is made. */
const TYPOS = 2;

/**
 * Checks that every option is known. Options that are undefined are ignored, whatever their name.
 * @param within name of the option that these options are members of, such as `timeouts`
 * @throws ConfigurationError for an option that does not exist. It names the most similar option.
 */
export function requireKnown(options: object, known: readonly string[], within?: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    const path = (option: string): string =>
      within === undefined ? option : `${within}.${option}`;
    const option = path(oneLine(name.slice(0, LONGEST)));
    const near = nearest(name.slice(0, LONGEST), known);
    throw new ConfigurationError({
      option,
      message: `There is no option \`${option}\`. ${near === undefined ? `There are ${known.map((one) => `\`${path(one)}\``).join(", ")}.` : `Did you mean \`${path(near)}\`?`}`,
    });
  }
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const rated = known
    .map((option) => ({ option, typos: distance(plain(name), plain(option)) }))
    .sort((a, b) => a.typos - b.typos);
  // A short name with two typos is similar to too many names.
  return rated.find(({ option, typos }) => typos <= Math.min(TYPOS, Math.floor(option.length / 3)))
    ?.option;
}

/**
 * The number of characters to insert, delete or change to make one text of the other (Levenshtein),
 * computed row by row.
 */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length]!;
}
