import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { OpenApiDocument } from "../../src/sandbox/index.ts";
import { applyPublished, readOverlays } from "../../scripts/contracts/overlay.ts";

/** Every curated spec, found by listing. */
export const SPECS = readdirSync("openapi")
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({
    name: name.replace(".yaml", ""),
    document: parse(readFileSync(`openapi/${name}`, "utf8")) as OpenApiDocument,
  }));

/** Every form of a curated spec: the spec with a published overlay applied. */
export const FORMS = readOverlays("openapi").map((overlay) => ({
  name: overlay.name,
  document: applyPublished(SPECS.find(({ name }) => name === overlay.provider)!.document, overlay),
}));
