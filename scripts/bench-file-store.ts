/**
 * Measures what a renewal costs with the file store. Sessions of one client renew their rotating
 * tokens; a function in place of the network returns each next token. Prints the CPU time, because
 * other processes on the machine change it little, and the space of a session on the disk.
 *
 *   npm run bench:file-store [-- --sessions N] [--renewals N] [--concurrent N] [--json]
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileStore, createPetjeafClient, type PetjeafSession } from "../src/index.ts";
import { readNumbers } from "./cli.ts";

/** ms; longer than the lifetime of a token. */
const HOUR = 3_600_000;
const { sessions, renewals, concurrent, json } = readNumbers("bench:file-store", {
  sessions: 50,
  renewals: 40,
  concurrent: 1,
});
const path = mkdtempSync(join(tmpdir(), "corrigenda-bench-"));
let offset = 0;
let issued = 0;
const client = createPetjeafClient({
  clientId: "bench",
  clientSecret: "bench-client-secret",
  baseUrl: "https://petjeaf.example/v1",
  store: createFileStore({ path }),
  now: () => Date.now() + offset,
  fetch: async () => {
    issued += 1;
    return Response.json({
      access_token: `bench-access-token-${issued}`,
      token_type: "Bearer",
      expires_in: 3599,
      refresh_token: `bench-refresh-token-${issued}`,
    });
  },
});
try {
  const all: PetjeafSession[] = [];
  for (let i = 0; i < sessions; i += 1)
    all.push(await client.exchange("?code=bench-code&state=s", { state: "s", key: `person-${i}` }));
  const round = async (): Promise<void> => {
    offset += HOUR;
    const todo = [...all];
    await Promise.all(
      Array.from({ length: concurrent }, async () => {
        for (let session = todo.pop(); session; session = todo.pop()) await session.auth.getToken();
      }),
    );
  };
  await round(); // The first round loads and compiles code, and is not measured.
  const [before, from, began] = [issued, process.cpuUsage(), performance.now()];
  for (let i = 0; i < renewals; i += 1) await round();
  const { user, system } = process.cpuUsage(from);
  const count = issued - before;
  const files = readdirSync(path).flatMap((folder) =>
    readdirSync(join(path, folder)).map((name) => statSync(join(path, folder, name))),
  );
  const report = {
    renewals: count,
    cpuMs: round3((user + system) / 1000 / count),
    perSecond: Math.round((1000 * count) / (performance.now() - began)),
    filesPerSession: round3(files.length / sessions),
    kBPerSession: round3(files.reduce((sum, { blocks }) => sum + blocks / 2, 0) / sessions),
  };
  console.log(
    json
      ? JSON.stringify(report)
      : `${report.renewals} renewals: ${report.cpuMs} ms of CPU each, ${report.perSecond} a second; ${report.filesPerSession} files and ${report.kBPerSession} kB a session.`,
  );
  await client.close();
} finally {
  rmSync(path, { recursive: true });
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
