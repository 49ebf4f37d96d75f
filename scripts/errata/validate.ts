/** Validates ledgers against `openapi/errata/schema.json`. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse, YAMLParseError } from "yaml";
import type { Ledger } from "../contracts/load.ts";

const schema = JSON.parse(
  readFileSync(new URL("../../openapi/errata/schema.json", import.meta.url), "utf8"),
) as object;
const validate = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allErrors: true,
}).compile(schema);

/** Reads a ledger. Undefined if it is not valid: `faults` then says why. */
export function readLedger(text: string): {
  readonly ledger: Ledger | undefined;
  readonly faults: readonly string[];
} {
  let found: unknown;
  try {
    found = parse(text, { logLevel: "error" });
  } catch (error) {
    return {
      ledger: undefined,
      faults: [
        `it is not YAML (${error instanceof YAMLParseError ? error.code : "too much of it refers to itself"})`,
      ],
    };
  }
  const faults = ledgerFaults(found);
  return { ledger: faults.length === 0 ? (found as Ledger) : undefined, faults };
}

/** What is wrong with a ledger, by JSON pointer. Empty: nothing. */
export function ledgerFaults(ledger: unknown): string[] {
  return validate(ledger)
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message }) =>
          `${instancePath === "" ? "the ledger" : instancePath} ${message ?? "is not valid"}`,
      );
}
