/**
 * Renders the errata as a Markdown page and an HTML page. The text of an entry is shown as text: it
 * cannot add markup or scripts, and links only into this repository.
 */
import { stringify } from "yaml";
import type { Erratum, Ledger, Source } from "./ledger.ts";

const NAMES: Readonly<Record<string, string>> = {
  genlogs: "GenLogs",
  apinizer: "Apinizer",
  petjeaf: "Petje.af",
};
const CONFIDENCE = {
  documented: "the documents themselves say so",
  corroborated: "another source agrees",
  inferred: "our inference",
};

const title = ({ provider }: Ledger): string => NAMES[provider] ?? provider;
const count = (ledger: Ledger, kind: Erratum["kind"]): number =>
  ledger.errata.filter((one) => one.kind === kind).length;
/** Names a document: its title, whose word it is, its version, and when it was read. */
function sourceOf(source: Source | undefined): string {
  if (!source) return "";
  const { title: name, publisher, by, version, address: url, read } = source;
  const who = by === "vendor" ? publisher : `${publisher} (a third party)`;
  return `${name}. ${who}, ${version}${url === undefined ? "" : `, ${url}`}; read on ${read}`;
}
const INTRO =
  "This page lists what the vendors' documents get wrong about the operations that corrigenda describes, and what works instead. " +
  "An entry of kind *wire* changes what a correct client sends or has to accept. Such an entry is proven: the overlay in it turns the curated " +
  "OpenAPI document back into what the vendor's document claims, and the contract cases named as evidence then fail. An entry of kind *prose* " +
  "changes nothing that is sent. Each entry says how sure we are of it.";

export function markdown(ledgers: readonly Ledger[]): string {
  const out = [
    "# Errata",
    "",
    "<!-- Rendered by `npm run errata` from openapi/errata/. Do not edit. -->",
    "",
    INTRO,
    "",
  ];
  for (const ledger of ledgers)
    out.push(
      `- [${plain(title(ledger))}](#${anchor(ledger.provider)}): ${count(ledger, "wire")} of kind wire, ${count(ledger, "prose")} of kind prose`,
    );
  for (const ledger of ledgers) {
    out.push(
      "",
      `<a id="${anchor(ledger.provider)}"></a>`,
      "",
      `## ${plain(title(ledger))}`,
      "",
      "Documents:",
      "",
    );
    for (const [key, text] of Object.entries(ledger.documents))
      out.push(`- **${plain(key)}**: ${plain(sourceOf(text))}`);
    for (const one of ledger.errata) {
      out.push(
        "",
        `<a id="${anchor(one.id)}"></a>`,
        "",
        `### ${plain(one.id)}: ${plain(one.title)}`,
        "",
        `Kind: *${plain(one.kind)}*. Confidence: ${CONFIDENCE[one.confidence]}.`,
        "",
      );
      for (const { document, at, says } of one.claims)
        out.push(`- **${plain(document)}**, ${plain(at)}: ${plain(says)}`);
      out.push(
        "",
        `What works: ${plain(one.resolution)}`,
        "",
        `In the [spec](../openapi/${address(ledger.provider)}.yaml): ${one.pointers.map(codeSpan).join(", ")}`,
      );
      if (one.evidence)
        out.push(
          "",
          `Evidence: ${one.evidence.map((name) => `[${plain(name)}](../tests/cases/${address(ledger.provider)}/${address(name)}.json)`).join(", ")}`,
        );
      if (one.documented)
        out.push(
          "",
          "What the documents claim, as an OpenAPI Overlay:",
          "",
          ...codeBlock(stringify({ actions: one.documented }, { lineWidth: 120 }).trimEnd()),
        );
    }
  }
  return `${out.join("\n")}\n`;
}

