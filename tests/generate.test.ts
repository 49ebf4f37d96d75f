/**
 * `npm run generate -- --check` finds and names every generated file that is stale, missing or
 * without an OpenAPI document.
 */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "corrigenda-generate-"));
afterAll(() => rmSync(folder, { recursive: true }));

const names = readdirSync("openapi").filter((file) => file.endsWith(".yaml"));
const withScheme = (scheme: string) => (text: string) =>
  text.replace("type: http\n      scheme: bearer", `type: http\n      scheme: ${scheme}`);
/** Specs, each with the change that is made to it. */
const edits: Readonly<Record<string, (text: string) => string>> = {
  committed: (text) => text,
  edited: (text) =>
    text
      .replace("summary: ", "summary: Edited. ")
      .replace(/operationId: (\w+)/, "operationId: $1Edited"),
  refused: withScheme("digest"),
  basic: withScheme("Basic"),
};

/**
 * What there is to say of each of them, by one process: it takes longer to start than to generate.
 */
let found: Readonly<Record<string, unknown>>;
/** What is generated of Apinizer's spec with the scheme basic. */
let meta: string;
beforeAll(() => {
  for (const [edit, apply] of Object.entries(edits)) {
    cpSync("openapi/overlays", join(folder, edit, "overlays"), { recursive: true });
    for (const name of names)
      writeFileSync(join(folder, edit, name), apply(readFileSync(join("openapi", name), "utf8")));
  }
  const code = `
    import { compare, generate } from ${JSON.stringify(`${process.cwd()}/scripts/generate/files.ts`)};
    const found = {};
    for (const edit of ${JSON.stringify(Object.keys(edits))}) found[edit] = await generate(${JSON.stringify(folder)} + "/" + edit).then((files) => compare(files, "generated"), (error) => error.message);
    const meta = (await generate(${JSON.stringify(join(folder, "basic"))})).get("apinizer.meta.ts");
    console.log(JSON.stringify({ found, meta }));`;
  ({ found, meta } = JSON.parse(
    spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
      encoding: "utf8",
    }).stdout,
  ) as { found: typeof found; meta: string });
});

test("what is committed is up to date", () => {
  expect(found["committed"]).toEqual([]);
});

test("an edit of a spec is noticed in each file made from it", () => {
  expect(found["edited"]).toEqual(
    names.flatMap((name) =>
      [
        ...[".ts", ".meta.ts", ".document.ts"].map((ending) => name.replace(".yaml", ending)),
        ...(name === "genlogs.yaml" ? ["genlogs-query.document.ts"] : []),
      ].map((name) => ({ what: "stale", name })),
    ),
  );
});

test("a spec that the wrapper cannot follow is refused by name", () => {
  expect(found["refused"]).toContain("apinizer.yaml: the security scheme bearer");
});

test("RFC 7617: a security scheme `http: basic` is a header with the prefix Basic", () => {
  expect(found["basic"]).toEqual([
    { what: "stale", name: "apinizer.meta.ts" },
    { what: "stale", name: "apinizer.document.ts" },
  ]);
  expect(meta).toMatch(/"bearer": \{\s+"header": "Authorization",\s+"prefix": "Basic "\s+\}/);
});

test("a missing and an orphaned file are named, and mended without --check", () => {
  const out = join(folder, "generated");
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "scripts/generate.ts", "--out", out, ...args],
      { encoding: "utf8" },
    );
    return { status, text: stdout + stderr };
  };
  cpSync("generated", out, { recursive: true });
  rmSync(join(out, "genlogs.meta.ts"));
  writeFileSync(join(out, "gone.ts"), "");
  appendFileSync(join(out, "apinizer.ts"), "// edited\n");
  const { status, text } = run("--check");
  expect(status).toBe(1);
  expect(text).toMatch(/missing +\S*genlogs\.meta\.ts/);
  expect(text).toMatch(/orphaned +\S*gone\.ts/);
  expect(text).toMatch(/stale +\S*apinizer\.ts/);
  expect(run().status).toBe(0);
  const contents = (folder: string): string[] =>
    readdirSync(folder)
      .sort()
      .map((name) => name + readFileSync(join(folder, name), "utf8"));
  expect(contents(out)).toEqual(contents("generated"));
});
