/** The tools, and what each did with each operation. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { FOLDER } from "./install.ts";
import { startJobs, type Jobs } from "./jobs.ts";
import { throughPrism } from "./prism.ts";

/** What one tool did with one operation. */
export interface Result {
  readonly tool: string;
  readonly document: string;
  readonly operation: string;
  /** How many requests arrived. */
  readonly requests: number;
  /** Empty: every request was right, and there was one. */
  readonly problems: readonly string[];
  /** What the user of the tool has to do by hand. */
  readonly notes: readonly string[];
}

export interface Tool {
  readonly name: string;
  /** The packages whose versions matter. */
  readonly packages: readonly string[];
  run(): Promise<Result[]>;
}

/** What the process of a tool says, as a line of JSON. */
export interface Saying {
  readonly document: string;
  readonly operation: string;
  readonly note?: string;
  readonly problem?: string;
}

/** ms. The tools themselves take seconds. */
const PATIENCE = 240_000;

export const TOOLS: readonly Tool[] = [
  sender("Postman", "postman.mjs", ["openapi-to-postmanv2", "newman"]),
  sender("Swagger UI", "swagger-ui.mjs", ["swagger-ui-dist", "jsdom"]),
  sender("hey-api", "hey-api.mjs", ["@hey-api/openapi-ts"]),
  sender("orval", "orval.mjs", ["orval"]),
  {
    name: "Prism",
    packages: ["@stoplight/prism-http-server"],
    run: () =>
      withJobs((jobs) => throughPrism(jobs, (onReady) => speak("prism.mjs", jobs, onReady))),
  },
];

/** A tool that sends requests by itself: they are judged where they arrive. */
function sender(name: string, script: string, packages: readonly string[]): Tool {
  return { name, packages, run: () => withJobs((jobs) => sent(name, script, jobs)) };
}

async function withJobs(run: (jobs: Jobs) => Promise<Result[]>): Promise<Result[]> {
  const jobs = await startJobs();
  try {
    return await run(jobs);
  } finally {
    await jobs.close();
  }
}

async function sent(tool: string, script: string, jobs: Jobs): Promise<Result[]> {
  const said = await speak(script, jobs);
  return jobs.jobs.flatMap(({ name, operations }) => {
    const received = jobs.recorders.get(name)?.received ?? [];
    const lost = received.filter((one) => one.operation === undefined);
    return operations.map(({ id }) => {
      const own = received.filter((one) => one.operation === id);
      const about = said.filter((one) => one.document === name && one.operation === id);
      const missing =
        own.length === 0 ? ["sent no request", ...lost.flatMap((one) => one.problems)] : [];
      return {
        tool,
        document: name,
        operation: id,
        requests: own.length,
        problems: [
          ...missing,
          ...own.flatMap(({ problems }) => problems),
          ...about.flatMap(({ problem }) => problem ?? []),
        ],
        notes: about.flatMap(({ note }) => note ?? []),
      };
    });
  });
}

/**
 * Runs the script of a tool in a process of its own, with the jobs as a line of JSON.
 * @param onReady called with the first line of the process. The process is told to end after it
 * @returns the lines of JSON that the process printed
 */
async function speak(
  script: string,
  { jobs, folder }: Jobs,
  onReady?: (line: string) => Promise<void>,
): Promise<Saying[]> {
  const child = spawn(process.execPath, ["--import", "tsx", `${FOLDER}tools/${script}`], {
    stdio: ["pipe", "pipe", "pipe"],
    timeout: PATIENCE,
    env: { ...process.env, NO_COLOR: "1", SCARF_ANALYTICS: "false" },
  });
  const errors: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  const ended = new Promise<number | null>((done) => child.once("close", done));
  child.stdin.write(`${JSON.stringify({ jobs, folder })}\n`);
  if (!onReady) child.stdin.end();
  const said: Saying[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue; // A tool may print what it likes.
    if (onReady) {
      await onReady(line);
      child.stdin.end();
    } else said.push(JSON.parse(line) as Saying);
  }
  const status = await ended;
  if (status !== 0)
    throw new Error(
      `${script} ended with ${status ?? "a signal"}:\n${errors.join("").slice(-3000)}`,
    );
  return said;
}
