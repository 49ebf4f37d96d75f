/** Schemas of a document, with every `$ref` followed. */
import { nodeAt } from "../../src/platform/json-pointer.ts";
import type { OpenApiDocument } from "../../src/testing/index.ts";

export { escapePointer as escape, nodeAt } from "../../src/platform/json-pointer.ts";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly unevaluatedProperties?: unknown;
  readonly additionalProperties?: unknown;
}

/** The keyword that forbids members which the schema does not name. Undefined: none does. */
export const closedBy = (
  schema: Schema,
): "additionalProperties" | "unevaluatedProperties" | undefined =>
  (["additionalProperties", "unevaluatedProperties"] as const).find(
    (keyword) => schema[keyword] === false,
  );

export function resolve<T>(document: OpenApiDocument, node: T): T {
  const ref = (node as { $ref?: unknown } | undefined)?.$ref;
  return typeof ref === "string" ? resolve(document, nodeAt(document, ref.slice(1)) as T) : node;
}

/** The pointer of the node to which the references at a pointer lead. */
export function pointerOf(document: OpenApiDocument, pointer: string): string {
  const ref = (nodeAt(document, pointer) as { $ref?: unknown } | undefined)?.$ref;
  return typeof ref === "string" ? pointerOf(document, ref.slice(1)) : pointer;
}

export const typesOf = ({ type }: Schema): readonly string[] => [type ?? []].flat();

export const typeOf = (value: unknown): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "array"
      : Number.isInteger(value)
        ? "integer"
        : typeof value;

/**
 * Whether a value may fit a schema, by its type and its members. This suffices to choose a branch
 * of a union.
 */
export function fits(document: OpenApiDocument, schema: Schema, value: unknown): boolean {
  const {
    type,
    const: constant,
    required = [],
    properties = {},
    oneOf,
    anyOf,
    items,
  } = resolve(document, schema);
  const types = [type ?? []].flat();
  const actual = typeOf(value);
  if (
    types.length > 0 &&
    !types.includes(actual) &&
    !(actual === "integer" && types.includes("number"))
  )
    return false;
  if (constant !== undefined && constant !== value) return false;
  if (oneOf && !oneOf.some((branch) => fits(document, branch, value))) return false;
  if (anyOf && !anyOf.some((branch) => fits(document, branch, value))) return false;
  if (actual === "array")
    return (value as unknown[]).every((item) => !items || fits(document, items, item));
  if (actual !== "object") return true;
  const members = value as Record<string, unknown>;
  return (
    required.every((name) => name in members) &&
    Object.entries(properties).every(
      ([name, property]) => !(name in members) || fits(document, property, members[name]),
    )
  );
}
