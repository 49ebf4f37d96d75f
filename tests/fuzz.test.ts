/**
 * A short run of `npm run fuzz`, and proof that the run notices mistakes. It uses processes of its
 * own, because the steps are counted for a whole process.
 */
import { spawnSync } from "node:child_process";
import { inChild } from "./support/child.ts";

test("S-03 S-04 thousands of inputs for everything that reads foreign text: nothing untyped, no secret, no more work than is linear", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "scripts/fuzz.ts", "--inputs", "3000", "--processes", "1", "--json"],
    { encoding: "utf8", timeout: 600_000, killSignal: "SIGKILL" },
  );
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({
    inputs: 3000,
    untyped: 0,
    leaks: 0,
    work: 0,
    superlinear: 0,
    unhandled: 0,
  });
  expect((JSON.parse(stdout) as { steps: number }).steps).toBeGreaterThan(1_000_000);
  expect(status).toBe(0);
}, 660_000);

/**
 * What a run makes of one target that is broken, and of one reader. The code lies under `src`, as
 * far as the counter can see.
 */
const run = (code: string): unknown =>
  JSON.parse(
    inChild(`
  import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
  import { tmpdir } from "node:os";
  import { join } from "node:path";
  import { pathToFileURL } from "node:url";
  import { countSteps } from "$src/../scripts/fuzz/steps.ts";
  const counter = await countSteps(["/src/"]);
  const { fuzz } = await import("$src/../scripts/fuzz/run.ts");
  const { superlinear } = await import("$src/../scripts/fuzz/scaling.ts");
  const { ALL_SECRETS, SECRETS } = await import("$src/../scripts/fuzz/texts.ts");
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-fuzz-"));
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "src", "slow.mjs"), "export const pairs = (text) => { let n = 0; for (const a of text) for (const b of text) if (a === b) n += 1; return n; }; export const once = (text) => { let n = 0; for (const a of text) n += 1; return n; };");
  const { pairs, once } = await import(pathToFileURL(join(folder, "src", "slow.mjs")).href);
  rmSync(folder, { recursive: true });
  const target = (name, run, secrets = ALL_SECRETS) => ({ name, secrets, input: () => "x".repeat(20_000), size: ({ length }) => length, run: async (input) => run(input) });
  const whats = async (one) => (await fuzz([one], counter, 1, 1)).findings.map(({ what }) => what);
  console.log(JSON.stringify(await (async () => { ${code} })()));
  process.exit();`),
  );

test("the run notices an error that is not the package's own, a secret in any encoding, and work that grows with the square", () => {
  expect(
    run(`return [
    await whats(target("fine", (input) => once(input))),
    await whats(target("untyped", () => { throw new TypeError("x"); })),
    await whats(target("raw", () => new Error("no " + SECRETS.password))),
    await whats(target("cause", () => new Error("no", { cause: { deep: { deep: { deep: [SECRETS.apiKey] } } } }))),
    await whats(target("twice", () => "no " + encodeURIComponent(encodeURIComponent(SECRETS.password)))),
    await whats(target("html", () => "no " + SECRETS.password.replaceAll("&", "&amp;").replaceAll("<", "&lt;"))),
    await whats(target("base64", () => "Basic " + btoa("user:" + SECRETS.apiKey))),
    await whats(target("hex", () => Buffer.from(SECRETS.refreshToken).toString("hex"))),
    await whats(target("another's", () => SECRETS.password, [SECRETS.apiKey])),
    await whats(target("square", (input) => pairs(input))),
  ];`),
  ).toEqual([
    [],
    ["untyped"],
    ["leak"],
    ["leak"],
    ["leak"],
    ["leak"],
    ["leak"],
    ["leak"],
    [],
    ["work"],
  ]);
  expect(
    run(
      `return superlinear([{ name: "once", read: once }, { name: "pairs", read: (text) => pairs(text.slice(0, text.length / 8)) }], counter, 2, ["a"]);`,
    ),
  ).toEqual([expect.stringMatching(/^pairs, of "a": \d+, \d+, \d+ steps$/)]);
});
