/** Reads specs, ledgers and cases from their files. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ContractCase, OpenApiDocument } from "../../src/testing/index.ts";
import { loadLedger, type Ledger, type LedgerPath } from "../errata/ledger.ts";
import { applyPublished, readOverlays } from "./overlay.ts";
import { readJson, readYaml } from "./read.ts";

export interface NamedCase extends ContractCase {
  readonly name: string;
}

/** A document to which openapi/overlays/<provider>-<name>.yaml is applied. */
export interface Form {
  readonly name: string;
  readonly document: OpenApiDocument;
}

/** A provider with everything that is proven about its spec. */
export interface Subject {
  readonly provider: string;
  readonly document: OpenApiDocument;
  /** Other forms of the document. Cases whose `variant` is the name of one are judged by it. */
  readonly forms: readonly Form[];
  /** Without errata where the provider has no ledger, or one that is not valid. */
  readonly ledger: Ledger;
  /** Why the ledger is not valid, each with file and line. */
  readonly ledgerFaults: readonly string[];
  /** File and line of a part of the ledger, for example `["errata", 3]`. */
  readonly placeOf: (path: LedgerPath) => string;
  readonly cases: readonly NamedCase[];
}

/** The document that a case is judged by. */
export const documentOf = (
  { document, forms }: Pick<Subject, "document" | "forms">,
  { variant }: Pick<NamedCase, "variant">,
): OpenApiDocument => forms.find(({ name }) => name === variant)?.document ?? document;

/**
 * @param root folder that holds openapi/ and tests/cases/
 * @throws RangeError if there is no folder openapi/, or a file is not YAML or JSON
 */
export function load(root = "."): Subject[] {
  if (!existsSync(join(root, "openapi")))
    throw new RangeError(`${root} has no folder openapi/, which holds the specs.`);
  const overlays = readOverlays(join(root, "openapi"));
  return readdirSync(join(root, "openapi"))
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((file) => {
      const provider = file.replace(".yaml", "");
      const folder = join(root, "tests", "cases", provider);
      const names = existsSync(folder)
        ? readdirSync(folder)
            .filter((name) => name.endsWith(".json"))
            .sort()
        : [];
      const ledgerFile = `openapi/errata/${file}`;
      const { ledger, faults, lineOf } = loadLedger(join(root, ledgerFile), provider);
      const document = readDocument(join(root, "openapi", file));
      return {
        provider,
        document,
        forms: overlays
          .filter((one) => one.provider === provider)
          .map((one) => ({
            name: one.name.slice(provider.length + 1),
            document: applyPublished(document, one),
          })),
        ledger: ledger ?? { provider, documents: {}, errata: [] },
        ledgerFaults: faults.map((fault) => `${ledgerFile}:${fault}`),
        placeOf: (path) => `${ledgerFile}:${lineOf(path)}`,
        cases: names.map((name) => ({
          ...(readJson(join(folder, name)) as ContractCase),
          name: name.replace(".json", ""),
        })),
      };
    });
}

/** An alias in YAML is the same object in two places. Here each place has an object of its own. */
const readDocument = (file: string): OpenApiDocument =>
  JSON.parse(JSON.stringify(readYaml(file))) as OpenApiDocument;
