/**
 * Real processes that share one credential: a short run of each harness, and of the model checker.
 * `.ci/run` makes longer runs.
 */
import { spawn } from "node:child_process";
import { explore, LIMITS, WEAKENINGS } from "../scripts/rotation-model.ts";
import { withRedis } from "./support/with-redis.ts";

function run(
  script: string,
  ...args: string[]
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--import", "tsx", script, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err]: string[][] = [[], []];
    child.stdout.on("data", (chunk) => out!.push(String(chunk)));
    child.stderr.on("data", (chunk) => err!.push(String(chunk)));
    child.on("close", (status) =>
      resolve({ status, stdout: out!.join(""), stderr: err!.join("") }),
    );
  });
}

withRedis.test(
  "T-14 T-19 a process that is killed costs no session but those that had to be lost",
  async () => {
    const { status, stdout, stderr } = await run("scripts/crash.ts", "--runs", "9", "--json");
    expect(stderr).toBe("");
    const { perStep, ...counts } = JSON.parse(stdout) as {
      perStep: { store: string; step: string; harm: string; lost: number; unavoidable: number }[];
    };
    // After the server's commit and before the save there is no way to keep it: the harness has to
    // see that, or it sees nothing.
    expect(
      perStep
        .filter(({ lost }) => lost > 0)
        .map(({ store, step, harm }) => `${store} ${harm} ${step}`),
    ).toEqual(["file kill POST: after", "file kill save: before"]);
    expect(counts).toEqual({ runs: 9, lost: 2, unavoidable: 2, doubleUse: 0 });
    expect(status).toBe(0);
  },
  300_000,
);

withRedis.test(
  "T-14 a herd in four processes makes one token request for each expiry",
  async () => {
    const { status, stdout } = await run(
      "scripts/herd.ts",
      "--processes",
      "4",
      "--callers",
      "200",
      "--expiries",
      "5",
      "--json",
    );
    expect(JSON.parse(stdout)).toEqual({
      stores: {
        file: { expiries: 5, tokenRequests: 5, failed: 0 },
        redis: { expiries: 5, tokenRequests: 5, failed: 0 },
      },
    });
    expect(status).toBe(0);
  },
  300_000,
);

describe("T-14 every state of the protocol", () => {
  test("loses no session but those that had to be lost, saves nothing that was deleted, and loses no consent", () => {
    const { violation, states, unavoidable } = explore();
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(20_000);
    expect(unavoidable).toBeGreaterThan(0);
  });

  test.each([...WEAKENINGS, ...LIMITS])(
    "with %s there is a way to a state that must not be",
    (change) => {
      expect(explore(change).violation?.trace.length).toBeGreaterThan(5);
    },
  );
});
