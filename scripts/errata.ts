/**
 * Renders the ledger as pages that one would link to in a bug report to the vendor: docs/errata.md and docs/errata.html.
 *
 *   npm run errata [-- --check]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { readOptions } from "./cli.ts";
import { load, type Erratum, type Ledger } from "./contracts/load.ts";

const NAMES: Readonly<Record<string, string>> = { genlogs: "GenLogs", apinizer: "Apinizer", petjeaf: "Petje.af" };
const CONFIDENCE = { documented: "the documents themselves say so", corroborated: "another source agrees", inferred: "our inference" };
const ledgers = load().map(({ ledger }) => ledger);

const title = ({ provider }: Ledger): string => NAMES[provider] ?? provider;
const count = (ledger: Ledger, kind: Erratum["kind"]): number => ledger.errata.filter((one) => one.kind === kind).length;
const INTRO = "What the vendors' documents get wrong about the operations that corrigenda describes, and what works instead. An entry marked "
  + "*wire* changes what a correct client sends or has to accept; it is proven: with the spec turned back into what the document claims, by the "
  + "overlay that is shown, the cases named as evidence fail. An entry marked *prose* changes no byte that is sent.";

function markdown(): string {
  const out = ["# Errata", "", "<!-- Rendered by `npm run errata` from openapi/errata/. Do not edit. -->", "", INTRO, ""];
  for (const ledger of ledgers) out.push(`- [${title(ledger)}](#${ledger.provider}): ${count(ledger, "wire")} on the wire, ${count(ledger, "prose")} prose`);
  for (const ledger of ledgers) {
    out.push("", `<a id="${ledger.provider}"></a>`, "", `## ${title(ledger)}`, "", "Documents:", "");
    for (const [key, text] of Object.entries(ledger.documents)) out.push(`- **${key}**: ${text}`);
    for (const one of ledger.errata) {
      out.push("", `<a id="${one.id.toLowerCase()}"></a>`, "", `### ${one.id}: ${one.title}`, "", `*${one.kind}*; ${CONFIDENCE[one.confidence]}.`, "");
      for (const { document, section, says } of one.claims) out.push(`- **${document}**, ${section}: ${says}`);
      out.push("", `What works: ${one.resolution}`, "", `In the [spec](../openapi/${ledger.provider}.yaml): ${one.pointers.map((pointer) => `\`${pointer}\``).join(", ")}`);
      if (one.evidence) out.push("", `Evidence: ${one.evidence.map((name) => `[${name}](../tests/cases/${ledger.provider}/${name}.json)`).join(", ")}`);
      if (one.documented) out.push("", "What the documents claim, as an OpenAPI Overlay:", "", "```yaml", stringify({ actions: one.documented }, { lineWidth: 120 }).trimEnd(), "```");
    }
  }
  return `${out.join("\n")}\n`;
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const inline = (text: string): string => escape(text).replace(/`([^`]+)`/g, "<code>$1</code>").replace(/\*(\w+)\*/g, "<em>$1</em>");

function html(): string {
  const entry = ({ provider, documents }: Ledger, one: Erratum): string => `
<article id="${one.id.toLowerCase()}">
<h3><a href="#${one.id.toLowerCase()}">${one.id}</a> ${inline(one.title)}</h3>
<p class="meta"><span class="${one.kind}">${one.kind}</span> ${CONFIDENCE[one.confidence]}</p>
<table>${one.claims.map(({ document, section, says }) => `<tr><th title="${escape(documents[document] ?? "").replaceAll('"', "&quot;")}">${inline(document)}<small>${inline(section)}</small></th><td>${inline(says)}</td></tr>`).join("")}
<tr class="works"><th>What works</th><td>${inline(one.resolution)}</td></tr></table>
<p class="where">In the <a href="../openapi/${provider}.yaml">spec</a>: ${one.pointers.map((pointer) => `<code>${escape(pointer)}</code>`).join(", ")}${one.evidence ? `<br>Evidence: ${one.evidence.map((name) => `<a href="../tests/cases/${provider}/${name}.json">${escape(name)}</a>`).join(", ")}` : ""}</p>
${one.documented ? `<details><summary>What the documents claim, as an OpenAPI Overlay</summary><pre>${escape(stringify({ actions: one.documented }, { lineWidth: 120 }).trimEnd())}</pre></details>` : ""}
</article>`;
  const section = (ledger: Ledger): string => `
<section><h2 id="${ledger.provider}">${title(ledger)}</h2>
<dl>${Object.entries(ledger.documents).map(([key, text]) => `<dt>${escape(key)}</dt><dd>${inline(text)}</dd>`).join("")}</dl>${ledger.errata.map((one) => entry(ledger, one)).join("")}
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
<ul>${ledgers.map((ledger) => `<li><a href="#${ledger.provider}">${title(ledger)}</a>: ${count(ledger, "wire")} on the wire, ${count(ledger, "prose")} prose</li>`).join("")}</ul>${ledgers.map(section).join("")}
</html>
`;
}

const values = readOptions("errata", { check: { type: "boolean" } });
const pages = [["docs/errata.md", markdown()], ["docs/errata.html", html()]] as const;
const stale = pages.filter(([file, text]) => !existsSync(file) || readFileSync(file, "utf8") !== text);
if (!values.check) {
  mkdirSync("docs", { recursive: true });
  for (const [file, text] of stale) writeFileSync(file, text);
}
for (const [file] of stale) console.log(`${values.check ? "stale" : "wrote"} ${file}`);
console.log(`${ledgers.reduce((sum, { errata }) => sum + errata.length, 0)} errata of ${ledgers.length} vendors.`);
process.exitCode = values.check && stale.length > 0 ? 1 : 0;
