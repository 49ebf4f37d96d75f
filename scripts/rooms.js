/**
 * The lint rule `corrigenda/rooms`: which file of src/ may import which. The rule sees every form
 * of an import: `import`, `import type`, `export ... from`, `import()`, and `import("...")` in a
 * type. It has no options, and one block of the lint configuration turns it on for all rooms: a
 * later block of a flat configuration would replace the options of an earlier block.
 */
import { dirname, join, relative, sep } from "node:path";

/** The rooms of src/, from the bottom to the top. */
export const ROOMS = [
  "platform",
  "parts",
  "http",
  "tokens",
  "sharing",
  "stores",
  "client",
  "providers",
  "contracts",
];
/** No other folder imports a leaf. A leaf may import every room. */
export const LEAVES = ["cli", "sandbox", "testing"];
/** Public entries that only export what other files define. Only an entry imports an entry. */
export const ENTRIES = ["src/index.ts", "src/kit.ts", "src/stores/index.ts"];
/** The packages that src/ may import, and the files that may import each. */
export const PACKAGES = {
  "openapi-fetch": /^src\/client\/create-client\.ts$/,
  ajv: /^src\/sandbox\//,
  "ajv-formats": /^src\/sandbox\//,
};
/** The stores that several processes can use at once. In the rooms, only they import sharing/. */
const SHAREABLE_STORES = /^src\/stores\/(file|redis|shareable)\b/;
/** The check of an exchange against a spec, which the testing tools use as well. */
const CONTRACT = /^src\/sandbox\/contract\b/;

/**
 * @param {string} file a path from the root of the project, with slashes
 * @returns the name of a room, of a leaf, of another folder at the root, `vocabulary` or `entry`
 */
function placeOf(file) {
  const [root = "", folder = "", ...rest] = file.split("/");
  if (ENTRIES.includes(file)) return "entry";
  if (root !== "src") return root;
  return rest.length === 0 ? "vocabulary" : folder;
}

/**
 * @param {string} from the importing file
 * @param {string} to the imported file; both are paths from the root of the project, with slashes
 * @returns {string | undefined} what is wrong with the import
 */
function complaint(from, to) {
  const [here, there] = [placeOf(from), placeOf(to)];
  const known = [...ROOMS, ...LEAVES, "vocabulary", "entry"];
  if (!known.includes(here)) return `src/${here} is not in the list of rooms.`;
  if (there === "generated")
    return ["providers", "contracts", ...LEAVES].includes(here)
      ? undefined
      : "Only providers/, contracts/ and the leaves import generated files.";
  if (!known.includes(there)) return `${to} is in no room of src/.`;
  if (there === "entry" && here !== "entry")
    return "An entry is for users of the package: import the file that defines the name.";
  if (LEAVES.includes(there) && here !== there)
    return here === "testing" && CONTRACT.test(to)
      ? undefined
      : `${there}/ is a leaf: no other folder imports it.`;
  if (here === "entry" || there === "entry" || there === "vocabulary") return undefined;
  if (here === "vocabulary") return "The vocabulary, src/*.ts, imports only itself.";
  if (LEAVES.includes(here)) return undefined;
  if (ROOMS.indexOf(there) > ROOMS.indexOf(here))
    return `${here}/ lies below ${there}/, and imports go down only.`;
  if (there === "sharing" && here !== "sharing" && !SHAREABLE_STORES.test(from))
    return "Only the stores that several processes can use at once import sharing/.";
  return undefined;
}

/** @param {string} from the importing file @param {string} specifier what it imports */
function complaintOf(from, specifier) {
  if (specifier.startsWith("node:")) return undefined;
  if (/^\.\.?\//.test(specifier))
    return complaint(from, join(dirname(from), specifier).split(sep).join("/"));
  const [scope = "", name] = specifier.split("/");
  const allowed = PACKAGES[scope.startsWith("@") ? `${scope}/${name}` : scope];
  if (allowed === undefined) return `src/ does not import the package "${specifier}".`;
  return allowed.test(from) ? undefined : `Only ${allowed.source} imports "${specifier}".`;
}

/** @type {import("eslint").Rule.RuleModule} */
export const rooms = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      import: "{{complaint}} The rooms are described in CONTRIBUTING.md.",
      unknown: "The linter cannot tell which file this imports: give the path as a string.",
      entry: "This file is an entry: it only exports what other files define.",
    },
  },
  create(context) {
    const from = relative(context.cwd, context.filename).split(sep).join("/");
    const check = (node, source) => {
      if (source === null || source === undefined) return;
      if (source.type !== "Literal" || typeof source.value !== "string")
        return context.report({ node, messageId: "unknown" });
      const complaint = complaintOf(from, source.value);
      if (complaint !== undefined)
        context.report({ node, messageId: "import", data: { complaint } });
    };
    const checkSource = (node) => check(node, node.source);
    return {
      Program({ body }) {
        if (placeOf(from) !== "entry") return;
        for (const node of body)
          if (node.type !== "ExportAllDeclaration" && !node.source)
            context.report({ node, messageId: "entry" });
      },
      ImportDeclaration: checkSource,
      ExportNamedDeclaration: checkSource,
      ExportAllDeclaration: checkSource,
      ImportExpression: checkSource,
      TSImportType: checkSource,
      TSExternalModuleReference: (node) => check(node, node.expression),
    };
  },
};
