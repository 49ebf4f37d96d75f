/** Docstrings say which error a caller may see: each `@throws` of src/ names a class. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as errors from "../src/errors.ts";

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join("src", name));
const CLASSES = new Set(
  [...Object.entries(errors), ...Object.entries(globalThis)]
    .filter(([, value]) => typeof value === "function")
    .map(([name]) => name)
    .concat(Object.getOwnPropertyNames(globalThis))
    .filter((name) => /^([A-Z]\w*)?(Error|Exception)$/.test(name)),
);

/** The first word behind each `@throws`, with the line it stands on. */
function thrown(text: string): readonly (readonly [line: number, name: string])[] {
  return [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap(({ 0: comment, index }) =>
    [...comment.matchAll(/@throws(?:\s|\*(?!\/))*\{?(\w*)/g)].map(
      (match) => [text.slice(0, index + match.index).split("\n").length, match[1] ?? ""] as const,
    ),
  );
}

test("the classes are known, and a wrong name is seen", () => {
  expect(CLASSES).toContain("StoreError");
  expect(CLASSES).toContain("RangeError");
  expect(
    thrown("/** @throws StoreError if it\n * fails. @throws\n * RangeError */\n// @throws not\n"),
  ).toEqual([
    [1, "StoreError"],
    [2, "RangeError"],
  ]);
  expect(thrown("/** @throws what the call throws */")).toEqual([[1, "what"]]);
});

test("each @throws names a class", () => {
  const wrong = files.flatMap((file) =>
    thrown(readFileSync(file, "utf8"))
      .filter(([, name]) => !CLASSES.has(name))
      .map(([line, name]) => `${file}:${line}: @throws ${name}`),
  );
  expect(wrong).toEqual([]);
});
