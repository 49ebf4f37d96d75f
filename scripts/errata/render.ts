/**
 * Renders the errata in Markdown: one page for the repository, and for the site an index and a page
 * for each vendor. The text of an entry is shown as text: it cannot add markup or links. Links lead
 * into this repository, or to the address of a document.
 */
import { stringify } from "yaml";
import type { Claim, Erratum, Ledger, OverlayAction, Source } from "./ledger.ts";

const NAMES: Readonly<Record<string, string>> = {
  genlogs: "GenLogs",
  apinizer: "Apinizer",
  petjeaf: "Petje.af",
};
const CONFIDENCE = {
  documented: "the cited documents say so",
  corroborated: "another source agrees",
  inferred: "our inference",
};
const ORIGIN = {
  seed: "the given documents alone show it",
  beyond: "it takes another source to see it",
};
/** No command fills this in yet, so it is the same for each entry. */
const CONFIRMED_LIVE = "not asked";
const RENDERED = "<!-- Rendered by `npm run errata` from openapi/errata/. Do not edit. -->";
const INTRODUCTION = `
This page lists where the vendors' documents contradict each other, or leave out what a client has
to know, in the operations that corrigenda describes. Each entry says what the documents claim, what
happens to a client that believes them, and what works instead.

**What "works" rests on.** No vendor was called. What an entry recommends rests on the vendors'
documents, on code that the vendors or third parties published, or on our inference. Its confidence
says which:

- *documented*: ${CONFIDENCE.documented};
- *corroborated*: ${CONFIDENCE.corroborated};
- *inferred*: ${CONFIDENCE.inferred}, which no source confirms.

The column "Confirmed live" is empty: every entry is "${CONFIRMED_LIVE}" until somebody verifies it
with an account at the vendor.

**Documents.** A document that is "given, undated" was handed to this project as a text without an
address or a date. Where a published text is equal to it, the entry names that text as well. A claim
is in our own words. A third party's document is marked wherever it is cited.

**Kinds.** An entry of kind *wire* changes what a correct client sends or has to accept. It has a
proof: an overlay turns the curated OpenAPI document back into what the vendor's document claims,
and the contract cases that are named as evidence then fail. An entry of kind *prose* changes
nothing that is sent.`.trim();

/** The page of the repository, docs/errata.md. */
export const markdown = (ledgers: readonly Ledger[]): string =>
  page(
    "# Errata",
    RENDERED,
    INTRODUCTION,
    ledgers
      .map((one) => `- [${nameOf(one)}](#${anchor(one.provider)}): ${countsOf(one)}`)
      .join("\n"),
    ...ledgers.flatMap((ledger) => [
      `<a id="${anchor(ledger.provider)}"></a>`,
      `## ${nameOf(ledger)}`,
      indexOf(ledger, ""),
      ...partsOf(ledger, "###"),
    ]),
  );

/** The site's index of all errata. Its source is errata/README.md. */
export const indexPage = (ledgers: readonly Ledger[]): string =>
  page(
    "# Errata",
    INTRODUCTION,
    ...ledgers.flatMap((ledger) => {
      const file = `${address(ledger.provider)}.md`;
      return [
        `## ${nameOf(ledger)}`,
        `[All entries with their documents and proofs](${file}): ${countsOf(ledger)}.`,
        indexOf(ledger, file),
      ];
    }),
  );

/** The site's page of a vendor. Its source is errata/<provider>.md. */
export const vendorPage = (ledger: Ledger): string =>
  page(
    `# Errata of ${nameOf(ledger)}`,
    `This page is about documents of ${nameOf(ledger)} or about its API. No vendor was called: what an entry recommends rests on documents, on published code, or on our inference, as its confidence says. "Confirmed live" is "${CONFIRMED_LIVE}" until somebody verifies the entry with an account. The [index of all errata](README.md) explains the words, and the [API reference](../openapi/${address(ledger.provider)}.yaml) follows what works.`,
    indexOf(ledger, ""),
    ...partsOf(ledger, "##"),
  );

const page = (...blocks: readonly string[]): string => `${blocks.join("\n\n")}\n`;
const nameOf = ({ provider }: Ledger): string => plain(NAMES[provider] ?? provider);
const countsOf = ({ errata }: Ledger): string =>
  (["wire", "prose"] as const)
    .map((kind) => `${errata.filter((one) => one.kind === kind).length} of kind ${kind}`)
    .join(", ");

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** @param file the page that has the entries, or nothing for the same page */
const indexOf = ({ errata }: Ledger, file: string): string =>
  table(
    ["Id", "Title", "Kind", "Confidence", "Confirmed live"],
    errata.map(({ id, title, kind, confidence }) => [
      `[${cell(id)}](${file}#${anchor(id)})`,
      cell(title),
      cell(kind),
      cell(confidence),
      CONFIRMED_LIVE,
    ]),
  );

/** The documents and the entries. */
function partsOf(ledger: Ledger, level: string): string[] {
  const documents = Object.values(ledger.documents).map((source) => [
    titleOf(source),
    publisherOf(source),
    cell(source.version),
    `<time>${cell(source.read)}</time>`,
  ]);
  return [
    "Documents that these entries cite:",
    table(["Document", "Publisher", "Version", "Read on"], documents),
    ...ledger.errata.flatMap((one) => entry(ledger, one, level)),
  ];
}

