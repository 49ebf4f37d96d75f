/**
 * The errata pages: a file that does not match its schema is not rendered, and the text of an entry
 * is shown as text only.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { load } from "../scripts/contracts/load.ts";
import { indexPage, markdown, vendorPage } from "../scripts/errata/render.ts";
import { ledgerFaults, type Erratum } from "../scripts/errata/ledger.ts";
import { inChild } from "./support/child.ts";

const HOSTILE = [
  `"><script>alert(1)</script>`,
  `' onmouseover='alert(1)`,
  `" onfocus="alert(1)" autofocus="`,
  `<img src=x onerror=alert(1)>`,
  `javascript:alert(1)`,
  `data:text/html,<script>alert(1)</script>`,
  `[x](javascript:alert(1))`,
  `![x](javascript:alert(1))`,
  `<javascript:alert(1)>`,
  `x](javascript:alert(1)) [y`,
  `x) <svg/onload=alert(1)> (`,
  "`` <script>alert(1)</script> `",
  "` <script>alert(1)</script> ``",
  "`<b>`<script>alert(1)</script>`",
  "x\n\n<script>alert(1)</script>\n\n",
  "x\n```\n<script>alert(1)</script>\n",
  "x\n~~~~\n<iframe src=javascript:alert(1)>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "\\<script>alert(1)</script>",
  "</pre></details><script>alert(1)</script>",
  "--><script>alert(1)</script><!--",
  "[x]: javascript:alert(1)",
  "<style>*{display:none}</style>",
  "<form action=//evil.example>",
  "../../../etc/passwd",
  "\u2028<script>alert(1)</script>",
  "see https://evil.example/a",
  "see http://evil.example/a or www.evil.example",
  "WWW.evil.example",
  "mail a@evil.example",
  "| <script>alert(1)</script> | [x](//evil.example) |",
  "`a | b` | [x](//evil.example)",
  "# x",
  "    <script>alert(1)</script>",
];
/** A document's address is a link, whatever stands in its path. */
const DOCUMENTS = "https://documents.example";

const entry = (text: string): Erratum => ({
  id: text,
  title: text,
  kind: text as "wire",
  origin: "seed",
  claims: [
    { document: text, at: text, says: text },
    { document: "other", at: text, says: text },
  ],
  impact: text,
  resolution: text,
  suggestion: text,
  confidence: "documented",
  settled: text,
  form: text,
  pointers: [text],
  evidence: [text],
  documented: [{ target: text, update: { [text]: text } }],
  violations: [{ half: text as "answer", in: text as "body", at: text, rule: text }],
  vendorOverlay: { document: "other", actions: [{ target: text, copy: text }] },
});
const source = (text: string, address: string) => ({
  title: text,
  publisher: text,
  by: text as "vendor",
  version: text,
  address,
  read: text,
});
const ledgerOf = (text: string) => ({
  provider: text,
  documents: { [text]: source(text, text), other: source(`x${text}`, `${DOCUMENTS}/${text}`) },
  errata: [entry(text), entry(`x ${text} y`)],
});

interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The elements of each page, by a parser that reads it as browsers do. */
function elementsOf(pages: readonly string[], onSite: boolean): Element[][] {
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-errata-"));
  writeFileSync(join(folder, "pages"), JSON.stringify(pages));
  const out = inChild(`
    import { readFileSync } from "node:fs";
    import { marked } from ${JSON.stringify(resolve("node_modules/marked/lib/marked.esm.js"))};
    import { parse } from ${JSON.stringify(resolve("node_modules/parse5/dist/index.js"))};
    import { renderPage } from ${JSON.stringify(resolve("scripts/site/page.ts"))};
    const html = (text) => ${onSite}
      ? renderPage({ source: "errata/page.md", text }, (path, hash) => path + hash)
      : marked.parse(text);
    const pages = JSON.parse(readFileSync(${JSON.stringify(join(folder, "pages"))}, "utf8")).map((text) => {
      const elements = [];
      const walk = (node) => {
        if (node.tagName) elements.push({ tag: node.tagName, attributes: Object.fromEntries(node.attrs.map(({ name, value }) => [name, value])) });
        for (const child of node.childNodes ?? []) walk(child);
      };
      walk(parse(html(text)));
      return elements;
    });
    console.log(JSON.stringify(pages));`);
  rmSync(folder, { recursive: true });
  return JSON.parse(out) as Element[][];
}

const TAGS = new Set(
  "html head body meta title link header nav main footer h1 h2 h3 p ul li a em strong blockquote div table thead tbody tr th td time code details summary pre".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  "id href rel class lang charset name content http-equiv tabindex role aria-label aria-current".split(
    " ",
  ),
);

