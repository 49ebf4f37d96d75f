/**
 * The lint rules on the rooms of src/ (CONTRIBUTING.md) and on the length of files and functions:
 * each rule reports code that breaks it, and accepts code that keeps it.
 */
import { spawnSync } from "node:child_process";

interface Message {
  readonly rule: string;
  readonly message: string;
  readonly severity: number;
}
interface File {
  readonly path: string;
  readonly code: string;
}

/** From the bottom to the top. Written again here, so that a change of the rule needs a reason. */
const ROOMS = [
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
const LEAVES = ["cli", "sandbox", "testing"];
const ENTRIES = ["index.ts", "kit.ts", "stores/index.ts"];

/** Each form in which a file can import another. */
const FORMS: readonly ((path: string) => string)[] = [
  (path) => `import { a } from "${path}";`,
  (path) => `import type { A } from "${path}";`,
  (path) => `import "${path}";`,
  (path) => `export { b } from "${path}";`,
  (path) => `export type * from "${path}";`,
  (path) => `export const c = () => import("${path}");`,
  (path) => `export type D = import("${path}").D;`,
  (path) => `import e = require("${path}");`,
];
const imports = (path: string): string => FORMS.map((form) => form(path)).join("\n");

const cases: { name: string; file: File; check: (messages: readonly Message[]) => void }[] = [];
const add = (
  name: string,
  path: string,
  code: string,
  check: (messages: readonly Message[]) => void,
): void => {
  cases.push({ name, file: { path, code }, check });
};
const refused =
  (says: string, times = FORMS.length) =>
  (messages: readonly Message[]): void => {
    expect(messages.map(({ rule }) => rule)).toEqual(Array(times).fill("corrigenda/rooms"));
    for (const { message, severity } of messages) {
      expect(message).toContain(says);
      expect(severity).toBe(2);
    }
  };
const allowed = (messages: readonly Message[]): void => {
  expect(messages).toEqual([]);
};

for (const [level, room] of ROOMS.entries()) {
  const file = `src/${room}/new.ts`;
  for (const higher of ROOMS.slice(level + 1))
    add(
      `${room} imports nothing of ${higher}`,
      file,
      imports(`../${higher}/other.ts`),
      refused(`${room}/ lies below ${higher}/`),
    );
  for (const lower of ROOMS.slice(0, level).filter((name) => name !== "sharing"))
    add(`${room} may import ${lower}`, file, imports(`../${lower}/other.ts`), allowed);
  add(`${room} may import itself`, file, imports("./other.ts"), allowed);
  add(`${room} may import the vocabulary`, file, imports("../token.ts"), allowed);
  for (const leaf of LEAVES)
    add(
      `${room} imports nothing of ${leaf}`,
      file,
      imports(`../${leaf}/other.ts`),
      refused(`${leaf}/ is a leaf`),
    );
  for (const entry of ENTRIES)
    add(
      `${room} does not import the entry ${entry}`,
      file,
      imports(`../${entry}`),
      refused("An entry is for users"),
    );
  add(
    `${room}: a folder in a room belongs to the room`,
    `src/${room}/folder/new.ts`,
    imports("../../cli/other.ts"),
    refused("cli/ is a leaf"),
  );
  add(
    `${room} imports nothing from outside src/`,
    file,
    imports("../../scripts/other.ts"),
    refused("is in no room of src/"),
  );
}

for (const other of [...ROOMS, ...LEAVES])
  add(
    `the vocabulary imports nothing of ${other}`,
    "src/new.ts",
    imports(`./${other}/other.ts`),
    refused(LEAVES.includes(other) ? "is a leaf" : "imports only itself"),
  );
add("the vocabulary may import itself", "src/new.ts", imports("./token.ts"), allowed);
for (const entry of ENTRIES)
  add(
    `the vocabulary does not import the entry ${entry}`,
    "src/new.ts",
    imports(`./${entry}`),
    refused("An entry is for users"),
  );

for (const leaf of LEAVES) {
  const file = `src/${leaf}/new.ts`;
  for (const room of ROOMS)
    add(`${leaf} may import ${room}`, file, imports(`../${room}/other.ts`), allowed);
  add(`${leaf} may import the vocabulary`, file, imports("../token.ts"), allowed);
  for (const other of LEAVES.filter((name) => name !== leaf))
    add(
      `${leaf} imports nothing of ${other}`,
      file,
      imports(`../${other}/other.ts`),
      refused(`${other}/ is a leaf`),
    );
  for (const entry of ENTRIES)
    add(
      `${leaf} does not import the entry ${entry}`,
      file,
      imports(`../${entry}`),
      refused("An entry is for users"),
    );
}
add(
  "testing may import the sandbox's contract",
  "src/testing/new.ts",
  imports("../sandbox/contract.ts"),
  allowed,
);
add(
  "the command line does not import the sandbox's contract",
  "src/cli/new.ts",
  imports("../sandbox/contract.ts"),
  refused("sandbox/ is a leaf"),
);

for (const entry of ["src/index.ts", "src/kit.ts", "src/stores/index.ts"]) {
  const up = entry.includes("stores") ? "../" : "./";
  add(
    `the entry ${entry} exports from every room`,
    entry,
    ROOMS.map((room) => `export * from "${up}${room}/other.ts";`).join("\n"),
    allowed,
  );
  add(
    `the entry ${entry} defines nothing`,
    entry,
    "export const a = 1;\nfunction b() {}\nexport { c } from './token.ts';",
    refused("only exports what other files define", 2),
  );
  for (const leaf of LEAVES)
    add(
      `the entry ${entry} exports nothing of ${leaf}`,
      entry,
      `export * from "${up}${leaf}/other.ts";`,
      refused("is a leaf", 1),
    );
}

for (const file of ["file.ts", "file-lock.ts", "file/lock.ts", "redis.ts", "shareable.ts"])
  add(
    `stores/${file} may import sharing`,
    `src/stores/${file}`,
    imports(`${file.includes("/") ? "../" : ""}../sharing/other.ts`),
    allowed,
  );
for (const file of [
  "stores/memory.ts",
  "stores/codec.ts",
  "stores/encryption.ts",
  "client/options.ts",
  "providers/new.ts",
])
  add(
    `${file} imports nothing of sharing`,
    `src/${file}`,
    imports("../sharing/other.ts"),
    refused("Only the stores that several processes can use"),
  );

add(
  "client/create-client.ts may import openapi-fetch",
  "src/client/create-client.ts",
  imports("openapi-fetch"),
  allowed,
);
for (const file of ["src/client/new.ts", "src/providers/genlogs.ts", "src/new.ts", "src/cli/a.ts"])
  add(
    `${file} does not import openapi-fetch`,
    file,
    imports("openapi-fetch"),
    refused('imports "openapi-fetch"'),
  );
add(
  "a room does not import ajv",
  "src/http/new.ts",
  imports("ajv/dist/2020.js"),
  refused('imports "ajv/dist/2020.js"'),
);
add(
  "no other package is imported",
  "src/http/new.ts",
  imports("@scope/package"),
  refused('does not import the package "@scope/package"'),
);
add("modules of Node may be imported", "src/http/new.ts", imports("node:crypto"), allowed);
add(
  "an import of an unknown file is refused",
  "src/http/new.ts",
  "export const a = (name: string) => import(`./${name}.ts`);",
  refused("cannot tell which file", 1),
);
add(
  "a folder that is no room is refused",
  "src/utils/new.ts",
  imports("../token.ts"),
  refused("src/utils is not in the list of rooms"),
);
add(
  "a provider may import its generated files",
  "src/providers/new.ts",
  imports("../../generated/genlogs.ts"),
  allowed,
);
add(
  "a client imports no generated file",
  "src/client/new.ts",
  imports("../../generated/genlogs.ts"),
  refused("import generated files"),
);

const lines = (count: number): string => "// A comment.\n\n".repeat(count / 2);
const limit =
  (rule: string, says: string) =>
  (messages: readonly Message[]): void => {
    expect(messages.map(({ rule }) => rule)).toEqual([rule]);
    expect(messages[0]).toMatchObject({ message: expect.stringContaining(says), severity: 2 });
  };
const inFunction = (count: number): string => `export function make() {\n${lines(count - 2)}}\n`;
add("a file may have 250 lines", "src/http/new.ts", lines(250).trimEnd(), allowed);
add(
  "a file may not have 252 lines, comments and blank lines included",
  "src/http/new.ts",
  `${lines(250)}// A comment.\n// Another.`,
  limit("max-lines", "252"),
);
add("a function may have 60 lines", "src/http/new.ts", inFunction(60), allowed);
for (const [name, code] of [
  ["function", inFunction(62)],
  ["method", `export class A {\n  make() {\n${lines(60)}  }\n}`],
  ["arrow function", `export const make = () => {\n${lines(60)}};`],
  ["function that is called at once", `export const made = (() => {\n${lines(60)}})();`],
] as const)
  add(
    `a ${name} may not have 62 lines, comments and blank lines included`,
    "src/http/new.ts",
    code,
    limit("max-lines-per-function", "62"),
  );

/** All files in one run of the linter, which takes longer to start than to lint. */
let reports: readonly (readonly Message[])[];
beforeAll(() => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tests/support/lint.mjs"], {
    input: JSON.stringify(cases.map(({ file }) => file)),
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  reports = JSON.parse(stdout) as typeof reports;
});

test.each(cases.map(({ name, check }, index) => [name, check, index] as const))(
  "%s",
  (_, check, index) => check(reports[index]!),
);
