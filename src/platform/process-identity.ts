/** Identifies the process that renews a token, and tells whether another process is dead (T-14). */
export interface ProcessIdentity {
  /** A new name of this process: `host/process id/process start/random part`. */
  create(): string;
  /** True only if it is certain: the process ran on this host, and is gone. */
  isDead(owner: string): boolean;
}

/** Each access may throw, because Deno asks for permissions. What is refused counts as unknown. */
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
    // The platform refused to tell.
  }
  // Without knowledge of processes, every other owner may be alive.
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

/** The start of a process that could not find it out. */
const UNKNOWN = "unknown";

/**
 * The name of the host within which process ids are unique. On Linux it names the boot and the
 * namespace of process ids, since containers number their own processes.
 */
function hostOf(process: NonNullable<Node["process"]>): string {
  try {
    const fs = process.getBuiltinModule?.("node:fs");
    if (process.platform === "linux" && fs) {
      return `${fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}.${fs.readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")}`;
    }
    const os = process.getBuiltinModule?.("node:os");
    // The host name alone is not enough: many machines are called `localhost`.
    const macs = Object.values(os?.networkInterfaces() ?? {}).flatMap((list = []) =>
      list.filter(({ internal }) => !internal).map(({ mac }) => mac),
    );
    if (!os || macs.length === 0) throw new Error("nothing distinguishes this host from others");
    return [os.hostname(), ...new Set(macs.sort())].join(".").replaceAll("/", "_");
  } catch {
    return `unknown-${crypto.randomUUID()}`; // Unique, so that no owner is ever certainly dead.
  }
}

/**
 * The start of a process in clock ticks since boot (field 22 of proc_pid_stat(5)). It differs if
 * the system has given the same process id to another process.
 */
function startOf(process: NonNullable<Node["process"]>, pid: number): string | undefined {
  try {
    // The second field is the process name, in parentheses. It may hold any character.
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
    // A process that this user may not signal exists as well.
    return (error as { code?: string } | undefined)?.code !== "ESRCH";
  }
}
