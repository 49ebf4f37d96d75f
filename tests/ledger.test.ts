/** A ledger that is wrong is told what is wrong, with file and line. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { disagreements } from "../scripts/contracts/agreement.ts";
import { proofFaults } from "../scripts/contracts/believe.ts";
import { load } from "../scripts/contracts/load.ts";
import { score } from "../scripts/contracts/score.ts";
import { implementations, writeSmallProvider } from "./support/small-provider.ts";

/** Of a page that says that a 404 is a 410. */
const LEDGER = `provider: notes
documents:
  reference:
    title: Reference of the notes
    publisher: Notes
    by: vendor
    version: undated
    read: "2026-11-25"
errata:
  - id: NO-01
    title: A note that is not there is gone
    kind: wire
    origin: beyond
    claims:
      - { document: reference, at: "section 4", says: An unknown note gives a 410. }
    resolution: An unknown note gives a 404.
    confidence: documented
    pointers: ["/paths/~1notes~1{id}/get"]
    evidence: [getNote.404]
    documented:
      - { target: "$.paths['/notes/{id}'].get.responses['404']", remove: true }
    violations:
      - { half: answer, in: body, at: "", rule: status }
`;
const SPEC = join("openapi", "notes.yaml");
const CASE = join("tests", "cases", "notes", "getNote.404.json");

const folder = mkdtempSync(join(tmpdir(), "corrigenda-ledger-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is wrong with this ledger. @param ledger undefined: there is none */
async function faultsOf(ledger: string | undefined): Promise<string[]> {
  rmSync(folder, { recursive: true });
  writeSmallProvider(folder);
  const spec = parse(readFileSync(join(folder, SPEC), "utf8")) as {
    paths: Record<string, Record<string, object>>;
  };
  Object.assign(spec.paths["/notes/{id}"]!["get"]!, { "x-errata": ["NO-01"] });
  writeFileSync(join(folder, SPEC), stringify(spec));
  const one = JSON.parse(readFileSync(join(folder, CASE), "utf8")) as object;
  writeFileSync(join(folder, CASE), JSON.stringify({ ...one, errata: ["NO-01"] }));
  mkdirSync(join(folder, "openapi", "errata"));
  if (ledger !== undefined) writeFileSync(join(folder, "openapi", "errata", "notes.yaml"), ledger);
  const subject = load(folder)[0]!;
  const proofs = subject.ledger.errata.map((erratum) => proofFaults(erratum, subject));
  return [...disagreements(subject), ...(await Promise.all(proofs)).flat()];
}

test("a ledger that is right leaves nothing to say, and its sources are counted", async () => {
  expect(await faultsOf(LEDGER)).toEqual([]);
  const { report } = await score(folder, implementations);
  expect(report).toMatchObject({
    errata: { total: 1, killed: 1 },
    documents: { total: 1, withAddress: 0, vendor: 1, thirdParty: 0 },
  });
});

test.each<readonly [string, (ledger: string) => string | undefined, string]>([
  [
    "without a source",
    (text) => text.replace(/documents:\n(?: .*\n)+/, "documents: {}\n"),
    "notes.yaml:2: /documents must NOT have fewer than 1 properties",
  ],
  [
    "with a source of which nobody knows when it was read",
    (text) => text.replace(/ +read:.*\n/, ""),
    "notes.yaml:4: /documents/reference must have required property 'read'",
  ],
  [
    "with a claim that has no place in the document",
    (text) => text.replace(' at: "section 4",', ""),
    "notes.yaml:15: erratum NO-01: /errata/0/claims/0 must have required property 'at'",
  ],
  [
    "with a claim of a document that it does not name",
    (text) => text.replace("document: reference", "document: manual"),
    "notes.yaml:15: erratum NO-01: the ledger has no document manual",
  ],
  [
    "with a document that no claim cites",
    (text) =>
      text.replace(
        "errata:\n",
        "  manual:\n    { title: A manual, publisher: Notes, by: vendor, version: undated, read: 2026-11-25 }\nerrata:\n",
      ),
    "notes.yaml:10: no claim cites the document manual",
  ],
  [
    "with an overlay that matches nothing",
    (text) => text.replace("responses['404']", "responses['405']"),
    "notes.yaml:21: erratum NO-01: the overlay's target $.paths['/notes/{id}'].get.responses['405'] matches nothing",
  ],
  [
    "with an overlay that changes nothing for its case",
    (text) => text.replace("responses['404']", "responses['401']"),
    "notes.yaml:21: erratum NO-01: if the documents are believed, its case getNote.404 does not fail",
  ],
  [
    "with an overlay under which the case fails for another reason",
    (text) => text.replace(".get.responses['404']", ""),
    'notes.yaml:21: erratum NO-01: its case getNote.404 fails by request path "" path, and by none of answer body "" status',
  ],
  [
    "that names a violation besides, which no case shows",
    (text) => `${text}      - { half: answer, in: body, at: /error, rule: type }\n`,
    "notes.yaml:21: erratum NO-01: none of its cases fails by answer body /error type",
  ],
  [
    "with evidence that does not exist",
    (text) => text.replace("[getNote.404]", "[getNote.404, getNote.418]"),
    "notes.yaml:19: erratum NO-01: its evidence, the case getNote.418, does not exist",
  ],
  [
    "with an overlay that another entry has already",
    (text) => text + text.slice(text.indexOf("  - id")).replace("NO-01", "NO-02"),
    "notes.yaml:35: erratum NO-02: its overlay is that of NO-01, which counts already",
  ],
  [
    "with a form that does not exist",
    (text) => text.replace("    pointers:", "    form: old\n    pointers:"),
    "notes.yaml:19: erratum NO-01: the spec's form old has no /paths/~1notes~1{id}/get",
  ],
  ["that is no YAML", (text) => `${text}  }\n`, "notes.yaml:24: it is not YAML"],
  [
    "that is missing",
    () => undefined,
    "openapi/notes.yaml: erratum NO-01: the spec carries it at /paths/~1notes~1{id}/get, and there is no ledger openapi/errata/notes.yaml",
  ],
])("a ledger %s", async (_, change, fault) => {
  const found = await faultsOf(change(LEDGER));
  expect(found).toContainEqual(expect.stringContaining(fault));
});

test("a folder without specs, or without ledgers, is named", () => {
  expect(() => load(join(folder, "nothing"))).toThrow(/has no folder openapi\//);
  const [contracts, errata] = [["contracts", "--root", join(folder, "nothing")], ["errata"]].map(
    ([name, ...args]) =>
      spawnSync(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), resolve(`scripts/${name}.ts`), ...args],
        { encoding: "utf8", cwd: name === "errata" ? tmpdir() : process.cwd() },
      ),
  );
  expect(contracts).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("has no folder openapi/"),
  });
  expect(errata).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("no folder openapi/errata/"),
  });
});
