/** The check of the public surface (`npm run surface`) reports what it is for, and nothing else. */
import { resolve } from "node:path";
import { complaintsOf } from "../scripts/surface/complaints.ts";
import { readSurface, type Surface } from "../scripts/surface/program.ts";
import { pagesOf } from "../scripts/surface/render.ts";

const surfaceOf = (files: Readonly<Record<string, string>>) =>
  readSurface(
    new Map(Object.entries(files).map(([name, text]) => [resolve("dist/src", name), text])),
    Object.keys(files)
      .filter((name) => name.startsWith("entry"))
      .map((name) => ({ name: name.replace(".d.ts", ""), types: `./dist/src/${name}` })),
  );
const INNER = `
/** A type. */
export interface Inner { readonly a: string }
export interface Bare { readonly a: string }
/**
 * A type that users only hand on.
 * @internal
 */
export interface Opaque { readonly a: string }
`;

const FAULTS: readonly (readonly [what: string, code: string, complaint: string])[] = [
  ["a function without a docstring", "export declare function one(): void;", "one has no descr"],
  [
    "a docstring of tags alone",
    "/** @throws Error */\nexport declare function one(): void;",
    "one has no descr",
  ],
  ["a constant without a docstring", "export declare const two: number;", "two has no descr"],
  ["an exported type without one", `export type { Bare } from "./inner.ts";`, "Bare has no descr"],
  [
    "a factory without an example",
    "/** Makes it. */\nexport declare function createIt(): void;",
    "createIt has no @example.",
  ],
  ...[
    "/** A. */\nexport interface A extends Inner {}",
    "/** A. */\nexport interface A { readonly b: readonly Inner[] }",
    "/** A. */\nexport type A = Partial<Inner>;",
    "/** A. */\nexport declare function A(a: { b: Inner }): void;",
    "/** A. */\nexport declare class A { b: Inner }",
  ].map(
    (code) =>
      [
        `a type that no entry exports in \`${code.slice(10)}\``,
        `import type { Inner } from "./inner.ts";\n${code}`,
        "A uses Inner, which no entry exports.",
      ] as const,
  ),
  [
    "a type that is imported where it is used",
    `/** A. */\nexport type A = import("./inner.ts").Inner;`,
    "A uses Inner, which no entry exports.",
  ],
];

/** Every case is an entry, so that the compiler runs once. */
let faulty: Surface;
beforeAll(() => {
  const entries = FAULTS.map(([, code], index) => [`entry-${index}.d.ts`, code]);
  faulty = surfaceOf({ "inner.d.ts": INNER, ...(Object.fromEntries(entries) as object) });
});
test.each(FAULTS.map((fault, index) => [...fault, index] as const))(
  "%s is reported",
  (_, __, complaint, index) => {
    expect(complaintsOf({ ...faulty, entries: [faulty.entries[index]!] })).toEqual([
      expect.stringContaining(complaint),
    ]);
  },
);

test("what is documented, and uses what some entry exports, is not reported", () => {
  const files = {
    "inner.d.ts": INNER,
    "entry.d.ts": `
import type { Inner, Opaque } from "./inner.ts";
/** Hands it on. */
export declare function hand(opaque: Opaque): Opaque;
/**
 * Makes it.
 * @example createIt({ a: "b" })
 */
export declare function createIt<T extends Inner>(inner: T, date: Date): Promise<T>;`,
    "entry-2.d.ts": `export type { Inner } from "./inner.ts";\nexport { createIt } from "./entry.ts";`,
  };
  const surface = surfaceOf(files);
  expect(complaintsOf(surface)).toEqual([]);
  expect(Object.fromEntries(pagesOf(surface))).toEqual({
    "entry.txt": `The names that "corrigenda/entry" exports.

function createIt<T extends Inner>(inner: T, date: Date): Promise<T>;

function hand(opaque: Opaque): Opaque;
`,
    "entry-2.txt": `The names that "corrigenda/entry-2" exports.

interface Inner {
    readonly a: string;
}

createIt: as in "corrigenda/entry"
`,
  });
});

test("an entry without a declaration file is an error", () => {
  expect(() => readSurface(new Map(), [{ name: "gone", types: "./dist/src/gone.d.ts" }])).toThrow(
    "./dist/src/gone.d.ts is no module",
  );
});
