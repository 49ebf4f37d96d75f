/** The public surface as text: one page an entry. */
import { basename } from "node:path";
import ts from "typescript";
import type { Exported, Surface } from "./program.ts";

const printer = ts.createPrinter({ removeComments: true });

/** @returns the text of each page, by the name of its file */
export function pagesOf({ entries, isOwn }: Surface): ReadonlyMap<string, string> {
  const printed = new Map<ts.Symbol, string>();
  return new Map(
    entries.map(({ name, exported }) => {
      const lines = exported.map((one) => {
        const earlier = printed.get(one.symbol);
        if (earlier === undefined) printed.set(one.symbol, nameOf(name));
        return earlier === undefined ? textOf(one, isOwn) : `${one.name}: as in "${earlier}"\n`;
      });
      return [`${name}.txt`, `The names that "${nameOf(name)}" exports.\n\n${lines.join("\n")}`];
    }),
  );
}

const nameOf = (entry: string): string => (entry === "main" ? "corrigenda" : `corrigenda/${entry}`);

function textOf(
  { name, symbol, declarations }: Exported,
  isOwn: (file: ts.SourceFile) => boolean,
): string {
  const file = declarations[0]?.getSourceFile();
  // A generated file has a page of its own: the spec that it is made of.
  if (file === undefined || !isOwn(file))
    return `${name}: ${symbol.name} of generated/${basename(file?.fileName ?? "")}\n`;
  const renamed = symbol.name === name ? "" : `${name}: `;
  return declarations.map((node) => `${renamed}${printed(node)}\n`).join("");
}

/** A declaration without its comments and without `export declare`. */
const printed = (node: ts.Declaration): string =>
  printer
    .printNode(
      ts.EmitHint.Unspecified,
      ts.isVariableDeclaration(node) ? node.parent.parent : node,
      node.getSourceFile(),
    )
    .replace(/^(export )?(declare )?/, "")
    // The comma that a formatter of the source puts behind the last name of a pattern.
    .replaceAll(", }", " }");
