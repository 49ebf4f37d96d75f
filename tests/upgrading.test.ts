/** docs/upgrading.md names what has moved, and names nothing that has not. */
import { readFileSync } from "node:fs";
import * as main from "../src/index.ts";
import * as kit from "../src/kit.ts";

const page = readFileSync("docs/upgrading.md", "utf8");
const section = (title: string): string => {
  const [, text] = page.split(`### ${title}\n`);
  return (text ?? "").split("\n### ")[0]!;
};
const moved = section("The parts of a provider are in `corrigenda/kit`")
  .split("\n")
  .filter((line) => line.startsWith("| ") && line.includes("`"))
  .flatMap((line) => [...line.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));

test("there are names that moved", () => {
  expect(moved.length).toBeGreaterThan(10);
});

test.each(moved)("%s is in corrigenda/kit, and no longer in the main entry", (name) => {
  expect(kit).toHaveProperty(name);
  expect(main).not.toHaveProperty(name);
});
