/** Applies the actions of an OpenAPI Overlay 1.1 to a copy of a document. */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { jsonpath } from "json-p3";
import type { OpenApiDocument } from "../../src/testing/index.ts";
import type { OverlayAction } from "../errata/ledger.ts";
import { readYaml } from "./read.ts";

/** An overlay that the project publishes: openapi/overlays/<provider>-<form>.yaml. */
export interface PublishedOverlay {
  /** Name of the file, without its ending. */
  readonly name: string;
  /** Name of the provider whose spec the overlay changes, by its `extends`. */
  readonly provider: string;
  readonly actions: readonly OverlayAction[];
}

/**
 * @param specs folder that holds the specs, and may hold overlays/
 * @throws RangeError naming the file, if an overlay is not YAML or extends no spec
 */
export function readOverlays(specs: string): PublishedOverlay[] {
  const folder = join(specs, "overlays");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .map((file) => {
      const overlay = readYaml(join(folder, file)) as {
        extends?: string;
        actions?: readonly OverlayAction[];
      } | null;
      const { extends: spec = "", actions = [] } = overlay ?? {};
      if (spec === "" || !existsSync(join(folder, spec)))
        throw new RangeError(`openapi/overlays/${file}: \`extends\` does not name a spec`);
      const [name = "", provider = ""] = [file, spec].map((one) => basename(one, ".yaml"));
      return { name, provider, actions };
    });
}

/**
 * The document with a published overlay applied.
 * @throws RangeError naming the file, if an action matches nothing
 */
export function applyPublished(
  document: OpenApiDocument,
  { name, actions }: PublishedOverlay,
): OpenApiDocument {
  try {
    return applyOverlay(document, actions);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it cannot be applied";
    throw new RangeError(`openapi/overlays/${name}.yaml: ${reason}`, { cause: error });
  }
}

/** @throws RangeError if an action matches nothing, since it would prove nothing */
export function applyOverlay(
  document: OpenApiDocument,
  actions: readonly OverlayAction[],
): OpenApiDocument {
  const copy = structuredClone(document) as Record<string, unknown>;
  for (const { target, update, copy: source, remove } of actions) {
    const found = [...jsonpath.query(target, copy as never)].map(({ location, value }) => ({
      location,
      value: value,
    }));
    if (found.length === 0) throw new RangeError(`the overlay's target ${target} matches nothing`);
    if (remove) {
      // From the end, so that the indices of the other items of a list stay the same.
      for (const { location } of found.reverse()) {
        const parent = nodeAt(copy, location.slice(0, -1));
        const last = location.at(-1) ?? "";
        if (Array.isArray(parent)) parent.splice(Number(last), 1);
        else delete (parent as Record<string, unknown>)[last];
      }
      continue;
    }
    const value = source === undefined ? update : jsonpath.query(source, copy as never).values()[0];
    if (value === undefined)
      throw new RangeError(`the overlay's source ${source ?? ""} matches nothing`);
    for (const { value: node } of found) merge(node, structuredClone(value));
  }
  return copy;
}

const nodeAt = (document: unknown, location: readonly (string | number)[]): unknown =>
  location.reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], document);

/** Merges objects, appends to lists, and replaces everything else. */
function merge(node: unknown, update: unknown): void {
  if (Array.isArray(node))
    return void node.push(...(Array.isArray(update) ? (update as unknown[]) : [update]));
  const target = node as Record<string, unknown>;
  for (const [name, value] of Object.entries(update as Record<string, unknown>)) {
    const old = target[name];
    const both = (test: (value: unknown) => boolean): boolean => test(old) && test(value);
    if (
      both(Array.isArray) ||
      both((one) => typeof one === "object" && one !== null && !Array.isArray(one))
    )
      merge(old, value);
    else target[name] = value;
  }
}