/** Encodes a part of a path in a link, with the quotes and parentheses that would end the link. */
const address = (name: string): string =>
  encodeURIComponent(name).replace(/['()]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
const anchor = (id: string): string => address(id.toLowerCase());
const oneLine = (text: string): string => text.replace(/\s+/g, " ");
const longestRun = (text: string): number =>
  (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);

/**
 * Renders text as Markdown. Code spans and emphasis of the text stay; HTML and links are escaped. A
 * backtick outside a code span is escaped too: it would pair with a later backtick, and turn code
 * into text. Characters are escaped by number, because a number is never markup (CommonMark 2.5).
 */
const plain = (text: string): string =>
  oneLine(text)
    .split(/((?<!`)`[^`]+`(?!`))/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[&<>[\]\\`]/g, escapeMarkdown)))
    .join("");
const escapeMarkdown = (one: string): string => `&#${one.charCodeAt(0)};`;

function codeSpan(text: string): string {
  const fence = "`".repeat(longestRun(text) + 1);
  const padding = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${padding}${oneLine(text)}${padding}${fence}`;
}

function codeBlock(text: string): string[] {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}yaml`, text, fence];
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
/** Escapes the value of an HTML attribute in double quotes. */
const attribute = (text: string): string => escape(text).replaceAll('"', "&quot;");
const inline = (text: string): string =>
  escape(text)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/\*(\w+)\*/g, "<em>$1</em>");

export function html(ledgers: readonly Ledger[]): string {
  const entry = ({ provider, documents }: Ledger, one: Erratum): string => `
<article id="${anchor(one.id)}">
<h3><a href="#${anchor(one.id)}">${escape(one.id)}</a> ${inline(one.title)}</h3>
<p class="meta"><span class="${attribute(one.kind)}">${escape(one.kind)}</span> Confidence: ${CONFIDENCE[one.confidence]}</p>
<table>${one.claims.map(({ document, at, says }) => `<tr><th title="${attribute(sourceOf(documents[document]))}">${inline(document)}<small>${inline(at)}</small></th><td>${inline(says)}</td></tr>`).join("")}
<tr class="works"><th>What works</th><td>${inline(one.resolution)}</td></tr></table>
<p class="where">In the <a href="../openapi/${address(provider)}.yaml">spec</a>: ${one.pointers.map((pointer) => `<code>${escape(pointer)}</code>`).join(", ")}${one.evidence ? `<br>Evidence: ${one.evidence.map((name) => `<a href="../tests/cases/${address(provider)}/${address(name)}.json">${escape(name)}</a>`).join(", ")}` : ""}</p>
${one.documented ? `<details><summary>What the documents claim, as an OpenAPI Overlay</summary><pre>${escape(stringify({ actions: one.documented }, { lineWidth: 120 }).trimEnd())}</pre></details>` : ""}
</article>`;
  const section = (ledger: Ledger): string => `
<section><h2 id="${anchor(ledger.provider)}">${escape(title(ledger))}</h2>
<dl>${Object.entries(ledger.documents)
    .map(([key, text]) => `<dt>${escape(key)}</dt><dd>${inline(sourceOf(text))}</dd>`)
    .join("")}</dl>${ledger.errata.map((one) => entry(ledger, one)).join("")}
</section>`;
  return `<!doctype html>
<!-- Rendered by \`npm run errata\` from openapi/errata/. Do not edit. -->
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Errata of GenLogs, Apinizer and Petje.af</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #0a6; --quiet: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 2px solid var(--line); } h3 { margin: 0 0 .2rem; font-size: 1.05rem; } h3 a { text-decoration: none; }
article { border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-top: 1px solid var(--line); }
th { width: 11rem; font-weight: 600; } th small { display: block; font-weight: 400; color: var(--quiet); } .works { background: var(--soft); }
.meta { margin: 0 0 .5rem; color: var(--quiet); } .meta span { border: 1px solid; border-radius: 4px; padding: 0 .4rem; font-size: .85em; } .wire { color: var(--accent); }
.where { font-size: .9em; color: var(--quiet); overflow-wrap: anywhere; } pre { overflow-x: auto; background: var(--soft); padding: .6rem; border-radius: 6px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { font-weight: 600; } dd { margin: 0; }
</style>
<h1>Errata</h1>
<p>${inline(INTRO)}</p>
<ul>${ledgers.map((ledger) => `<li><a href="#${anchor(ledger.provider)}">${escape(title(ledger))}</a>: ${count(ledger, "wire")} of kind wire, ${count(ledger, "prose")} of kind prose</li>`).join("")}</ul>${ledgers.map(section).join("")}
</html>
`;
}
