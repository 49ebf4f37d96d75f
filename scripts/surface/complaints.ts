/** What a user of the public surface would miss: a type, a docstring, an example. */
import ts from "typescript";
import { target, type Exported, type Surface } from "./program.ts";

const FACTORY = /^(create|start)[A-Z]/;

/** @returns a sentence for each fault, in the order of the entries */
export function complaintsOf(surface: Surface): readonly string[] {
  const { entries } = surface;
  const unique = new Map(
    entries.flatMap(({ exported }) => exported.map((one) => [one.symbol, one] as const)),
  );
  return [...unique.values()].flatMap((exported) => [
    ...undocumented(exported, surface),
    ...unnamed(exported, surface, unique),
  ]);
}

/**
 * Members of public types that have no docstring. Many need none, so that this is a list to look
 * through.
 * @returns `Type.member` of each
 */
export function bareMembers({ entries, checker, isOwn }: Surface): readonly string[] {
  const found = new Set<string>();
  for (const { name, declarations } of entries.flatMap(({ exported }) => exported)) {
    const visit = (node: ts.Node): void => {
      const symbol = isMember(node) && checker.getSymbolAtLocation(node.name);
      if (symbol && symbol.getDocumentationComment(checker).length === 0)
        found.add(`${name}.${symbol.name}`);
      ts.forEachChild(node, visit);
    };
    for (const node of declarations) if (isOwn(node.getSourceFile())) visit(node);
  }
  return [...found];
}

/** Whether a node declares a member that a user can see. */
const isMember = (node: ts.Node): node is ts.TypeElement & { readonly name: ts.PropertyName } =>
  (ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node)) &&
  !ts.isPrivateIdentifier(node.name);

function undocumented(
  { name, symbol, declarations }: Exported,
  { checker, isOwn }: Surface,
): readonly string[] {
  if (!declarations.some((node) => isOwn(node.getSourceFile()))) return [];
  const missing: string[] = [];
  if (symbol.getDocumentationComment(checker).length === 0)
    missing.push(`${name} has no description in its docstring.`);
  if (
    FACTORY.test(name) &&
    symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable) &&
    !symbol.getJsDocTags(checker).some((tag) => tag.name === "example")
  )
    missing.push(`${name} has no @example.`);
  return missing;
}

/** The types that a declaration uses, that no entry exports, and that are not `@internal`. */
function unnamed(
  { name, declarations }: Exported,
  { checker, isOwn }: Surface,
  exported: ReadonlyMap<ts.Symbol, Exported>,
): readonly string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    const used = nameIn(node);
    const symbol = used && checker.getSymbolAtLocation(used);
    if (symbol !== undefined) {
      const meant = target(checker, symbol);
      const own = meant.declarations?.some(
        (place) =>
          isOwn(place.getSourceFile()) &&
          !ts.isTypeParameterDeclaration(place) &&
          !ts.isParameter(place) &&
          !isInternal(place),
      );
      if (own && !exported.has(meant)) found.add(meant.name);
    }
    ts.forEachChild(node, visit);
  };
  for (const node of declarations) if (isOwn(node.getSourceFile())) visit(node);
  return [...found].map((type) => `${name} uses ${type}, which no entry exports.`);
}

/** Whether a docstring says that users neither make nor read a value of this type. */
const isInternal = (node: ts.Node): boolean =>
  ts.getJSDocTags(node).some(({ tagName }) => tagName.text === "internal");

/** The name that a node uses as a type. */
function nameIn(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  if (ts.isImportTypeNode(node)) return node.qualifier;
  return undefined;
}
