/** Generates the files of the specs, and compares them with those in a folder. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { applyPublished, readOverlays } from "../contracts/overlay.ts";
import { readYaml } from "../contracts/read.ts";
import { metaOf, type Spec } from "./meta.ts";
import type { OpenApiDocument } from "../../src/testing/index.ts";

const bannerOf = (source: string): string =>
  `// Generated from ${source} by \`npm run generate\`. Do not edit.\n`;
const documentModule = (source: string, document: object): string =>
  `${bannerOf(source)}export const document: Readonly<Record<string, unknown>> = ${JSON.stringify(document, null, 2)};\n`;

/** @returns the content of every file of the output folder, by name */
export async function generate(specs: string): Promise<Map<string, string>> {
  const overlays = readOverlays(specs);
  const files = new Map<string, string>();
  for (const file of readdirSync(specs)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()) {
    const provider = basename(file).replace(/\.ya?ml$/, "");
    const spec = readYaml(join(specs, file)) as Spec;
    const banner = bannerOf(`openapi/${file}`);
    // openapi-typescript has lint rules of its own here, and does not read redocly.yaml.
    const types = astToString(
      await openapiTS(pathToFileURL(join(specs, file)), { alphabetize: false }),
    );
    files.set(`${provider}.ts`, `${banner}${types}`);
    const forms = overlays
      .filter((one) => one.provider === provider)
      .map((one) => ({
        name: one.name,
        document: applyPublished(spec as OpenApiDocument, one),
      }));
    const meta = metaOf(
      spec,
      forms.map(({ document }) => document),
      file,
    );
    files.set(
      `${provider}.meta.ts`,
      `${banner}import type { ProviderMeta } from "../src/provider.ts";\n\nexport const meta: ProviderMeta = ${JSON.stringify(meta, null, 2)};\n`,
    );
    files.set(`${provider}.document.ts`, documentModule(`openapi/${file}`, spec));
    for (const { name, document } of forms) {
      // The sandbox has an address of its own, so it needs no document that differs in its servers.
      if (JSON.stringify(document.paths) === JSON.stringify(spec.paths)) continue;
      const source = `openapi/${file} and openapi/overlays/${name}.yaml`;
      files.set(`${name}.document.ts`, documentModule(source, document));
    }
  }
  return files;
}

export interface Difference {
  readonly what: "missing" | "stale" | "orphaned";
  readonly name: string;
}

export function compare(wanted: ReadonlyMap<string, string>, out: string): Difference[] {
  const present = existsSync(out) ? readdirSync(out) : [];
  const names = [...wanted.keys()];
  return [
    ...names
      .filter((name) => !present.includes(name))
      .map((name) => ({ what: "missing", name }) as const),
    ...names
      .filter(
        (name) =>
          present.includes(name) && readFileSync(join(out, name), "utf8") !== wanted.get(name),
      )
      .map((name) => ({ what: "stale", name }) as const),
    ...present
      .filter((name) => !wanted.has(name))
      .map((name) => ({ what: "orphaned", name }) as const),
  ];
}
