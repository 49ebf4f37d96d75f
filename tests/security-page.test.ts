/** The tests that docs/security.md names exist. */
import { readdirSync, readFileSync } from "node:fs";

const page = readFileSync("docs/security.md", "utf8");
const sources = readdirSync("tests")
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => readFileSync(`tests/${name}`, "utf8"))
  .join("\n");
const rows = page
  .slice(page.search(/\| Promise +\|/), page.indexOf("## Not promised"))
  .split("\n")
  .slice(2)
  .filter((line) => line.startsWith("|"));
const names = rows.flatMap((line) =>
  [...(line.split("|")[2] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
);

test("each promise names what holds it", () => {
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) expect(row.split("|")[2]).toMatch(/`|linter/);
});

test.each(names)("`%s` is there", (name) => {
  if (name.startsWith("npm run "))
    return expect(JSON.parse(readFileSync("package.json", "utf8"))).toHaveProperty([
      "scripts",
      name.slice(8),
    ]);
  // What stands for anything in a name is a parameter of the test.
  for (const part of name.split("…").map((one) => one.trim())) expect(sources).toContain(part);
});
