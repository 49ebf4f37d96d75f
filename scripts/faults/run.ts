/** Every fault with every grant, over a real socket. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { format } from "node:util";
import { CHANNEL, CorrigendaError, type ClientEvent } from "../../src/index.ts";
import { NOBODY } from "../../tests/support/raw-server.ts";
import { everythingOf, formsOf } from "../../tests/support/secrets.ts";
import { FAULTS, type Fault, type Result } from "./faults.ts";
import { CANARIES, GRANTS, type GrantUnderTest } from "./grants.ts";
import { startFaultServer } from "./server.ts";

export interface Cell {
  readonly fault: string;
  readonly grant: string;
  readonly result: Result | "untyped";
  readonly expected: readonly Result[];
  readonly ms: number;
  /** The most that it may take, ms. */
  readonly limit: number;
  /** Names of the canaries that were visible. */
  readonly leaks: readonly string[];
  /** Bytes that the server sent before the client closed the connection. */
  readonly sent: number;
}

/**
 * ms. Shorter than the defaults of 10 s and 30 s where the fault is that no answer comes in time.
 * Longer elsewhere, so that a busy machine does not turn another fault into that one.
 */
const SHORT = { attempt: 2000, total: 5000 };
const WIDE = { attempt: 10_000, total: 20_000 };
const timeoutsFor = ({ slow }: Fault): typeof SHORT => (slow ? SHORT : WIDE);
/** ms beyond the deadline, for a busy machine. */
const SLACK = 5000;
const AT_ONCE = 12;
/** Bytes that a server can send before the limit of 1 MiB ends the connection, with buffers. */
const MOST_BYTES = 24 << 20;

export interface Matrix {
  readonly cells: readonly Cell[];
  readonly unhandled: readonly unknown[];
  /** Bytes by which the heap grew. */
  readonly grown: number;
}

export const isLate = ({ ms, limit }: Cell): boolean => ms > limit;
export const isWrong = ({ result, expected }: Cell): boolean =>
  result === "untyped" || !expected.includes(result);
export const isGreedy = ({ sent }: Cell): boolean => sent > MOST_BYTES;

export async function runMatrix(
  faults: readonly Fault[] = FAULTS,
  grants: readonly GrantUnderTest[] = GRANTS,
): Promise<Matrix> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  // Output and events belong to no single cell, so a leak there counts once.
  const printed: string[] = [];
  const listen = (message: unknown): void => void printed.push(everythingOf(message));
  subscribe(CHANNEL, listen);
  const console_ = { ...console };
  for (const name of ["log", "info", "warn", "error", "debug"] as const)
    console[name] = (...args: unknown[]) => void printed.push(format(...args));
  const before = process.memoryUsage().heapUsed;
  const todo = faults.flatMap((fault) => grants.map((grant) => ({ fault, grant })));
  const cells: Cell[] = [];
  try {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = todo.shift(); next; next = todo.shift())
          cells.push(await runCell(next.fault, next.grant));
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    Object.assign(console, console_);
    unsubscribe(CHANNEL, listen);
    process.off("unhandledRejection", note);
  }
  const leaked = seenIn(printed.join("\n"));
  const order = new Map(faults.map(({ name }, index) => [name, index]));
  cells.sort((a, b) => (order.get(a.fault) ?? 0) - (order.get(b.fault) ?? 0));
  if (leaked.length > 0)
    cells.push({
      fault: "console and diagnostics channel",
      grant: "all",
      result: "untyped",
      expected: [],
      ms: 0,
      limit: 0,
      leaks: leaked,
      sent: 0,
    });
  return { cells, unhandled, grown: process.memoryUsage().heapUsed - before };
}

async function runCell(fault: Fault, grant: GrantUnderTest): Promise<Cell> {
  const server = await startFaultServer(fault.behaviour(grant));
  const events: ClientEvent[] = [];
  const expected = fault.expected(grant);
  const timeouts = timeoutsFor(fault);
  const auth = grant.open(fault.down ? NOBODY : server.url, {
    timeouts,
    onEvent: (event) => events.push(event),
  });
  const began = performance.now();
  let result: Cell["result"];
  const shown: unknown[] = [];
  try {
    await auth.getToken();
    result = "token";
  } catch (error) {
    result = error instanceof CorrigendaError ? error.kind : "untyped";
    shown.push(error);
  }
  const ms = performance.now() - began;
  shown.push(
    await auth.explain(),
    ...events,
    ...events.flatMap((event) => ("error" in event ? [event.error] : [])),
  );
  const leaks = seenIn(shown.map(everythingOf).join("\n"));
  await server.close();
  return {
    fault: fault.name,
    grant: grant.name,
    result,
    expected,
    ms,
    limit: timeouts.total + SLACK,
    leaks,
    sent: server.sent,
  };
}

const FORMS = Object.entries(CANARIES).map(([name, secret]) => ({
  name,
  forms: formsOf(secret)
    .filter((form) => form.length > 5)
    .map((form) => form.toLowerCase()),
}));

function seenIn(text: string): string[] {
  const lower = text.toLowerCase();
  return FORMS.filter(({ forms }) => forms.some((form) => lower.includes(form))).map(
    ({ name }) => name,
  );
}
