import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";

/** The source file of each entry of the package that examples import. */
const ENTRIES: Readonly<Record<string, string>> = {
  corrigenda: "src/index.ts",
  "corrigenda/kit": "src/kit.ts",
  "corrigenda/sandbox": "src/sandbox/index.ts",
};

/**
 * Runs an example of the documentation in a process of its own, with the package as this working
 * tree has it. Fails if the process fails.
 * @param folder where the example's file is written
 * @param env variables of the process. SANDBOX_MAP is a JSON object: addresses of vendors, and the
 *   local addresses that take their place.
 * @returns what the example printed
 */
export async function runExample(
  code: string,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const file = resolve(folder, "example.ts");
  const here = code.replaceAll(/"(corrigenda(?:\/\w+)?)"/g, (quoted, entry: string) =>
    ENTRIES[entry] === undefined ? quoted : JSON.stringify(resolve(ENTRIES[entry])),
  );
  writeFileSync(file, here);
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--import", resolve("tests/support/vendors-here.mjs"), file],
    { env: { ...process.env, ...env } },
  );
  let out = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (out += chunk.toString()));
  const status = await new Promise((done) => child.on("close", done));
  expect({ status, out }).toMatchObject({ status: 0 });
  return out.trim();
}
