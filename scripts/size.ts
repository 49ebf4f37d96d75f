/**
 * What a client costs: bytes of a minified bundle with everything it imports, compressed by Brotli.
 * Fails over budget, when a client of one process carries code that only shared stores need, and
 * when the token source reaches too many modules to be read at one sitting.
 *
 *   npm run size [-- --modules]     also the bytes of each module, before compression
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { readOptions } from "./cli.ts";

/**
 * Bytes after compression, by the entry of the package: what the clients have, and half a percent.
 * A budget is raised only together with a reason in the commit message.
 */
const BUDGETS = [
  { entry: "./apinizer", factory: "createApinizerClient", budget: 26_690 },
  { entry: "./genlogs", factory: "createGenLogsClient", budget: 27_140 },
  { entry: "./petjeaf", factory: "createPetjeafClient", budget: 30_030 },
];
const TOKEN_SOURCE = "src/tokens/token-source.ts";
/** Modules that the token source may reach, besides itself and the vocabulary, src/*.ts. */
const MOST_MODULES = 15;

const { modules } = readOptions("size", { modules: { type: "boolean" } });
const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Readonly<Record<string, { readonly types: string }>>;
};
/** The source of an entry: `./dist/src/kit.d.ts` is made of `./src/kit.ts`. */
const sourceOf = (entry: string): string =>
  exports[entry]!.types.replace("./dist/", "./").replace(/\.d\.ts$/, ".ts");

interface Bundle {
  /** The minified code. A module that is imported at run time is not part of it. */
  readonly text: Uint8Array;
  /** The modules of which code is left in the bundle, by path, with their bytes. */
  readonly held: readonly (readonly [path: string, bytes: number])[];
  /** The modules that esbuild read. */
  readonly read: readonly string[];
}

async function bundle(code: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: ".", loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*"],
    splitting: true,
    outdir: "bundle",
    legalComments: "none",
  });
  const files = filesOf(metafile);
  return {
    text: Buffer.concat(
      outputFiles
        .filter(({ path }) => files.has(relative(".", path)))
        .map(({ contents }) => contents),
    ),
    held: [...files]
      .flatMap((file) => Object.entries(metafile.outputs[file]!.inputs))
      .map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const)
      .filter(([, bytes]) => bytes > 0)
      .sort(([, a], [, b]) => b - a),
    read: Object.keys(metafile.inputs),
  };
}

/** The output of the entry, and the outputs that it imports when it is loaded. */
function filesOf({ outputs }: Metafile): ReadonlySet<string> {
  const files = new Set(
    Object.keys(outputs).filter((file) => outputs[file]!.entryPoint === "<stdin>"),
  );
  for (const file of files)
    for (const { path, kind, external } of outputs[file]!.imports)
      if (kind === "import-statement" && !external) files.add(path);
  return files;
}
const compressed = (text: Uint8Array): number =>
  brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

const complaints: string[] = [];
for (const { entry, factory, budget } of BUDGETS) {
  const { text, held } = await bundle(`export { ${factory} } from "${sourceOf(entry)}";`);
  const size = compressed(text);
  console.log(`${factory}: ${size} bytes of ${budget} (${text.length} before compression)`);
  if (modules) for (const [path, bytes] of held) console.log(`  ${bytes}  ${path}`);
  if (size > budget) complaints.push(`${factory} is ${size - budget} bytes over its budget.`);
  for (const [path] of held.filter(([name]) => name.startsWith("src/sharing/")))
    complaints.push(`${factory} carries ${path}, which only a store with leases needs.`);
}

const reached = (await bundle(`export * from "./${TOKEN_SOURCE}";`)).read.filter(
  (path) => path.startsWith("src/") && path !== TOKEN_SOURCE && path.split("/").length > 2,
);
console.log(`${TOKEN_SOURCE} reaches ${reached.length} modules of at most ${MOST_MODULES}`);
if (modules) for (const path of reached) console.log(`  ${path}`);
if (reached.length > MOST_MODULES)
  complaints.push(`${TOKEN_SOURCE} reaches ${reached.length - MOST_MODULES} modules too many.`);

for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;
