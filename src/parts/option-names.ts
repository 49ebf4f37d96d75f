/** Whether an option exists at all: a name that is misspelt must not be passed over in silence. */
import { ConfigurationError } from "../errors.ts";
import { oneLine } from "../platform/one-line.ts";

/** The names of all members of a type. The compiler sees to it that none is missing or too many. */
export const namesOf = <Options extends object>(
  names: Readonly<Record<keyof Options, true>>,
): readonly string[] => Object.keys(names);

/** Characters of a name that are looked at, and shown. */
const LONGEST = 60;
/** Characters that may be wrong in a name. */
const TYPOS = 2;

/**
 * Members that are undefined are passed over, whatever their name.
 * @param within what the options are a member of, as in `timeouts`
 * @throws ConfigurationError naming the option that does not exist, and the nearest one that does
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
  // In a short name two wrong characters leave little that is right.
  return rated.find(({ option, typos }) => typos <= Math.min(TYPOS, Math.floor(option.length / 3)))
    ?.option;
}

/**
 * Characters to put in, take out or change, to make one text of the other (Levenshtein), row by
 * row.
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
