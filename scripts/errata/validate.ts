/** Whether a ledger is what `openapi/errata/schema.json` describes. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";

const schema = JSON.parse(readFileSync(new URL("../../openapi/errata/schema.json", import.meta.url), "utf8")) as object;
const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true }).compile(schema);

/** What is wrong with it, by JSON pointer. Empty: nothing. */
export function ledgerFaults(ledger: unknown): string[] {
  return validate(ledger) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath === "" ? "the ledger" : instancePath} ${message ?? "is not valid"}`);
}
