/** The declaration files of the package, made in memory, and what each entry exports. */
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

export interface Entry {
  /** `main`, or the name behind `corrigenda/`. */
  readonly name: string;
  /** The declaration file, as package.json has it. */
  readonly types: string;
}

/** An exported name, and where the compiler found what it means. */
export interface Exported {
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly declarations: readonly ts.Declaration[];
}

export interface Surface {
  readonly checker: ts.TypeChecker;
  readonly entries: readonly { readonly name: string; readonly exported: readonly Exported[] }[];
  /** Whether a file is one of this project's, generated files not counted. */
  readonly isOwn: (file: ts.SourceFile) => boolean;
}

/**
 * Makes the declaration files of the sources, and keeps them in memory.
 * @returns the text of each declaration file, by its absolute path
 * @throws Error if the sources do not compile
 */
export function emitDeclarations(): ReadonlyMap<string, string> {
  const { fileNames } = configuration();
  const files = new Map<string, string>();
  const { emitSkipped, diagnostics } = ts
    .createProgram(fileNames, compilerOptions())
    .emit(undefined, (path, text) => files.set(resolve(path), text));
  const errors = diagnostics.map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, "\n"),
  );
  if (emitSkipped || errors.length > 0)
    throw new Error(`The sources do not compile: ${errors.join("\n")}`);
  return files;
}

/**
 * Reads what each entry exports.
 * @param files the text of each declaration file, by its absolute path
 * @throws Error if an entry has no declaration file
 */
export function readSurface(
  files: ReadonlyMap<string, string>,
  entries: readonly Entry[],
): Surface {
  const program = ts.createProgram(
    entries.map(({ types }) => resolve(types)),
    { ...compilerOptions(), noEmit: true, emitDeclarationOnly: false, rootDir: resolve("dist") },
    hostOf(files),
  );
  const checker = program.getTypeChecker();
  return {
    checker,
    entries: entries.map(({ name, types }) => ({
      name,
      exported: exportsOf(checker, program.getSourceFile(resolve(types)), types),
    })),
    isOwn: ({ fileName }) => resolve(fileName).startsWith(resolve("dist/src")),
  };
}

function configuration(): ts.ParsedCommandLine {
  return ts.getParsedCommandLineOfConfigFile("tsconfig.build.json", undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
    },
  })!;
}

const compilerOptions = (): ts.CompilerOptions => ({
  ...configuration().options,
  emitDeclarationOnly: true,
  declarationMap: false,
  sourceMap: false,
});

/** A compiler's view of the disk on which the declaration files lie as well. */
function hostOf(files: ReadonlyMap<string, string>): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions());
  const folders = new Set([...files.keys()].flatMap(foldersAbove));
  return {
    ...host,
    readFile: (path) => files.get(resolve(path)) ?? host.readFile(path),
    fileExists: (path) => files.has(resolve(path)) || host.fileExists(path),
    directoryExists: (path) => folders.has(resolve(path)) || (host.directoryExists?.(path) ?? true),
    getSourceFile: (path, version) => {
      const text = files.get(resolve(path));
      return text === undefined
        ? host.getSourceFile(path, version)
        : ts.createSourceFile(path, text, version, true);
    },
  };
}

function exportsOf(
  checker: ts.TypeChecker,
  file: ts.SourceFile | undefined,
  path: string,
): readonly Exported[] {
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${path} is no module: see exports in package.json.`);
  return checker
    .getExportsOfModule(module)
    .map((exported) => {
      const symbol = target(checker, exported);
      return { name: exported.name, symbol, declarations: symbol.declarations ?? [] };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a name stands for, behind every re-export. */
export const target = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

const foldersAbove = (path: string): string[] => {
  const folder = dirname(path);
  return folder === join(folder, "..") ? [folder] : [folder, ...foldersAbove(folder)];
};
