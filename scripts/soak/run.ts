/**
 * Clients that call for minutes on end while harm is done to them, and what is left of it: failures
 * that nobody meant, memory, open handles.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemScheduler } from "../../src/platform/scheduler.ts";
import { openClient, type SoakClient } from "./clients.ts";
import { LIVES, PROVIDERS, type FromServer, type Life, type ProviderName } from "./protocol.ts";
import { createVerdicts, type Verdicts } from "./verdicts.ts";

/** `loops`: of each provider, shared by its clients. */
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
  /** Bytes of the heap after a collection: when the warm-up was over, and in the end. */
  readonly heap: readonly [warm: number, end: number];
  /** What was open after all clients were closed and had not been before they were made. */
  readonly left: readonly string[];
}

/**
 * A part of the whole time, and at most so many ms, after which the heap is measured for the first
 * time.
 */
const WARM_UP = 1 / 3,
  LONGEST_WARM_UP = 60_000;
/** ms that a loop waits between two calls, and again as much by chance. */
const BREATH = 25;
/** ms in which sockets that were given back may close. */
const CLOSING = 5000;

export async function soak({ minutes, loops }: Soak): Promise<SoakReport> {
  const { gc } = globalThis;
  if (!gc)
    throw new Error(
      "the soak measures the heap after a collection, and Node was started without --expose-gc",
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
      // Twice: what a finalizer lets go of is free only then.
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

/** The loops: at work until they are told to rest, each after the call that it is at. */
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
    child.once("exit", (code) => reject(new Error(`the soak's server ended with code ${code}`)));
    child.on("message", (message: FromServer) => {
      if (message.is === "harm") verdicts.harmed(message.number, message.harm);
      else if (message.is === "count") counted(message);
      else resolve(message);
    });
  });
  const { options } = await ready;
  return {
    options,
    /** Whatever harm was done before is known once this is. */
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
 * Timers that the clients set, and that have neither run nor been cleared: those that do not keep
 * the process alive show nowhere else.
 */
function countTimers(): { readonly left: number; restore(): void } {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const { after } = systemScheduler;
  const open = new Set<unknown>();
  let own = false; // The platform's fetch sets timers too, and keeps them.
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

/** What keeps the process alive and did not before. */
async function openStill(before: ReadonlyMap<string, number>): Promise<string[]> {
  const more = (): string[] =>
    [...resources()]
      .filter(([name, count]) => count > (before.get(name) ?? 0))
      .map(([name, count]) => `${count - (before.get(name) ?? 0)} ${name}`);
  // A timer of this very wait is one of them.
  const real = (): string[] => more().filter((name) => name !== "1 Timeout");
  for (const end = performance.now() + CLOSING; real().length > 0 && performance.now() < end;)
    await pause(50);
  return real();
}
