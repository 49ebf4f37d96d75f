/** The examples of the README run as they are printed, and its tables match the code. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import * as corrigenda from "../src/index.ts";
import { startSandbox, type Sandbox } from "../src/sandbox/index.ts";
import { EXAMPLES } from "./support/readme.ts";
import { hasServer, startRedis } from "./support/redis.ts";
import { runExample } from "./support/run-example.ts";

const folder = mkdtempSync(resolve("tests/.readme-"));
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await sandbox.close();
});

/** Runs an example against the sandbox. */
async function run(code: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { genlogs, apinizer, petjeaf } = sandbox;
  return runExample(code, folder, {
    ...env,
    SANDBOX_MAP: JSON.stringify({
      "https://api.genlogs.io": genlogs.options.baseUrl,
      "https://api.petjeaf.com/v1": petjeaf.options.baseUrl,
    }),
    GENLOGS_API_KEY: genlogs.options.apiKey,
    GENLOGS_EMAIL: genlogs.options.email,
    GENLOGS_PASSWORD: genlogs.options.password,
    APINIZER_MANAGER_URL: apinizer.options.managerUrl,
    APINIZER_USERNAME: apinizer.options.username,
    APINIZER_PASSWORD: apinizer.options.password,
    PETJEAF_CLIENT_ID: petjeaf.options.clientId,
    PETJEAF_CLIENT_SECRET: petjeaf.options.clientSecret,
    AUTHORIZE: petjeaf.options.authorizeUrl,
  });
}

test("the quick starts and the sandbox example do what they say", async () => {
  const [genlogs = "", apinizer = "", petjeaf = "", file = "", redis = "", sandboxed = ""] =
    EXAMPLES;
  expect(EXAMPLES).toHaveLength(6);
  expect(await run(genlogs)).toBe("1234567 Example Carrier LLC");
  expect(await run(apinizer)).toBe("[ 'ExampleProject' ]");
  // The person: opens the page, and is sent back.
  const person = `
const { url, state } = login();
const page = url.replace("https://petjeaf.com/oauth2/authorize", process.env.AUTHORIZE ?? "");
const callback = (await fetch(page, { redirect: "manual" })).headers.get("location") ?? "";
const key = await welcome(callback, state);
console.log(await whoIs(key));
await logout(key);
console.log(await whoIs(key).catch((error) => error.kind));`;
  expect((await run(petjeaf + person)).split("\n")).toEqual([
    "1 memberships",
    "person@example.com",
    "reauthorization_required",
  ]);
  const nobody = `console.log(await petjeaf.session("nobody").auth.getToken().catch((error) => error.kind));`;
  expect(
    await run(file + nobody, {
      TOKEN_KEY: "6b3e0d94a17f52c8e05b9d2f41a6738cb9e4057d1c8af26e3b90d5c1478ea2f6",
      XDG_STATE_HOME: folder,
    }),
  ).toBe("reauthorization_required");
  if (hasServer) {
    const server = await startRedis();
    try {
      expect(await run(redis, { REDIS_URL: server.url })).toBe("200");
    } finally {
      await server.close();
    }
  } else
    console.log(
      "Skipped: the README's example with Redis, since no redis-server is installed to start one.",
    );
  expect(await run(sandboxed)).toBe("3");
});

test("no quick start swallows a refusal of the API", () => {
  for (const example of EXAMPLES.slice(0, 3)) {
    const calls = example.match(/\.GET\(/g)?.length ?? 0;
    expect(calls).toBeGreaterThan(0);
    expect(example.match(/if \(data === undefined\) throw \w+\.toError\(result\);/g)).toHaveLength(
      calls,
    );
    expect(example).not.toContain("data?.");
  }
});

test("the error table is complete", () => {
  // A formatter pads the cells of a table.
  const rows = readFileSync("README.md", "utf8").replace(/ +\|/g, " |");
  const classes = Object.entries(corrigenda).filter(
    ([name]) => /^[A-Z].*Error$/.test(name) && name !== "CorrigendaError",
  );
  expect(classes.length).toBeGreaterThan(10);
  for (const [name, value] of classes) {
    const { kind } = new (
      value as new (details: { message: string }) => corrigenda.CorrigendaError
    )({ message: "" });
    expect(rows).toContain(`| \`${name}\` | \`${kind}\` |`);
  }
});
