/** Which pages the site has, and where a link in the repository leads on the site. */
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { load, type Subject } from "../contracts/load.ts";
import type { Ledger } from "../errata/ledger.ts";
import { indexPage, vendorPage } from "../errata/render.ts";
import { addressOf, renderPage, type Page, type Resolve } from "./page.ts";

export interface Report {
  readonly pages: number;
  readonly specs: number;
}

const CASES = "tests/cases";
const OVERLAYS = "openapi/overlays";

/**
 * @param out the folder of the site. It is emptied first
 * @throws RangeError if a page links to a file that does not exist, or a ledger is not valid
 */
export async function buildSite(out: string): Promise<Report> {
  const subjects = load();
  const faults = subjects.flatMap(({ ledgerFaults }) => ledgerFaults);
  if (faults.length > 0) throw new RangeError(faults.join("\n"));
  const pages = renderPages(subjects.map(({ ledger }) => ledger));
  rmSync(out, { recursive: true, force: true });
  for (const { address, html } of pages) {
    mkdirSync(dirname(join(out, address)), { recursive: true });
    writeFileSync(join(out, address), html);
  }
  cpSync(new URL("style.css", import.meta.url), join(out, "style.css"));
  cpSync(CASES, join(out, CASES), { recursive: true });
  if (existsSync(OVERLAYS)) cpSync(OVERLAYS, join(out, OVERLAYS), { recursive: true });
  for (const { provider } of subjects) {
    const spec = `openapi/${provider}.yaml`;
    cpSync(spec, join(out, spec));
  }
  await Promise.all(subjects.map((subject) => buildReference(subject, out)));
  return { pages: pages.length, specs: subjects.length };
}

/** All pages but the API references. */
export function renderPages(ledgers: readonly Ledger[]): { address: string; html: string }[] {
  const known = ledgers.filter(({ errata }) => errata.length > 0);
  const pages: Page[] = [
    ...guides(),
    { source: "errata/README.md", text: indexPage(known) },
    ...known.map((one) => ({ source: `errata/${one.provider}.md`, text: vendorPage(one) })),
  ];
  const resolve = resolverOf(pages, known);
  return pages.map((page) => ({
    address: addressOf(page.source),
    html: renderPage(page, resolve),
  }));
}

/** The Markdown of the repository, without docs/errata.md: the site has a page for each vendor. */
function guides(): Page[] {
  const inDocs = readdirSync("docs", { recursive: true, encoding: "utf8" }).map((name) =>
    join("docs", name),
  );
  return [...readdirSync("."), ...inDocs]
    .filter((name) => name.endsWith(".md") && name !== "docs/errata.md")
    .sort()
    .map((source) => ({ source, text: readFileSync(source, "utf8") }));
}

/** What a path in the repository is on the site. A file that the site does not hold has no link. */
function resolverOf(pages: readonly Page[], ledgers: readonly Ledger[]): Resolve {
  const sources = new Set(pages.map(({ source }) => source));
  const entries = new Map<string, string>();
  for (const { provider, errata } of ledgers) {
    entries.set(`#${provider}`, `errata/${provider}.html`);
    for (const id of errata.map((one) => `#${one.id.toLowerCase()}`))
      entries.set(id, `errata/${provider}.html${id}`);
  }
  return (path, hash, source) => {
    if (path === "docs/errata.md") return entries.get(hash) ?? `errata/index.html${hash}`;
    if (sources.has(path)) return addressOf(path) + hash;
    if (!existsSync(path))
      throw new RangeError(`${source} links to ${path}, which does not exist.`);
    if (/^openapi\/[^/]+\.yaml$/.test(path)) return path.replace(/yaml$/, "html");
    return [CASES, OVERLAYS].some((folder) => path.startsWith(`${folder}/`)) ? path : undefined;
  };
}

/** Writes the API reference of a spec, with links from the spec to its errata. */
async function buildReference({ provider, document, forms }: Subject, out: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-docs-"));
  try {
    const file = join(folder, `${provider}.yaml`);
    const spec = withErrataLinks(document, provider) as { info: { description?: string } };
    const ways = [
      `[Overview](../index.html)`,
      `[Errata](../errata/${provider}.html)`,
      `[OpenAPI document](${provider}.yaml)`,
      ...forms.map(({ name }) => `[Overlay ${name}](overlays/${provider}-${name}.yaml)`),
    ];
    spec.info.description = `${ways.join(" · ")}\n\n${spec.info.description ?? ""}`;
    writeFileSync(file, stringify(spec));
    await promisify(execFile)("npx", [
      "redocly",
      "build-docs",
      file,
      "--output",
      join(out, "openapi", `${provider}.html`),
      "--inlineBundle",
      "--template",
      "scripts/site/reference.hbs",
      "--config",
      "redocly.yaml",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Adds to each part of a spec that carries `x-errata` the links to these entries. */
function withErrataLinks(node: unknown, provider: string): unknown {
  if (Array.isArray(node)) return node.map((child) => withErrataLinks(child, provider));
  if (typeof node !== "object" || node === null) return node;
  const copy = Object.fromEntries(
    Object.entries(node).map(([name, child]) => [name, withErrataLinks(child, provider)]),
  );
  const ids = copy["x-errata"] as readonly string[] | undefined;
  // Redocly shows the description of a server as plain text.
  if (ids === undefined || "url" in copy) return copy;
  const links = ids.map((id) => `[${id}](../errata/${provider}.html#${id.toLowerCase()})`);
  const description = typeof copy["description"] === "string" ? `${copy["description"]}\n\n` : "";
  return { ...copy, description: `${description}Errata: ${links.join(", ")}.` };
}
