/** Validates values against the schemas of an OpenAPI document. The only file that knows Ajv. */
import type { ValidateFunction } from "ajv/dist/2020.js";
import { ConfigurationError } from "../errors.ts";
import type { OpenApiDocument, Violation } from "./contract.ts";
import { escapePointer } from "../platform/json-pointer.ts";

/** The schemas of one document. Each is compiled at its first use. */
export interface Schemas {
  /**
   * What is wrong with a value.
   * @param pointer JSON pointer of the schema in the document
   * @param at the name of the parameter; a violation has it in the place of a JSON pointer
   */
  check(pointer: string, value: unknown, where: Violation["in"], at?: string): Violation[];
}

const ROOT = "https://corrigenda.example/openapi";
/** Members of an OpenAPI document and of its schemas that JSON Schema does not know. */
const VOCABULARY = [
  "openapi",
  "info",
  "jsonSchemaDialect",
  "servers",
  "paths",
  "webhooks",
  "components",
  "security",
  "tags",
  "externalDocs",
  "discriminator",
  "example",
  "xml",
];

/** @throws ConfigurationError if `ajv` or `ajv-formats`, optional peers, are not installed */
export async function createSchemas(document: OpenApiDocument): Promise<Schemas> {
  const { Ajv2020, addFormats } = await loadAjv();
  // Ajv's meta-schema and its optimizer are switched off, because they take longer than everything
  // else together. The meta-schema would check only the document's own members; the schemas in the
  // document are checked by the linter.
  // `required` may name a member that `properties` does not describe: JSON Schema allows it.
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
    validateFormats: true,
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  });
  addFormats(ajv);
  ajv.addVocabulary([...VOCABULARY, ...extensionsOf(document)]);
  ajv.addSchema({ ...document, $id: ROOT }, ROOT);
  const compiled = new Map<string, ValidateFunction>();
  return {
    check(pointer, value, where, at) {
      const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `${ROOT}#${pointer}` });
      compiled.set(pointer, validate);
      return validate(value) ? [] : violationsOf(validate, where, at);
    },
  };
}

/** Names of the specification extensions (`x-...`) that a document uses, at any depth. */
function extensionsOf(document: OpenApiDocument): Set<string> {
  const names = new Set<string>();
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [name, child] of Object.entries(node)) {
      if (name.startsWith("x-")) names.add(name);
      walk(child);
    }
  };
  walk(document);
  return names;
}

async function loadAjv() {
  try {
    const [{ Ajv2020 }, formats] = await Promise.all([
      import("ajv/dist/2020.js"),
      import("ajv-formats"),
    ]);
    // How the function is exported depends on the module system: as `default`, or as
    // `default.default`.
    type AddFormats = (ajv: InstanceType<typeof Ajv2020>) => unknown;
    let addFormats: unknown = formats;
    while (typeof addFormats !== "function")
      addFormats = (addFormats as { default: unknown }).default;
    return { Ajv2020, addFormats: addFormats as AddFormats };
  } catch (cause) {
    const code = (cause as { code?: unknown } | undefined)?.code;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw cause;
    throw new ConfigurationError({
      option: "ajv",
      message:
        "The sandbox checks requests with Ajv, which is not installed. Run: npm install --save-dev ajv ajv-formats",
    });
  }
}

function violationsOf(
  { errors }: ValidateFunction,
  where: Violation["in"],
  at: string | undefined,
): Violation[] {
  return (errors ?? []).map(({ keyword, instancePath, params, message }) => {
    const { missingProperty, unevaluatedProperty, additionalProperty } = params as Record<
      string,
      string | undefined
    >;
    const member = missingProperty ?? unevaluatedProperty ?? additionalProperty;
    const pointer =
      member === undefined ? instancePath : `${instancePath}/${escapePointer(member)}`;
    return { in: where, at: at ?? pointer, rule: keyword, message: message ?? "is not valid" };
  });
}
