/**
 * The table of the demo is complete, shows failures, contains no secret, and names the vendors that
 * were called for real.
 */
import { runDemo } from "../scripts/demo/run.ts";
import { startSandbox } from "../src/sandbox/index.ts";
import { leaks } from "./support/secrets.ts";

async function demo(env: Record<string, string>): Promise<{ ok: boolean; text: string }> {
  const lines: string[] = [];
  const ok = await runDemo(env, (line) => lines.push(line), false);
  return { ok, text: lines.join("\n") };
}

test("every provider and grant goes through every step", async () => {
  const { ok, text } = await demo({});
  expect(ok).toBe(true);
  expect(text.match(/ ok +/g)).toHaveLength(26);
  expect(text.match(/ n\/a +the vendor offers none/g)).toHaveLength(4);
  expect(text).toContain("30 steps, 0 failed");
  expect(text).not.toMatch(/sandbox\+|sandbox-api-key|sandbox-refresh|sandbox-code|apnz_|eyJ/);
});

test("a provider whose credentials are in the environment is called for real, and a failure fails the demo", async () => {
  const other = await startSandbox();
  try {
    const { managerUrl, username, password } = other.apinizer.options;
    const good = await demo({
      APINIZER_MANAGER_URL: managerUrl,
      APINIZER_USERNAME: username,
      APINIZER_PASSWORD: password,
    });
    expect(good.text).toMatch(/Apinizer +client credentials +live/);
    expect(good.text).toContain("Called for real: Apinizer.");
    expect(good.ok).toBe(true);
    expect(other.apinizer.count("createToken")).toBe(2);
    const bad = await demo({
      APINIZER_MANAGER_URL: managerUrl,
      APINIZER_USERNAME: username,
      APINIZER_PASSWORD: "canary-wrong-password",
    });
    expect(bad.ok).toBe(false);
    expect(bad.text).toMatch(/failed +CredentialsError/);
    expect(leaks(bad.text, ["canary-wrong-password", password])).toEqual([]);
  } finally {
    await other.close();
  }
});

test("half of a provider's variables is a mistake, not a reason to fake it", async () => {
  await expect(demo({ GENLOGS_EMAIL: "e@example.com" })).rejects.toThrow(
    "GENLOGS_API_KEY, GENLOGS_PASSWORD missing",
  );
});
