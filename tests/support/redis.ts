/** Redis servers that a test starts on free ports, and can kill, freeze and start again. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./wait.ts";

/** Whether a server can be started here. */
export const hasServer = spawnSync("redis-server", ["--version"]).status === 0;

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** SIGKILL: what was not written to the disk is lost. */
  kill(): Promise<void>;
  /** On the same port and folder. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** @param settings of the server, as arguments, e.g. `["--appendonly", "yes"]` */
export async function startRedis(
  settings: readonly string[] = [],
  wanted?: number,
): Promise<RedisServer> {
  const port = wanted ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-redis-"));
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const started = (child = spawn(
      "redis-server",
      [
        "--port",
        String(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        folder,
        "--save",
        "",
        "--daemonize",
        "no",
        ...settings,
      ],
      { stdio: "ignore" },
    ));
    for (let tries = 0; !(await answers(port)); tries += 1) {
      if (started.exitCode !== null || tries > 1200)
        throw new Error(`redis-server did not start on port ${port}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  const kill = async (): Promise<void> => {
    const running = child;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A cluster of three masters. */
export async function startCluster(): Promise<{
  readonly ports: readonly number[];
  close(): Promise<void>;
}> {
  const servers = await Promise.all(
    Array.from({ length: 3 }, async () => {
      // The bus has a port of its own, by default 10,000 above, which may be too high.
      const [port, bus] = [await freePort(), await freePort()];
      return startRedis(
        [
          "--cluster-enabled",
          "yes",
          "--cluster-port",
          String(bus),
          "--cluster-node-timeout",
          "30000",
        ],
        port,
      );
    }),
  );
  const close = async (): Promise<void> =>
    void (await Promise.all(servers.map((server) => server.close())));
  const { status, stdout, stderr } = spawnSync(
    "redis-cli",
    ["--cluster", "create", ...servers.map(({ port }) => `127.0.0.1:${port}`), "--cluster-yes"],
    { encoding: "utf8", timeout: 60_000 },
  );
  if (status !== 0) {
    await close();
    throw new Error(`the cluster could not be made: ${stdout}${stderr}`);
  }
  // Until each of them has heard that all slots are served, it answers CLUSTERDOWN.
  const isReady = ({ port }: RedisServer): boolean =>
    spawnSync("redis-cli", ["-p", String(port), "cluster", "info"], {
      encoding: "utf8",
    }).stdout.includes("cluster_state:ok");
  await until(() => servers.every(isReady));
  return { ports: servers.map(({ port }) => port), close };
}

/** A Sentinel that watches a master, which it calls `tokens`. */
export async function startSentinel(
  master: number,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-sentinel-"));
  const port = await freePort();
  const file = join(folder, "sentinel.conf"); // Sentinel writes down there what it learns.
  writeFileSync(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor tokens 127.0.0.1 ${master} 1\n`,
  );
  const child = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (child.exitCode !== null || tries > 1200)
      throw new Error(`the sentinel did not start on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    port,
    async close() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks for a PONG; a server that wants a password is up as well. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.setTimeout(1000, () => socket.destroy());
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(/PONG|NOAUTH/.test(data.toString()));
    });
    socket.once("error", () => resolve(false)).once("close", () => resolve(false));
  });
}

const given = new Set<number>();

/**
 * Outside the range that systems give out by themselves, lest somebody else get it before the
 * server does.
 */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const port = 21_000 + Math.floor(Math.random() * 11_000);
    const free = await new Promise<boolean>((resolve) => {
      const server = net
        .createServer()
        .once("error", () => resolve(false))
        .listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free && !given.has(port)) {
      given.add(port);
      return port;
    }
  }
  throw new Error("no port is free");
}
