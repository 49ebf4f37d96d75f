/**
 * Who renews a token: a process, told from all others, and whether it certainly lives no more (rule
 * T-14).
 */
export interface ProcessIdentity {
  /** A new owner in this process: `host/process/its start/random`. */
  create(): string;
  /** Only true when it is certain: same host, and the process is gone. */
  isDead(owner: string): boolean;
}

/**
 * Each look at it may be refused: Deno asks for permissions, and throws. What is refused counts as
 * unknown.
 */
interface Node {
  readonly process?: {
    readonly pid: number;
    readonly platform: string;
    kill(pid: number, signal: 0): void;
    getBuiltinModule?(id: "node:fs"):
      | {
          readFileSync(path: string, encoding: "latin1"): string;
          readlinkSync(path: string): string;
        }
      | undefined;
    getBuiltinModule?(id: "node:os"):
      | {
          hostname(): string;
          networkInterfaces(): Record<
            string,
            readonly { readonly mac: string; readonly internal: boolean }[] | undefined
          >;
        }
      | undefined;
  };
}

export function createProcessIdentity(): ProcessIdentity {
  try {
    const { process } = globalThis as Node;
    if (process?.getBuiltinModule) return identityOf(process);
  } catch {
    // Refused.
  }
  // Nothing is told of processes: every other owner may live.
  return { create: () => `unknown/0/0/${crypto.randomUUID()}`, isDead: () => false };
}

function identityOf(process: NonNullable<Node["process"]>): ProcessIdentity {
  const here = hostOf(process);
  const { pid: me, platform } = process;
  const start = startOf(process, me) ?? UNKNOWN;
  return {
    create: () => [here, me, start, crypto.randomUUID()].join("/"),
    isDead(owner) {
      const [host, pid, started] = owner.split("/");
      if (host !== here || !/^[1-9]\d*$/.test(pid ?? "")) return false;
      const now = platform === "linux" ? startOf(process, Number(pid)) : undefined;
      return now === undefined || started === UNKNOWN
        ? !exists(process, Number(pid))
        : now !== started;
    },
  };
}

/** The start of a process that could not look it up. */
const UNKNOWN = "unknown";

/**
 * A host as far as process ids go: on Linux one boot and one namespace of process ids, since
 * containers count their own.
 */
function hostOf(process: NonNullable<Node["process"]>): string {
  try {
    const fs = process.getBuiltinModule?.("node:fs");
    if (process.platform === "linux" && fs) {
      return `${fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}.${fs.readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")}`;
    }
    const os = process.getBuiltinModule?.("node:os");
    // Many a machine is called `localhost`.
    const macs = Object.values(os?.networkInterfaces() ?? {}).flatMap((list = []) =>
      list.filter(({ internal }) => !internal).map(({ mac }) => mac),
    );
    if (!os || macs.length === 0) throw new Error("nothing tells this host from others");
    return [os.hostname(), ...new Set(macs.sort())].join(".").replaceAll("/", "_");
  } catch {
    return `unknown-${crypto.randomUUID()}`; // Equal to no other: no owner is ever certainly dead.
  }
}

/**
 * Start of a process in clock ticks since boot (field 22 of proc_pid_stat(5)), so that a process id
 * given out again is noticed.
 */
function startOf(process: NonNullable<Node["process"]>, pid: number): string | undefined {
  try {
    // The second field is the name, in parentheses, and may hold anything.
    const fields =
      process
        .getBuiltinModule?.("node:fs")
        ?.readFileSync(`/proc/${pid}/stat`, "latin1")
        .split(") ")
        .at(-1)
        ?.split(" ") ?? [];
    return fields[0] === "Z" || fields[0] === "X" ? "dead" : fields[19];
  } catch {
    return undefined;
  }
}

function exists(process: NonNullable<Node["process"]>, pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Also where it may not be asked.
    return (error as { code?: string } | undefined)?.code !== "ESRCH";
  }
}
