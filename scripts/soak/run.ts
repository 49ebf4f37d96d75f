/**
 * Runs clients that call for minutes while a server harms them, and measures the result: failures
 * without a cause, memory, open handles.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemScheduler } from "../../src/platform/scheduler.ts";
import { openClient, type SoakClient } from "./clients.ts";
import { LIVES, PROVIDERS, type FromServer, type Life, type ProviderName } from "./protocol.ts";
import { createVerdicts, type Verdicts } from "./verdicts.ts";

/** `loops`: for each provider, divided among its clients. */
export interface Soak {
  readonly minutes: number;
  readonly loops: number;
}

export interface SoakReport {
  readonly clients: readonly {
    readonly provider: ProviderName;
    readonly life: Life;
    readonly calls: number;
    readonly tokenRequests: number;
  }[];
  readonly injected: Readonly<Record<string, number>>;
  readonly excused: number;
  readonly unexpected: Readonly<Record<string, number>>;
  /** Bytes of the heap after a garbage collection: after the warm-up, and at the end. */
  readonly heap: readonly [warm: number, end: number];
  /** What is open after all clients were closed and was not open before they were created. */
  readonly left: readonly string[];
}

/** The warm-up before the first measurement: a part of the whole time, and at most so many ms. */
const WARM_UP = 1 / 3,
  LONGEST_WARM_UP = 60_000;
/** ms that a loop waits between two calls, plus a random time of up to as much. */
const BREATH = 25;
/** ms in which idle sockets may close. */
const CLOSING = 5000;

export async function soak({ minutes, loops }: Soak): Promise<SoakReport> {
  const { gc } = globalThis;
  if (!gc)
    throw new Error(
      "The soak measures the heap after a garbage collection: start Node with --expose-gc.",
    );
  const timers = countTimers();
  const verdicts = createVerdicts(() => performance.now());
  const server = await startServer(verdicts);
  const before = resources();
  const clients: SoakClient[] = [];
  try {
    for (const { life, options } of server.options)
      for (const provider of PROVIDERS)
        clients.push(await openClient(provider, life, options, verdicts));
    const total = minutes * 60_000;
    const crew = createCrew(clients, loops);
    const measure = async (): Promise<number> => {
      await crew.rest();
      // Several times: what a finalizer releases is collected only the next time.
      for (let i = 0; i < 3; i += 1) {
        await gc({ execution: "async" });
        await pause(20);
      }
      return process.memoryUsage().heapUsed;
    };
    const sweeping = setInterval(() => verdicts.sweep(), 1000);
    crew.work();
    const warmUp = Math.min(LONGEST_WARM_UP, total * WARM_UP);
    await pause(warmUp);
    const warm = await measure();
    crew.work();
    await pause(total - warmUp);
    const end = await measure();
    clearInterval(sweeping);
    const tokenRequests = await server.count();
    await Promise.all(clients.map((client) => client.close()));
    verdicts.sweep(true);
    const left = [
      ...(await openStill(before)),
      ...Array.from(
        { length: Math.min(1, timers.left) },
        () => `${timers.left} timers of the clients`,
      ),
    ];
    return {
      clients: clients.map(({ provider, life, calls }) => ({
        provider,
        life,
        calls,
        tokenRequests:
          tokenRequests.find((one) => one.provider === provider && one.life === life)?.count ?? 0,
      })),
      injected: verdicts.injected,
      excused: verdicts.excused,
      unexpected: Object.fromEntries(verdicts.unexpected),
      heap: [warm, end],
      left,
    };
  } finally {
    timers.restore();
    await server.stop();
  }
}

/** The loops that call. `rest` resolves when each loop has finished its current call. */
function createCrew(
  clients: readonly SoakClient[],
  loops: number,
): { work(): void; rest(): Promise<void> } {
  const perClient = Math.max(1, Math.round(loops / LIVES.length));
  let working = false;
  let running: Promise<unknown> = Promise.resolve();
  async function loop(client: SoakClient): Promise<void> {
    while (working) {
      await client.call();
      await pause(BREATH * (1 + Math.random()));
    }
  }
  return {
    work() {
      working = true;
      running = Promise.all(
        clients.flatMap((client) => Array.from({ length: perClient }, () => loop(client))),
      );
    },
    async rest() {
      working = false;
      await running;
    },
  };
}

async function startServer(verdicts: Verdicts) {
  const child: ChildProcess = fork(fileURLToPath(new URL("server.ts", import.meta.url)), [], {
    execArgv: ["--import", "tsx"],
  });
  type Of<Is extends FromServer["is"]> = Extract<FromServer, { is: Is }>;
  let counted: (message: Of<"count">) => void = () => undefined;
  const ready = new Promise<Of<"ready">>((resolve, reject) => {
    child.once("exit", (code) =>
      reject(new Error(`The server of the soak ended with code ${code}.`)),
    );
    child.on("message", (message: FromServer) => {
      if (message.is === "harm") verdicts.harmed(message.number, message.harm);
      else if (message.is === "count") counted(message);
      else resolve(message);
    });
  });
  const { options } = await ready;
  return {
    options,
    /** The messages about all earlier harm arrive before the counts. */
    async count() {
      const answer = new Promise<Of<"count">>((resolve) => {
        counted = resolve;
      });
      child.send("count");
      return (await answer).tokenRequests;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const gone = once(child, "exit");
      child.send("stop");
      await gone;
    },
  };
}

/**
 * Counts the timers of the clients that have neither run nor been cleared. A timer that does not
 * keep the process alive is visible nowhere else.
 */
function countTimers(): { readonly left: number; restore(): void } {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const { after } = systemScheduler;
  const open = new Set<unknown>();
  let own = false; // The fetch of the platform sets and keeps timers, too.
  globalThis.setTimeout = ((run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = set(() => {
      open.delete(timer);
      run(...args);
    }, ms);
    if (own) open.add(timer);
    return timer;
  }) as typeof set;
  globalThis.clearTimeout = (timer) => {
    open.delete(timer);
    clear(timer);
  };
  systemScheduler.after = (ms, run) => {
    own = true;
    try {
      return after(ms, run);
    } finally {
      own = false;
    }
  };
  return {
    get left() {
      return open.size;
    },
    restore: () =>
      void (
        Object.assign(globalThis, { setTimeout: set, clearTimeout: clear }),
        Object.assign(systemScheduler, { after })
      ),
  };
}

const resources = (): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo())
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

/** The resources that keep the process alive now and did not before. */
async function openStill(before: ReadonlyMap<string, number>): Promise<string[]> {
  const more = (): string[] =>
    [...resources()]
      .filter(([name, count]) => count > (before.get(name) ?? 0))
      .map(([name, count]) => `${count - (before.get(name) ?? 0)} ${name}`);
  // The timer of this wait is one of them.
  const real = (): string[] => more().filter((name) => name !== "1 Timeout");
  for (const end = performance.now() + CLOSING; real().length > 0 && performance.now() < end;)
    await pause(50);
  return real();
}
