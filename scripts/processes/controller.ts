/** Starts worker processes, makes them call, stops them at a step, kills and freezes them. */
import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Redis } from "ioredis";
import {
  createFileStore,
  createRedisStore,
  type BuiltInTokenStore,
  type SharedTokenStore,
} from "../../src/index.ts";
import type { LogEntry } from "../../src/sandbox/index.ts";
import { hasServer, startRedis } from "../../tests/support/redis.ts";
import type { FromWorker, Setup, Step, StoreName, ToWorker } from "./protocol.ts";

/** The server that issues tokens: the sandbox or an independent server. */
export interface TokenServer {
  readonly client: Setup["client"];
  readonly log: readonly LogEntry[];
  /** Whether the server can be set to accept a used refresh token again for a while. */
  readonly canGrace: boolean;
  /** Sets how long the server accepts a used refresh token again, in s. */
  setGrace(seconds: number): void;
  /** Delays the next token request, in ms, before or after the server has acted on it. */
  delay(ms: number, when: "before" | "after"): void;
  /** Obtains a first token and saves it in the store under the key. */
  consent(store: SharedTokenStore, key: string): Promise<void>;
  /** The number of token requests so far. */
  requests(): number;
  /** How far the clock of the server is ahead, in ms. */
  readonly offset: number;
  /** Lets all tokens expire. */
  expire(): void;
  close(): Promise<void>;
}

/** Gives bundled CommonJS packages a `require`. */
const REQUIRE = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

/**
 * Bundles the worker into one file, so that a worker starts fast: most runs kill a worker.
 *
 * @returns the path of the bundle
 */
export async function bundleWorker(): Promise<string> {
  const folder = fileURLToPath(new URL("../../node_modules/.cache/corrigenda/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `worker-${process.pid}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL("worker.ts", import.meta.url))],
    outfile: file,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
    banner: { js: REQUIRE },
  });
  return file;
}

export interface Place {
  readonly name: StoreName;
  readonly at: string;
  readonly store: BuiltInTokenStore;
  close(): Promise<void>;
}

/**
 * Opens a folder and a Redis server, at `REDIS_URL` or newly started.
 *
 * @throws if there is no Redis
 */
export async function openPlaces(): Promise<Place[]> {
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-processes-"));
  const own =
    process.env["REDIS_URL"] === undefined
      ? hasServer
        ? await startRedis()
        : undefined
      : undefined;
  const url = process.env["REDIS_URL"] ?? own?.url;
  if (url === undefined)
    throw new Error("There is no Redis: set REDIS_URL, or install redis-server.");
  const client = new Redis(url);
  return [
    {
      name: "file",
      at: folder,
      store: createFileStore({ path: folder }),
      close: async () => rmSync(folder, { recursive: true, force: true }),
    },
    {
      name: "redis",
      at: url,
      store: createRedisStore({ client }),
      close: async () => {
        client.disconnect();
        await own?.close();
      },
    },
  ];
}

export interface Outcome {
  readonly failed: number;
  readonly kinds: readonly string[];
  readonly works: boolean;
}

export interface Worker {
  readonly userAgent: string;
  readonly dead: boolean;
  call(
    key: string,
    offset: number,
    options?: { callers?: number; stopAt?: Step },
  ): Promise<Outcome>;
  /** Resolves when the worker has reached the step `stopAt`. */
  stopped(): Promise<void>;
  go(): void;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
}

function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give!: () => void;
  return {
    given: new Promise<void>((resolve) => {
      give = resolve;
    }),
    give,
  };
}

const DIED: Outcome = { failed: 0, kinds: ["died"], works: false };

export async function startWorker(file: string, setup: Setup): Promise<Worker> {
  const child: ChildProcess = fork(file, [JSON.stringify(setup)], {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const calls = new Map<number, (outcome: Outcome) => void>();
  let nextCall = 0;
  let dead = false;
  let stopped = signal();
  const ready = signal();
  child.on("message", (message: FromWorker) => {
    if (message.is === "ready") ready.give();
    else if (message.is === "stopped") stopped.give();
    else {
      calls.get(message.id)?.(message);
      calls.delete(message.id);
    }
  });
  const gone = new Promise<void>((resolve) =>
    child.once("exit", () => {
      dead = true;
      for (const end of calls.values()) end(DIED);
      resolve();
    }),
  );
  const send = (message: ToWorker): void => void child.send(message);
  await ready.given;
  return {
    userAgent: `worker-${child.pid}`,
    get dead() {
      return dead;
    },
    call(key, offset, { callers = 1, stopAt } = {}) {
      if (stopAt !== undefined) stopped = signal();
      const id = (nextCall += 1);
      return new Promise((resolve) => {
        calls.set(id, resolve);
        send({ do: "call", id, key, callers, offset, ...(stopAt === undefined ? {} : { stopAt }) });
      });
    },
    stopped: () => stopped.given,
    go: () => send({ do: "go" }),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
