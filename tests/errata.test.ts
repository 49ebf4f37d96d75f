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
import { html, markdown } from "../scripts/errata/render.ts";
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
];

const entry = (text: string): Erratum => ({
  id: text,
  title: text,
  kind: text as "wire",
  origin: "seed",
  claims: [{ document: text, at: text, says: text }],
  resolution: text,
  confidence: "documented",
  pointers: [text],
  evidence: [text],
  documented: [{ target: text, update: { [text]: text } }],
  violations: [{ half: text as "answer", in: text as "body", at: text, rule: text }],
});
const source = (text: string) => ({
  title: text,
  publisher: text,
  by: text as "vendor",
  version: text,
  address: text,
  read: text,
});
const ledgers = HOSTILE.map((text) => ({
  provider: text,
  documents: { [text]: source(text), other: source(`x${text}`) },
  errata: [entry(text), entry(`x ${text} y`)],
}));

/** Elements and attributes of a page, by a parser that reads it as browsers do. */
function elementsOf(
  page: string,
  asMarkdown: boolean,
): { tag: string; attributes: Record<string, string> }[] {
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-errata-"));
  writeFileSync(join(folder, "page"), page);
  const out = inChild(`
    import { readFileSync } from "node:fs";
    import { marked } from ${JSON.stringify(resolve("node_modules/marked/lib/marked.esm.js"))};
    import { parse } from ${JSON.stringify(resolve("node_modules/parse5/dist/index.js"))};
    const page = readFileSync(${JSON.stringify(join(folder, "page"))}, "utf8");
    const elements = [];
    const walk = (node) => {
      if (node.tagName) elements.push({ tag: node.tagName, attributes: Object.fromEntries(node.attrs.map(({ name, value }) => [name, value])) });
      for (const child of node.childNodes ?? []) walk(child);
    };
    walk(parse(${asMarkdown ? "marked.parse(page)" : "page"}));
    console.log(JSON.stringify(elements));`);
  rmSync(folder, { recursive: true });
  return JSON.parse(out) as ReturnType<typeof elementsOf>;
}

const TAGS = new Set([
  "html",
  "head",
  "body",
  "meta",
  "title",
  "style",
  "h1",
  "h2",
  "h3",
  "p",
  "ul",
  "li",
  "a",
  "em",
  "strong",
  "section",
  "dl",
  "dt",
  "dd",
  "article",
  "span",
  "table",
  "tbody",
  "tr",
  "th",
  "td",
  "small",
  "code",
  "br",
  "details",
  "summary",
  "pre",
]);
const ATTRIBUTES = new Set(["id", "href", "class", "title", "lang", "charset", "name", "content"]);

describe.each([
  ["HTML", html, false],
  ["Markdown", markdown, true],
] as const)("the page in %s, of hostile entries", (_, render, asMarkdown) => {
  const elements = elementsOf(render(ledgers), asMarkdown);

  test("has no element or attribute that the template does not have", () => {
    expect(elements.length).toBeGreaterThan(1000);
    expect([...new Set(elements.map(({ tag }) => tag))].filter((tag) => !TAGS.has(tag))).toEqual(
      [],
    );
    expect(
      [...new Set(elements.flatMap(({ attributes }) => Object.keys(attributes)))].filter(
        (name) => !ATTRIBUTES.has(name),
      ),
    ).toEqual([]);
    expect(elements.filter(({ tag }) => tag === "style")).toHaveLength(asMarkdown ? 0 : 1);
  });

  test("links to places on itself, to specs and to cases, and nowhere else", () => {
    const links = elements.flatMap(({ attributes }) => attributes["href"] ?? []);
    expect(links.length).toBeGreaterThan(100);
    // A browser has the last word on what a link is.
    for (const link of links) {
      const { origin, pathname } = new URL(link, "https://here.example/docs/errata.html");
      expect(origin).toBe("https://here.example");
      expect(pathname).toMatch(
        /^\/(docs\/errata\.html|openapi\/[^/]+\.yaml|tests\/cases\/[^/]+\/[^/]+\.json)$/,
      );
    }
  });
});

test("the ledgers that are there keep to the schema, and their pages hold what they say", () => {
  const real = load().map(({ ledger }) => ledger);
  expect(real.flatMap(ledgerFaults)).toEqual([]);
  for (const page of [html(real), markdown(real)])
    for (const { errata } of real) for (const { id } of errata) expect(page).toContain(id);
});

const good = load()[0]!.ledger;
test.each(HOSTILE)("the schema refuses %j where a name belongs", (text) => {
  const [first = entry(text), ...rest] = good.errata;
  const broken = [
    { ...good, provider: text },
    { ...good, documents: { ...good.documents, [text]: Object.values(good.documents)[0]! } },
    { ...good, documents: { ...good.documents, create: { ...source("A title"), address: text } } },
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

test("npm run errata refuses a ledger that does not keep to the schema, and writes nothing", () => {
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
    const before = readFileSync(join(folder, "docs", "errata.html"), "utf8");
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "scripts/errata.ts"],
      { cwd: folder, encoding: "utf8" },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /genlogs\.yaml:\d+: erratum GL-01: \/errata\/0\/evidence\/0 must match pattern/,
    );
    expect(readFileSync(join(folder, "docs", "errata.html"), "utf8")).toBe(before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