describe.each([
  ["HTML", (text: string) => [indexPage([ledgerOf(text)]), vendorPage(ledgerOf(text))], true],
  ["Markdown", (text: string) => [markdown([ledgerOf(text)])], false],
] as const)("the page in %s, of hostile entries", (_, pagesOf, onSite) => {
  const [harmless = [], ...hostile] = ["harmless", ...HOSTILE].map((text) => pagesOf(text));
  const count = harmless.length;
  const elements = elementsOf([...harmless, ...hostile.flat()], onSite);
  const all = elements.flat();

  test("has no element or attribute that the template does not have", () => {
    expect(all.length).toBeGreaterThan(1000);
    expect(all.map(({ tag }) => tag).filter((tag) => !TAGS.has(tag))).toEqual([]);
    expect(
      all
        .flatMap(({ attributes }) => Object.keys(attributes))
        .filter((name) => !ATTRIBUTES.has(name)),
    ).toEqual([]);
  });

  test.each(HOSTILE)("%j adds no element but emphasis and code", (text) => {
    const structureOf = (page: readonly Element[]): string[] =>
      page.map(({ tag }) => tag).filter((tag) => tag !== "em" && tag !== "code");
    const at = (HOSTILE.indexOf(text) + 1) * count;
    for (let page = 0; page < count; page += 1)
      expect(structureOf(elements[at + page]!)).toEqual(structureOf(elements[page]!));
  });

  test("links to places on itself, to specs, to cases and to documents, and nowhere else", () => {
    const links = all.flatMap(({ attributes }) => attributes["href"] ?? []);
    expect(links.length).toBeGreaterThan(100);
    // A browser has the last word on what a link is.
    for (const link of links) {
      const { origin, pathname } = new URL(link, "https://here.example/errata/page.html");
      if (origin === DOCUMENTS) continue;
      expect(origin).toBe("https://here.example");
      expect(pathname).toMatch(
        /^\/(errata\/[^/]+\.(html|md)|(index\.html|style\.css)|openapi\/(overlays\/)?[^/]+\.yaml|tests\/cases\/[^/]+\/[^/]+\.json)$/,
      );
    }
    expect(links.filter((link) => link.startsWith(DOCUMENTS)).length).toBeGreaterThan(
      2 * HOSTILE.length,
    );
  });
});

test("the ledgers that are there keep to the schema, and their pages hold what they say", () => {
  const real = load().map(({ ledger }) => ledger);
  expect(real.flatMap(ledgerFaults)).toEqual([]);
  for (const ledger of real)
    for (const page of [indexPage(real), vendorPage(ledger), markdown(real)])
      for (const { id } of ledger.errata) expect(page).toContain(id);
});

const good = load()[0]!.ledger;
test.each(HOSTILE)("the schema refuses %j where a name belongs", (text) => {
  const [first = entry(text), ...rest] = good.errata;
  const broken = [
    { ...good, provider: text },
    { ...good, documents: { ...good.documents, [text]: Object.values(good.documents)[0]! } },
    { ...good, documents: { ...good.documents, create: source("A title", text) } },
    ...[
      { id: text },
      { kind: text },
      { confidence: text },
      { evidence: [text] },
      { documented: [{ target: text, remove: true }] },
    ].map((change) => ({ ...good, errata: [{ ...first, ...change }, ...rest] })),
  ];
  for (const ledger of broken) expect(ledgerFaults(ledger).length).toBeGreaterThan(0);
});

test.each([undefined, null, 7, [], {}, { provider: "x" }])(
  "a ledger that is %j is told to be none",
  (ledger) => {
    expect(ledgerFaults(ledger).length).toBeGreaterThan(0);
  },
);

test("npm run errata refuses a ledger that is not valid, misplaced or missing, and writes nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-errata-"));
  try {
    for (const name of ["openapi", "docs", "scripts", "package.json"])
      cpSync(name, join(folder, name), {
        recursive: true,
        filter: (from) => !from.includes("node_modules"),
      });
    for (const name of ["tests", "src", "node_modules"])
      symlinkSync(resolve(name), join(folder, name));
    const file = join(folder, "openapi", "errata", "genlogs.yaml");
    const ledger = parse(readFileSync(file, "utf8")) as typeof good;
    const [first, ...rest] = ledger.errata;
    writeFileSync(
      file,
      stringify({
        ...ledger,
        errata: [{ ...first, evidence: [`x"><script>alert(1)</script>`] }, ...rest],
      }),
    );
    const before = readFileSync(join(folder, "docs", "errata.md"), "utf8");
    const refused = (): string => {
      const { status, stderr } = spawnSync(
        process.execPath,
        ["--import", "tsx", "scripts/errata.ts"],
        { cwd: folder, encoding: "utf8" },
      );
      expect(status).toBe(1);
      return stderr;
    };
    expect(refused()).toMatch(
      /genlogs\.yaml:\d+: erratum GL-01: \/errata\/0\/evidence\/0 must match pattern/,
    );
    writeFileSync(file, stringify({ ...ledger, provider: "other" }));
    expect(refused()).toContain("genlogs.yaml:1: its provider is other, and not the name");
    writeFileSync(file.replace("genlogs", "other"), stringify({ ...ledger, provider: "other" }));
    rmSync(file);
    const missing = refused();
    expect(missing).toContain("other.yaml:1: there is no spec openapi/other.yaml");
    expect(missing).toContain(
      "openapi/genlogs.yaml: it carries x-errata, and there is no ledger openapi/errata/genlogs.yaml",
    );
    expect(readFileSync(join(folder, "docs", "errata.md"), "utf8")).toBe(before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
