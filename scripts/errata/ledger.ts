/**
 * The ledgers, openapi/errata/<provider>.yaml: what a vendor's documents get wrong. A ledger is
 * read together with the line of each of its parts, so that a complaint can name its place.
 */
import { existsSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { isNode, LineCounter, parseDocument, YAMLParseError } from "yaml";
import type { Violation } from "../../src/testing/index.ts";

export interface OverlayAction {
  readonly target: string;
  readonly update?: unknown;
  readonly copy?: string;
  readonly remove?: true;
}

/** A document that claims cite. */
export interface Source {
  readonly title: string;
  readonly publisher: string;
  /** Whose word it is. A third party's word about a vendor is marked wherever it is cited. */
  readonly by: "vendor" | "third-party";
  /** A version, a commit, or `undated`. */
  readonly version: string;
  /** Where it can be read, if an address is known. */
  readonly address?: string;
  /** The day on which it was read, YYYY-MM-DD. */
  readonly read: string;
}

/** What a document says, in our own words. */
export interface Claim {
  readonly document: string;
  /** The section, the line or the JSON pointer in the document. */
  readonly at: string;
  readonly says: string;
}

/** A violation that an entry names: which half of the exchange breaks which rule, and where. */
export interface NamedViolation extends Pick<Violation, "in" | "at" | "rule"> {
  readonly half: "request" | "answer";
}

export interface Erratum {
  readonly id: string;
  readonly title: string;
  readonly kind: "wire" | "prose";
  readonly origin: "seed" | "beyond";
  readonly claims: readonly Claim[];
  /** What happens to a client that believes the document. */
  readonly impact?: string;
  readonly resolution: string;
  /** A sentence that the vendor could put on its page. */
  readonly suggestion?: string;
  readonly confidence: "documented" | "corroborated" | "inferred";
  /** The version of the document in which the contradiction is gone. */
  readonly settled?: string;
  /** The form of the spec that has the pointers, if the spec itself does not have them. */
  readonly form?: string;
  readonly pointers: readonly string[];
  readonly evidence?: readonly string[];
  /** Turns the curated spec back into what the documents say. */
  readonly documented?: readonly OverlayAction[];
  /** What the evidence has to show once the documents are believed. */
  readonly violations?: readonly NamedViolation[];
  /** Mends the vendor's own machine-readable document, in that document's own names. */
  readonly vendorOverlay?: {
    readonly document: string;
    readonly actions: readonly OverlayAction[];
  };
}

export interface Ledger {
  readonly provider: string;
  readonly documents: Readonly<Record<string, Source>>;
  readonly errata: readonly Erratum[];
}

/** Names a part of a ledger, for example `["errata", 3, "claims", 0]`. */
export type LedgerPath = readonly (string | number)[];

export interface ReadLedger {
  /** Undefined if the ledger is not valid: `faults` then says why. */
  readonly ledger: Ledger | undefined;
  /** What is wrong, each with `line: ` before it. */
  readonly faults: readonly string[];
  /** The line of a part, or of the nearest part around it, from 1. */
  readonly lineOf: (path: LedgerPath) => number;
}

const schema = JSON.parse(
  readFileSync(new URL("../../openapi/errata/schema.json", import.meta.url), "utf8"),
) as object;
const validate = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allErrors: true,
}).compile(schema);

export function readLedger(text: string): ReadLedger {
  const lines = new LineCounter();
  const none = (fault: string): ReadLedger => ({
    ledger: undefined,
    faults: [fault],
    lineOf: () => 1,
  });
  const document = parseDocument(text, { lineCounter: lines, logLevel: "error" });
  const [error] = document.errors;
  if (error instanceof YAMLParseError)
    return none(`${lines.linePos(error.pos[0]).line}: it is not YAML (${error.code})`);
  let found: unknown;
  try {
    found = document.toJS();
  } catch {
    return none("1: it is not YAML (too much of it refers to itself)");
  }
  const lineOf = (path: LedgerPath): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const faults = ledgerFaults(found).map(
    ({ path, message }) => `${lineOf(path)}: ${labelOf(found, path)}${message}`,
  );
  return { ledger: faults.length === 0 ? (found as Ledger) : undefined, faults, lineOf };
}

/** A ledger's file, or an empty ledger where the provider has none. */
export function loadLedger(file: string, provider: string): ReadLedger {
  if (existsSync(file)) return readLedger(readFileSync(file, "utf8"));
  return { ledger: { provider, documents: {}, errata: [] }, faults: [], lineOf: () => 1 };
}

/** What is wrong with a ledger. Empty: nothing. */
export function ledgerFaults(ledger: unknown): { path: LedgerPath; message: string }[] {
  if (validate(ledger)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => ({
    path: instancePath
      .split("/")
      .slice(1)
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
    message: `${instancePath === "" ? "the ledger" : instancePath} ${message ?? "is not valid"}`,
  }));
}

/** The id of the entry that a path leads into, for the reader of a complaint. */
function labelOf(ledger: unknown, [list, index]: LedgerPath): string {
  if (list !== "errata" || typeof index !== "number") return "";
  const id = (ledger as { errata: readonly { id?: unknown }[] }).errata[index]?.id;
  return typeof id === "string" && /^[A-Z]{2}-\d{2}$/.test(id) ? `erratum ${id}: ` : "";
}
