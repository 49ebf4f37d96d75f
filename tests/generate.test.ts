/** `npm run generate -- --check` finds every file that is stale, missing or orphaned, and names it. */
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "corrigenda-generate-"));
const [specs, out] = [join(folder, "openapi"), join(folder, "generated")];
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "scripts/generate.ts", "--specs", specs, "--out", out, ...args], { encoding: "utf8" });
  return { status, text: stdout + stderr };
};
beforeEach(() => {
  cpSync("openapi", specs, { recursive: true });
  cpSync("generated", out, { recursive: true });
});
afterEach(() => rmSync(specs, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

test("what is committed is up to date", () => {
  expect(run("--check")).toMatchObject({ status: 0 });
});

test("an edit of a spec is noticed in each file made from it", () => {
  const names = readdirSync("openapi").filter((file) => file.endsWith(".yaml"));
  for (const name of names) {
    const text = readFileSync(join(specs, name), "utf8");
    writeFileSync(join(specs, name), text.replace("summary: ", "summary: Edited. ").replace(/operationId: (\w+)/, "operationId: $1Edited"));
  }
  const { status, text } = run("--check");
  expect(status).toBe(1);
  for (const name of names) for (const ending of ["", ".meta", ".document"]) expect(text).toMatch(new RegExp(`stale +\\S*${name.replace(".yaml", "")}${ending}\\.ts`));
}, 60_000);

test("a missing and an orphaned file are named, and mended without --check", () => {
  rmSync(join(out, "genlogs.meta.ts"));
  writeFileSync(join(out, "gone.ts"), "");
  appendFileSync(join(out, "apinizer.ts"), "// edited\n");
  const { status, text } = run("--check");
  expect(status).toBe(1);
  expect(text).toMatch(/missing +\S*genlogs\.meta\.ts/);
  expect(text).toMatch(/orphaned +\S*gone\.ts/);
  expect(text).toMatch(/stale +\S*apinizer\.ts/);
  expect(run().status).toBe(0);
  const contents = (folder: string): string[] => readdirSync(folder).sort().map((name) => name + readFileSync(join(folder, name), "utf8"));
  expect(contents(out)).toEqual(contents("generated"));
}, 60_000);

test("a spec that the wrapper cannot follow is refused by name", () => {
  const text = readFileSync(join(specs, "apinizer.yaml"), "utf8");
  writeFileSync(join(specs, "apinizer.yaml"), text.replace("type: http\n      scheme: bearer", "type: http\n      scheme: digest"));
  const { status, text: said } = run("--check");
  expect(status).not.toBe(0);
  expect(said).toContain("apinizer.yaml: the security scheme bearer");
});
