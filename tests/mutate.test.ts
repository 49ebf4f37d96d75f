/** What `npm run mutate` makes of a report. The run itself takes too long for a test. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { judge, type Listed, type MutationReport } from "../scripts/mutate/judge.ts";

const source = "function half(n: number) {\n  return n / 2;\n}\n";
const mutant = (status: string, replacement = "n * 2") => ({
  mutatorName: "ArithmeticOperator",
  replacement,
  status,
  location: { start: { line: 2, column: 10 }, end: { line: 2, column: 15 } },
});
const report = (...statuses: string[]): MutationReport => ({
  files: { "src/half.ts": { source, mutants: statuses.map((status) => mutant(status)) } },
});
const listed: Listed = {
  file: "src/half.ts",
  line: "return n / 2;",
  from: "n  / 2",
  to: "n * 2",
  reason: "Nobody calls it.",
};
const kills = (count: number): string[] => Array.from({ length: count }, () => "Killed");

test("killed mutants, and those that run out of time, make the score", () => {
  expect(judge(report("Killed", "Timeout", "Ignored"), [], undefined)).toEqual({
    ...{ mutants: 2, killed: 2, survived: 0, score: 100, listed: 0, problems: [] },
    files: { "src/half.ts": { mutants: 2, killed: 2, survived: 0, score: 100 } },
  });
});

test("a survivor that is not listed fails, as does one that no test reaches", () => {
  for (const status of ["Survived", "NoCoverage"])
    expect(judge(report(...kills(20), status), [], undefined).problems).toEqual([
      "Survived, and is not listed (line 2): src/half.ts: return n / 2;: n / 2 -> n * 2",
    ]);
});

test("a listed survivor passes, once", () => {
  expect(judge(report(...kills(20), "Survived"), [listed], undefined).problems).toEqual([]);
  expect(judge(report(...kills(20), "Survived", "Survived"), [listed], undefined).problems).toEqual(
    [expect.stringContaining("not listed")],
  );
});

test("a listed mutant that is killed, or does not exist, fails", () => {
  expect(judge(report("Killed"), [listed], undefined).problems).toEqual([
    "Listed, and was killed or does not exist: src/half.ts: return n / 2;: n / 2 -> n * 2",
  ]);
  expect(judge({ files: {} }, [listed], "src/other.ts").problems).toEqual([]);
});

test("a listed mutant without a reason fails", () => {
  const { problems } = judge(
    report(...kills(20), "Survived"),
    [{ ...listed, reason: "" }],
    undefined,
  );
  expect(problems).toEqual([expect.stringContaining("No reason is given")]);
});

test("fewer than 90 % fail, though every survivor is listed", () => {
  const list = [listed, listed];
  const { problems, score } = judge(report(...kills(17), "Survived", "Survived"), list, undefined);
  expect([problems, score]).toEqual([["Fewer than 90 % of the mutants were killed."], 89.4]);
  expect(judge(report(...kills(18), "Survived", "Survived"), list, undefined).problems).toEqual([]);
});

test("each listed survivor is in the code as it is now, and has a reason", () => {
  const plain = (text: string): string => text.replace(/\s+/g, " ");
  const list = parse(readFileSync("tests/surviving-mutants.yaml", "utf8")) as readonly Listed[];
  for (const { file, line, from, to, reason } of list) {
    const source = plain(readFileSync(file, "utf8"));
    expect([file, source]).toEqual([file, expect.stringContaining(plain(line))]);
    expect([file, source]).toEqual([file, expect.stringContaining(plain(from))]);
    expect(plain(to)).not.toBe(plain(from));
    expect(reason.length).toBeGreaterThan(20);
  }
});
