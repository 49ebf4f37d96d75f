/**
 * Identifies the process that renews a token, and tells whether such a process has certainly ended
 * (rule T-14).
 */
export interface ProcessIdentity {
  /** A new name for an owner of a lease: `host/process id/start of the process/random`. */
  create(): string;
  /** True only if it is certain: the owner was a process of this host, and that process ended. */
  isDead(owner: string): boolean;
}

/**
 * The part of Node's globals that is used here. Reading any of it may throw, since Deno asks for
 * permissions. What cannot be read counts as unknown.
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
    // The runtime refused to tell.
  }
  // Nothing is known about processes, so any other owner may be alive.
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

/** Stands for the start of a process that could not find out its own start. */
const UNKNOWN = "unknown";

/**
 * Identifies the host, that is, the scope in which a process id is unique. On Linux that is one
 * boot and one namespace of process ids, since each container has process ids of its own.
 */
function hostOf(process: NonNullable<Node["process"]>): string {
  try {
    const fs = process.getBuiltinModule?.("node:fs");
    if (process.platform === "linux" && fs) {
      return `${fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}.${fs.readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")}`;
    }
    const os = process.getBuiltinModule?.("node:os");
    // The name alone is not enough, since many machines are called `localhost`.
    const macs = Object.values(os?.networkInterfaces() ?? {}).flatMap((list = []) =>
      list.filter(({ internal }) => !internal).map(({ mac }) => mac),
    );
    if (!os || macs.length === 0) throw new Error("nothing tells this host from others");
    return [os.hostname(), ...new Set(macs.sort())].join(".").replaceAll("/", "_");
  } catch {
    // No other process gets the same name of the host, so none of their owners counts as dead.
    return `unknown-${crypto.randomUUID()}`;
  }
}

/**
 * The start of a process in clock ticks since boot (field 22 of proc_pid_stat(5)). It tells a
 * process from a later process with the same id. The result is `dead` for a process that has ended,
 * but whose id is not free yet.
 */
function startOf(process: NonNullable<Node["process"]>, pid: number): string | undefined {
  try {
    // The second field is the process's name in parentheses. The name may hold any character.
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
    // Any other error, such as EPERM, does not show that the process has ended.
    return (error as { code?: string } | undefined)?.code !== "ESRCH";
  }
}
