import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { OpenApiDocument } from "../../src/sandbox/index.ts";

/** Every curated spec, found by listing. */
export const SPECS = readdirSync("openapi")
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({
    name: name.replace(".yaml", ""),
    document: parse(readFileSync(`openapi/${name}`, "utf8")) as OpenApiDocument,
  }));
