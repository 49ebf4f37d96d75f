/** Judges a run of mutants: the score, and the survivors against the list with reasons. */

/** The least share of mutants that have to be killed, in percent. */
export const LEAST = 90;

interface Position {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** What is read of Stryker's report (mutation testing report schema 2). */
export interface MutationReport {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string;
        readonly mutants: readonly {
          readonly mutatorName: string;
          readonly replacement?: string;
          readonly status: string;
          readonly location: { readonly start: Position; readonly end: Position };
        }[];
      }
    >
  >;
}

/** An entry of the list. The numbers of lines change too often to name a mutant by them. */
export interface Listed {
  readonly file: string;
  /** The line on which the mutant begins, without indentation. */
  readonly line: string;
  /** What is replaced, and by what. Any run of white space counts as one space. */
  readonly from: string;
  readonly to: string;
  /** Why no test can notice it. */
  readonly reason: string;
}

interface Score {
  readonly mutants: number;
  readonly killed: number;
  readonly survived: number;
  /** Percent, with one decimal, rounded down. */
  readonly score: number;
}

/** The result of a run. */
export interface Verdict extends Score {
  readonly files: Readonly<Record<string, Score>>;
  readonly listed: number;
  /** What is wrong, one text each. */
  readonly problems: readonly string[];
}

/** Other statuses count for nothing: a text for people, or code that cannot be loaded. */
const KILLED = ["Killed", "Timeout"];
const SURVIVED = ["Survived", "NoCoverage"];

/** @param only judge this file alone */
export function judge(
  { files }: MutationReport,
  list: readonly Listed[],
  only: string | undefined,
): Verdict {
  const expected = list.filter((one) => only === undefined || one.file === only);
  const left = new Map<string, number>();
  for (const one of expected) left.set(nameOf(one), (left.get(nameOf(one)) ?? 0) + 1);
  const problems = expected
    .filter(({ reason }) => typeof reason !== "string" || reason.length < 10)
    .map((one) => `No reason is given for: ${nameOf(one)}`);
  const scores: Record<string, Score> = {};
  for (const [file, { source, mutants }] of Object.entries(files)) {
    if (only !== undefined && file !== only) continue;
    const lines = source.split("\n");
    const survivors = mutants.filter(({ status }) => SURVIVED.includes(status));
    const killed = mutants.filter(({ status }) => KILLED.includes(status)).length;
    scores[file] = scoreOf(killed, survivors.length);
    for (const { replacement = "", location } of survivors) {
      const { start } = location;
      const line = lines[start.line - 1] ?? "";
      const name = nameOf({ file, line, from: textOf(lines, location), to: replacement });
      const listed = left.get(name) ?? 0;
      if (listed > 0) left.set(name, listed - 1);
      else problems.push(`Survived, and is not listed (line ${start.line}): ${name}`);
    }
  }
  for (const [name, count] of left)
    if (count > 0) problems.push(`Listed, and was killed or does not exist: ${name}`);
  const all = Object.values(scores);
  const sum = (of: (score: Score) => number): number => all.reduce((n, one) => n + of(one), 0);
  const total = scoreOf(
    sum(({ killed }) => killed),
    sum(({ survived }) => survived),
  );
  if (total.score < LEAST) problems.push(`Fewer than ${LEAST} % of the mutants were killed.`);
  return { ...total, files: scores, listed: expected.length, problems };
}

function scoreOf(killed: number, survived: number): Score {
  const mutants = killed + survived;
  const score = mutants === 0 ? 100 : Math.floor((1000 * killed) / mutants) / 10;
  return { mutants, killed, survived, score };
}

/** The text between two positions. */
function textOf(
  lines: readonly string[],
  { start, end }: { start: Position; end: Position },
): string {
  const text = lines.slice(start.line - 1, end.line);
  text[text.length - 1] = (text.at(-1) ?? "").slice(0, end.column - 1);
  text[0] = (text[0] ?? "").slice(start.column - 1);
  return text.join(" ");
}

const plain = (text: string): string => text.replace(/\s+/g, " ").trim();

const nameOf = ({ file, line, from, to }: Omit<Listed, "reason">): string =>
  `${file}: ${plain(line)}: ${plain(from)} -> ${plain(to)}`;
