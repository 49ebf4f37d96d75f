/** Takes every flow through the five steps of a token's life, and prints the results. */
import { styleText } from "node:util";
import { CorrigendaError } from "../../src/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { flows, type Environment, type Flow, type Subject } from "./flows.ts";

export interface Row {
  readonly provider: string;
  readonly grant: string;
  readonly where: string;
  readonly step: string;
  readonly result: "ok" | "failed" | "n/a";
  readonly note: string;
  readonly ms: number;
  readonly counted: string;
}

type Step = readonly [name: string, run: (subject: Subject) => Promise<string> | string];

const expect = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

const STEPS: readonly Step[] = [
  [
    "get a token",
    async (subject) => {
      const { expiresAt, issuedAt } = await subject.getToken();
      return expiresAt === undefined
        ? "lives until it is refused"
        : `lives ${Math.round((expiresAt - issuedAt) / 1000)} s`;
    },
  ],
  [
    "call with it",
    async (subject) => {
      const { status, brought } = await subject.call();
      expect(status === 200, `the call was answered with ${status}`);
      return `${status}, ${brought}`;
    },
  ],
  [
    "let it expire",
    async (subject) => {
      const before = await subject.getToken();
      subject.expire(before);
      const { status } = await subject.call();
      expect(
        status === 200 && (await subject.getToken()).accessToken !== before.accessToken,
        `the token was not renewed (${status})`,
      );
      return `renewed, then ${status}`;
    },
  ],
  [
    "revoke it behind its back",
    async (subject) => {
      if (typeof subject.revokeBehind === "string") return subject.revokeBehind;
      const before = await subject.getToken();
      await subject.revokeBehind();
      const { status } = await subject.call();
      expect(
        status === 200 && (await subject.getToken()).accessToken !== before.accessToken,
        `there was no recovery from the 401 (${status})`,
      );
      return `401, renewed, then ${status}`;
    },
  ],
  [
    "revoke it",
    async (subject) => {
      if (typeof subject.revoke === "string") return subject.revoke;
      await subject.revoke();
      const refused = await subject.getToken().then(
        () => false,
        () => true,
      );
      expect(refused, "a token was still handed out");
      return "revoked and forgotten";
    },
  ],
];

/** @returns whether every step succeeded */
export async function runDemo(
  env: Environment,
  print: (line: string) => void,
  color: boolean,
): Promise<boolean> {
  const started = performance.now();
  const sandbox = await startSandbox();
  try {
    const rows: Row[] = [];
    for (const flow of flows(sandbox, env, print)) rows.push(...(await runFlow(flow)));
    print(render(rows, color));
    const failed = rows.filter(({ result }) => result === "failed").length;
    const live = [
      ...new Set(rows.filter(({ where }) => where === "live").map(({ provider }) => provider)),
    ];
    print(
      `${rows.length} steps, ${failed} failed, ${((performance.now() - started) / 1000).toFixed(1)} s. ${live.length === 0 ? "All on the embedded sandbox." : `Called for real: ${live.join(", ")}.`}`,
    );
    return failed === 0;
  } finally {
    await sandbox.close();
  }
}

async function runFlow({ provider, grant, live, start }: Flow): Promise<Row[]> {
  const rows: Row[] = [];
  const subject = await start();
  for (const [step, run] of STEPS) {
    const before = subject.count();
    const began = performance.now();
    let result: Row["result"] = "ok";
    let note: string;
    try {
      note = await run(subject);
      if (note === subject.revoke || note === subject.revokeBehind) result = "n/a";
    } catch (error) {
      result = "failed";
      note =
        error instanceof CorrigendaError
          ? `${error.name}: ${error.message}`
          : error instanceof Error
            ? error.message
            : "failed";
    }
    const after = subject.count();
    const counted = [
      [after.tokens - before.tokens, "token"],
      [after.calls - before.calls, "call"],
    ] as const;
    rows.push({
      provider,
      grant,
      where: live ? "live" : "sandbox",
      step,
      result,
      note,
      ms: performance.now() - began,
      counted:
        counted
          .filter(([n]) => n > 0)
          .map(([n, what]) => `${n} ${what}${n === 1 ? "" : "s"}`)
          .join(", ") || "nothing",
    });
  }
  return rows;
}

const HEAD = ["provider", "grant", "where", "step", "result", "", "time", "server counted"];

function render(rows: readonly Row[], color: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(style, text) : text;
  let previous: Row | undefined;
  const table = rows.map((row) => {
    const first = previous?.provider !== row.provider || previous.grant !== row.grant;
    const cells = [
      first ? row.provider : "",
      first ? row.grant : "",
      first ? row.where : "",
      row.step,
      row.result,
      row.note,
      `${row.ms.toFixed(1)} ms`,
      row.counted,
    ];
    previous = row;
    return { first, row, cells };
  });
  const widths = HEAD.map((head, i) =>
    Math.max(head.length, ...table.map(({ cells }) => cells[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string[] =>
    cells.map((cell, i) => (i === 6 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  const out = [paint("bold", line(HEAD).join("  ").trimEnd())];
  for (const { first, row, cells } of table) {
    if (first) out.push(paint("dim", rule));
    const padded = line(cells);
    padded[0] = paint("bold", padded[0] ?? "");
    padded[4] = paint(
      row.result === "ok" ? "green" : row.result === "failed" ? "red" : "dim",
      padded[4] ?? "",
    );
    out.push(padded.join("  ").trimEnd());
  }
  out.push(paint("dim", rule));
  return out.join("\n");
}
