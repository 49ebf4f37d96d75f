/** Reads specs, ledgers and cases from their files. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { ContractCase, OpenApiDocument } from "../../src/testing/index.ts";

export interface NamedCase extends ContractCase {
  readonly name: string;
}

export interface OverlayAction {
  readonly target: string;
  readonly update?: unknown;
  readonly copy?: string;
  readonly remove?: true;
}
export interface Erratum {
  readonly id: string;
  readonly title: string;
  readonly kind: "wire" | "prose";
  readonly origin: "seed" | "beyond";
  readonly claims: readonly {
    readonly document: string;
    readonly section: string;
    readonly says: string;
  }[];
  readonly resolution: string;
  readonly confidence: "documented" | "corroborated" | "inferred";
  readonly pointers: readonly string[];
  readonly evidence?: readonly string[];
  readonly documented?: readonly OverlayAction[];
}
/** What a vendor's documents get wrong: openapi/errata/<provider>.yaml. */
export interface Ledger {
  readonly provider: string;
  readonly documents: Readonly<Record<string, string>>;
  readonly errata: readonly Erratum[];
}

/** A provider with everything that is proven about its spec. */
export interface Subject {
  readonly provider: string;
  readonly document: OpenApiDocument;
  /** Without errata where the provider has no ledger. */
  readonly ledger: Ledger;
  readonly cases: readonly NamedCase[];
}

/** @param root folder that holds openapi/ and tests/cases/ */
export function load(root = "."): Subject[] {
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
      return {
        provider,
        document: parse(readFileSync(join(root, "openapi", file), "utf8")) as OpenApiDocument,
        ledger: readLedger(join(root, "openapi", "errata", file), provider),
        cases: names.map((name) => ({
          ...(JSON.parse(readFileSync(join(folder, name), "utf8")) as ContractCase),
          name: name.replace(".json", ""),
        })),
      };
    });
}

const readLedger = (file: string, provider: string): Ledger =>
  existsSync(file)
    ? (parse(readFileSync(file, "utf8")) as Ledger)
    : { provider, documents: {}, errata: [] };
