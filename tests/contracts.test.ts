/**
 * Every contract case on three executors, and the checks that keep the proof complete. `npm run
 * contracts` prints the whole score.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cellName, cellsOf } from "../scripts/contracts/cells.ts";
import { isOwn, onSandbox } from "../scripts/contracts/executors.ts";
import { implementations } from "../scripts/contracts/implementations.ts";
import { load, type NamedCase } from "../scripts/contracts/load.ts";
import { applyOverlay } from "../scripts/contracts/overlay.ts";
import { apinizer } from "../src/index.ts";
import { startSandbox } from "../src/sandbox/index.ts";
import { createContract, runCase } from "../src/testing/index.ts";
import { contractSuite } from "./support/contract-suite.ts";

describe.each(load())("$provider", (subject) =>
  contractSuite(subject, implementations[subject.provider]!),
);

test("the sandbox answers at least 80 % of the cells by itself, with all of their cases", () => {
  const own = load().flatMap(({ document, forms, cases }) =>
    cellsOf(document, forms).map((cell) =>
      cases
        .filter((one) => one.conforms === undefined && cellName(one) === cellName(cell))
        .every(isOwn),
    ),
  );
  expect(own.length).toBeGreaterThan(40);
  expect(own.filter(Boolean).length / own.length).toBeGreaterThanOrEqual(0.8);
});

test("what the sandbox answers by itself is compared by values", async () => {
  const { document, cases } = load().find(({ provider }) => provider === "apinizer")!;
  const contract = await createContract(document);
  const named = (name: string) => cases.find((one) => one.name === name)!;
  const run = (one: NamedCase) => onSandbox(implementations["apinizer"]!, contract, one);
  const [projects, limit, token] = ["listProjects.200", "listProjects.429", "createToken.200"].map(
    named,
  );
  const other = { resultList: [] };
  expect(await run({ ...projects!, sandbox: { own: true, data: other } })).toEqual([
    expect.stringContaining(`expected the data {"resultList":[]}, got {"status":"SUCCESS"`),
  ]);
  expect(await run({ ...limit!, sandbox: { own: true, fault: "server-error" } })).toEqual([
    "expected kind rate_limited, got server",
    "expected status 429, got 500",
    "expected vendorCode rate_limit_exceeded, got FAILURE",
    "expected retryAfter 30, got undefined",
  ]);
  expect(await run({ ...token!, sandbox: { own: true, settings: { tokenLifetime: 60 } } })).toEqual(
    [expect.stringMatching(/^expected a lifetime of 3600, got /)],
  );
  const refused = named("createToken.400.no-grant-type");
  const body = { error: "invalid_request" };
  expect(await run({ ...refused, response: { ...refused.response, body } })).toEqual([
    "refused with the code unsupported_grant_type, not invalid_request",
  ]);
});

test("an overlay that matches nothing is an error", () => {
  expect(() => applyOverlay({ a: {} }, [{ target: "$.b", remove: true }])).toThrow(
    "matches nothing",
  );
  expect(() => applyOverlay({ a: {} }, [{ target: "$.a", copy: "$.b" }])).toThrow(
    "matches nothing",
  );
});

test("a published overlay that is not YAML, extends no spec, or matches nothing in it, is named by its file", () => {
  const root = mkdtempSync(join(tmpdir(), "corrigenda-overlays-"));
  const write = (text: string) =>
    writeFileSync(join(root, "openapi/overlays/notes-old.yaml"), text);
  try {
    mkdirSync(join(root, "openapi/overlays"), { recursive: true });
    writeFileSync(join(root, "openapi/notes.yaml"), "paths: {}\n");
    for (const text of ["", "actions: []\n", "extends: ../other.yaml\nactions: []\n"]) {
      write(text);
      expect(() => load(root)).toThrow(
        "openapi/overlays/notes-old.yaml: `extends` does not name a spec",
      );
    }
    write("extends: ../notes.yaml\nactions: [{ target: $.tags, remove: true }]\n");
    expect(() => load(root)).toThrow(
      "openapi/overlays/notes-old.yaml: the overlay's target $.tags matches nothing",
    );
    write("extends: ../notes.yaml\nactions: [\n");
    expect(() => load(root)).toThrow(/openapi\/overlays\/notes-old\.yaml: .* at line \d+/);
    write("extends: ../notes.yaml\nactions: [{ target: $.paths, update: { /old: {} } }]\n");
    expect(load(root)).toMatchObject([
      { provider: "notes", forms: [{ name: "old", document: { paths: { "/old": {} } } }] },
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("overlay actions: objects merge, lists are appended to, the rest is replaced; removal and copy", () => {
  const document = {
    a: { list: [1], text: "x", deep: { kept: 1 } },
    b: [{ id: 1 }, { id: 2 }, { id: 3 }],
  };
  expect(
    applyOverlay(document, [
      { target: "$.a", update: { list: [2], text: "y", deep: { added: 2 } } },
    ]),
  ).toMatchObject({ a: { list: [1, 2], text: "y", deep: { kept: 1, added: 2 } } });
  expect(applyOverlay(document, [{ target: "$.b[0,1]", remove: true }])).toMatchObject({
    b: [{ id: 3 }],
  });
  expect(applyOverlay(document, [{ target: "$.b[0]", copy: "$.a" }])).toMatchObject({
    b: [{ id: 1, text: "x" }, { id: 2 }, { id: 3 }],
  });
  expect(document.a.list).toEqual([1]);
});

test("the fourth executor: safe cases against any address, and what comes back against the spec", async () => {
  const sandbox = await startSandbox();
  try {
    const { document, cases } = load().find(({ provider }) => provider === "apinizer")!;
    const contract = await createContract(document);
    const { managerUrl, ...account } = sandbox.apinizer.options;
    const safe = cases.filter((one) => one.safe);
    expect(safe.length).toBeGreaterThan(2);
    const run = (one: (typeof safe)[number]) =>
      runCase(contract, one, {
        provider: apinizer,
        baseUrl: `${managerUrl}/apiops`,
        account,
      });
    for (const one of safe) expect(await run(one)).toEqual([]);
    sandbox.apinizer.fail({
      operation: "listProjects",
      status: 200,
      headers: { "content-type": "application/json" },
      body: `{"resultList":[{"nme":"canary"}]}`,
    });
    const problems = await run(safe.find(({ operationId }) => operationId === "listProjects")!);
    expect(problems).toEqual([
      "the answer 200 to listProjects breaks the spec at /resultList/0/name: must have required property 'name'",
    ]);
  } finally {
    await sandbox.close();
  }
});

test("the pages of the ledger are up to date", () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--import", "tsx", "scripts/errata.ts", "--check"],
    { encoding: "utf8" },
  );
  expect({ status, stdout }).toMatchObject({ status: 0 });
});
