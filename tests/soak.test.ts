/**
 * A short run of `npm run soak`, and proof that it distinguishes intended failures from other
 * failures.
 */
import { spawn } from "node:child_process";
import { faultsOf, HEAP_GROWTH } from "../scripts/soak/report.ts";
import type { SoakReport } from "../scripts/soak/run.ts";
import { createVerdicts } from "../scripts/soak/verdicts.ts";

test("a short run: every client calls, harm is done, and nothing else fails or stays open", async () => {
  const child = spawn(
    process.execPath,
    [
      "--expose-gc",
      "--import",
      "tsx",
      "scripts/soak.ts",
      "--minutes",
      "0.04",
      "--loops",
      "4",
      "--json",
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += String(chunk);
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  const { faults, clients, injected } = JSON.parse(text) as SoakReport & { faults: string[] };
  expect(faults).toEqual([]);
  expect(clients).toHaveLength(6);
  expect(injected["revoked"]).toBeGreaterThan(0);
  expect(status).toBe(0);
}, 120_000);

test("a failure is excused by its own number and the harm that leads to it, and by nothing else", () => {
  let now = 0;
  const verdicts = createVerdicts(() => now);
  verdicts.harmed("1", "503");
  verdicts.failed("1", "excused", (harm) => harm === "503");
  verdicts.failed("1", "of another harm", (harm) => harm === "429");
  verdicts.failed("2", "told later", (harm) => harm === "429");
  verdicts.failed("3", "of another number", () => true);
  verdicts.failed(undefined, "of no number", () => true);
  verdicts.sweep();
  expect([...verdicts.unexpected.keys()]).toEqual(["of another harm"]);
  verdicts.harmed("2", "429");
  now = 10_000;
  verdicts.sweep();
  expect(verdicts.excused).toBe(2);
  expect([...verdicts.unexpected.keys()]).toEqual([
    "of another harm",
    "of another number",
    "of no number",
  ]);
});

test("what grows, is left open or does nothing is a fault", () => {
  const good: SoakReport = {
    clients: [{ provider: "genlogs", life: 3, calls: 1, tokenRequests: 1 }],
    injected: {},
    excused: 0,
    unexpected: {},
    heap: [1e7, 1e7 + HEAP_GROWTH],
    left: [],
  };
  expect(faultsOf(good)).toEqual([]);
  expect(
    faultsOf({
      ...good,
      unexpected: { x: 2 },
      heap: [1e7, 1e7 + HEAP_GROWTH + 1],
      left: ["1 Timeout"],
      clients: [{ provider: "genlogs", life: 3, calls: 0, tokenRequests: 0 }],
    }),
  ).toHaveLength(4);
});