function entry({ provider, documents }: Ledger, one: Erratum, level: string): string[] {
  const spec = `[curated OpenAPI document](../openapi/${address(provider)}.yaml)`;
  const form = one.form && `${address(provider)}-${address(one.form)}.yaml`;
  const applied = form ? `, with [this overlay](../openapi/overlays/${form}) applied` : "";
  const mends = one.vendorOverlay && documents[one.vendorOverlay.document];
  return [
    `${level} <a id="${anchor(one.id)}" href="#${anchor(one.id)}">${plain(one.id)}</a> ${plain(one.title)}`,
    `Kind: *${plain(one.kind)}*. Confidence: *${plain(one.confidence)}*, ${CONFIDENCE[one.confidence]}. Confirmed live: *${CONFIRMED_LIVE}*. Origin: ${ORIGIN[one.origin]}.`,
    ...(one.settled ? [`**Settled**: ${plain(one.settled)}`] : []),
    "**What the documents say**",
    claimsOf(one.claims, documents),
    ...(one.impact ? [`**Impact**: ${plain(one.impact)}`] : []),
    `**What works** (${plain(one.confidence)}): ${plain(one.resolution)}`,
    ...(one.suggestion ? ["**Suggested sentence**", `> ${start(one.suggestion)}`] : []),
    ...(one.vendorOverlay
      ? folded("Overlay that mends the vendor's own document", [
          `For ${mends ? titleOf(mends) : plain(one.vendorOverlay.document)}:`,
          overlay(one, one.vendorOverlay.actions),
        ])
      : []),
    `In the ${spec}${applied}: ${one.pointers.map(codeSpan).join(", ")}`,
    ...(one.evidence ? [`Evidence: ${one.evidence.map(caseOf(provider)).join(", ")}`] : []),
    ...(one.documented
      ? folded(
          `Overlay that turns the ${form ? "resulting" : "curated"} document back into what the documents say`,
          [overlay(one, one.documented)],
        )
      : []),
  ];
}

/** The claims under the document that makes them, in the order of the ledger. */
function claimsOf(claims: readonly Claim[], documents: Ledger["documents"]): string {
  return [...new Set(claims.map(({ document }) => document))]
    .flatMap((key) => {
      const source = documents[key];
      const about = source
        ? `${titleOf(source)} (${publisherOf(source)}; ${plain(source.version)}; read on ${plain(source.read)})`
        : start(key);
      return [
        `- ${about}`,
        ...claims
          .filter(({ document }) => document === key)
          .map(({ at, says }) => `  - *${plain(at)}*: ${plain(says)}`),
      ];
    })
    .join("\n");
}

const caseOf =
  (provider: string) =>
  (name: string): string =>
    `[${plain(name)}](../tests/cases/${address(provider)}/${address(name)}.json)`;

/** A whole Overlay document. The `copy` of an action came with version 1.1.0. */
const overlay = (one: Erratum, actions: readonly OverlayAction[]): string =>
  codeBlock(
    stringify(
      {
        overlay: actions.some(({ copy }) => copy !== undefined) ? "1.1.0" : "1.0.0",
        info: { title: `${one.id}: ${one.title}`, version: "1.0.0" },
        actions,
      },
      { lineWidth: 100 },
    ).trimEnd(),
  );
/** @param summary is HTML: Markdown is not read there, so no text of an entry may be in it */
const folded = (summary: string, blocks: readonly string[]): string[] => [
  `<details><summary>${summary}</summary>`,
  ...blocks,
  "</details>",
];

function titleOf({ title, address: where }: Source): string {
  const link = where === undefined ? undefined : webAddress(where);
  return link === undefined ? start(title) : `[${cell(title)}](${link})`;
}
const publisherOf = ({ publisher, by }: Source): string =>
  by === "vendor" ? cell(publisher) : `${cell(publisher)}, a third party`;

/** @returns an address as the destination of a link, or undefined if it is not on the web */
function webAddress(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  if (protocol !== "https:") return undefined;
  return href.replace(/[^\w\-.~:/?#@!$&+,;=%]/g, percent).replaceAll("&", "&amp;");
}
const percent = (one: string): string => `%${one.charCodeAt(0).toString(16)}`;

/** Encodes a part of a path in a link, with the quotes and parentheses that would end the link. */
const address = (name: string): string => encodeURIComponent(name).replace(/['()*]/g, percent);
const anchor = (id: string): string => address(id.toLowerCase());
const oneLine = (text: string): string => text.replace(/\s+/g, " ");
const longestRun = (text: string): number =>
  (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);

/**
 * Renders text as Markdown. Code spans and emphasis of the text stay; HTML and links are escaped,
 * with the addresses that Markdown of GitHub turns into links by itself. A backtick outside a code
 * span is escaped too: it would pair with a later backtick, and turn code into text. Characters are
 * escaped by number, because a number is never markup (CommonMark 2.5).
 */
const plain = (text: string): string =>
  oneLine(text)
    .trim()
    .split(/((?<!`)`[^`]+`(?!`))/)
    .map((part, i) =>
      i % 2 === 1 ? part : part.replace(/[&<>[\]\\`|@]|:(?=\/\/)|(?<=www)\./gi, escapeMarkdown),
    )
    .join("");
const escapeMarkdown = (one: string): string => `&#${one.charCodeAt(0)};`;
/** Text at the start of a block, where a sign or a digit may begin a list, a heading or code. */
const start = (text: string): string => cell(text).replace(/^[-+*#~>=_\d]/, escapeMarkdown);
/** Text in a cell of a table. A bar ends the cell even in a code span, unless it is escaped. */
const cell = (text: string): string => plain(text).replaceAll("|", "\\|");
function codeSpan(text: string): string {
  const fence = "`".repeat(longestRun(text) + 1);
  const padding = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${padding}${oneLine(text)}${padding}${fence}`;
}

function codeBlock(text: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}yaml`, text, fence].join("\n");
}
