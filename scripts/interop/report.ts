/** The matrix of documents, operations and tools. */
import type { Result } from "./tools.ts";

export interface Row {
  readonly document: string;
  readonly operation: string;
  /** By the name of the tool. */
  readonly results: Readonly<Record<string, Pick<Result, "requests" | "problems" | "notes">>>;
}

export function rowsOf(results: readonly Result[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { tool, document, operation, ...result } of results) {
    const key = `${document} ${operation}`;
    const row = rows.get(key) ?? { document, operation, results: {} };
    rows.set(key, { ...row, results: { ...row.results, [tool]: result } });
  }
  return [...rows.values()];
}

/**
 * A table, and below it the notes and what went wrong.
 * @param versions the version of each package, by its name
 */
export function reportMatrix(
  rows: readonly Row[],
  versions: Readonly<Record<string, string>>,
): string {
  const tools = [...new Set(rows.flatMap(({ results }) => Object.keys(results)))];
  const notes = [...new Set(all(rows).flatMap(({ result }) => result.notes))];
  const cell = (result: Row["results"][string] | undefined): string => {
    if (!result) return "-";
    const marks = result.notes.map((note) => ` (${notes.indexOf(note) + 1})`).join("");
    return (result.problems.length === 0 ? "ok" : "WRONG") + marks;
  };
  const lines = [
    ["", "", ...tools],
    ...rows.map(({ document, operation, results }) => [
      document,
      operation,
      ...tools.map((tool) => cell(results[tool])),
    ]),
  ];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const table = lines.map((line) =>
    line
      .map((text, i) => text.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
  const wrong = all(rows).flatMap(({ row, tool, result }) =>
    [...new Set(result.problems)].map(
      (problem) => `WRONG  ${tool}, ${row.document} ${row.operation}: ${problem}`,
    ),
  );
  const requests = all(rows).reduce((sum, { result }) => sum + result.requests, 0);
  return [
    ...table,
    "",
    ...notes.map((note, i) => `(${i + 1}) ${note}`),
    `With ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}.`,
    `${requests} requests arrived; ${wrong.length} problems.`,
    ...wrong,
  ].join("\n");
}

const all = (rows: readonly Row[]) =>
  rows.flatMap((row) =>
    Object.entries(row.results).map(([tool, result]) => ({ row, tool, result })),
  );
