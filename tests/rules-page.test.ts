/** docs/rules.md names tests that exist and that check the rule. */
import { existsSync, readFileSync } from "node:fs";

const sections = readFileSync("docs/rules.md", "utf8")
  .split(/^### /m)
  .slice(1)
  .map((section) => {
    const [line = ""] = /^Tests: (?:.+\n)+/m.exec(section) ?? [];
    const files = [...line.matchAll(/`([^`]+)`/g)].map(([, file = ""]) => `tests/${file}`);
    return { id: section.split(":")[0] ?? "", files };
  });

test("there are 22 rules of the token lifecycle, and six of security", () => {
  expect(sections.map(({ id }) => id)).toEqual([
    ...Array.from({ length: 22 }, (_, i) => `T-${String(i + 1).padStart(2, "0")}`),
    ...Array.from({ length: 6 }, (_, i) => `S-0${i + 1}`),
  ]);
});

test.each(sections)("$id is checked by the tests that its section names", ({ id, files }) => {
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    expect([file, existsSync(file)]).toEqual([file, true]);
    // The id stands in a string, that is, in a name of a test.
    expect([file, readFileSync(file, "utf8")]).toEqual([
      file,
      expect.stringMatching(new RegExp(`["\`][^"\`\n]*\\b${id}\\b`)),
    ]);
  }
});
