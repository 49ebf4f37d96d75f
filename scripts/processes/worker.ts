/**
 * A process that shares a credential with other processes. The controller can stop it at any step
 * of a renewal, and then kill or freeze it.
 */
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { Redis } from "ioredis";
import {
  createFileStore,
  createPetjeafClient,
  createRedisStore,
  isCorrigendaError,
  type SharedTokenStore,
} from "../../src/index.ts";
import type { FromWorker, Setup, Step, ToWorker } from "./protocol.ts";

const setup = JSON.parse(process.argv[2] ?? "") as Setup;
const tell = (message: FromWorker): void => void process.send?.(message);

let offset = 0;
let stopAt: Step | undefined;
let go: () => void = () => undefined;
/** If this is the step `stopAt`, waits until the controller sends `go`. */
async function pass(step: Step): Promise<void> {
  if (step !== stopAt) return;
  stopAt = undefined;
  const told = new Promise<void>((resolve) => {
    go = resolve;
  });
  tell({ is: "stopped", step });
  await told;
}

/** Whether a token is being saved, for the steps within a write of the file store. */
let saving = false;
const link = fs.link.bind(fs);
fs.link = async (from, to) => {
  const token = saving && /token\.\d+\.json$/.test(String(to));
  if (token) await pass("save: file written");
  await link(from, to);
  if (token) await pass("save: file in place");
};
syncBuiltinESMExports();

const inner: SharedTokenStore =
  setup.store === "file"
    ? createFileStore({ path: setup.at })
    : createRedisStore({ client: new Redis(setup.at) });
let leased = false;
const store: SharedTokenStore = {
  ...inner,
  async lease(key, owner, ms) {
    if (leased) return inner.lease(key, owner, ms); // A heartbeat.
    await pass("lease: before");
    leased = await inner.lease(key, owner, ms);
    if (leased) await pass("lease: after");
    return leased;
  },
  async get(key) {
    const record = await inner.get(key);
    if (leased) await pass("read again: after");
    return record;
  },
  async set(key, record, expected) {
    if (key.endsWith(":latch")) return inner.set(key, record, expected);
    const what = record.intent ? "intent" : "save";
    await pass(`${what}: before`);
    saving = what === "save";
    const writing = inner.set(key, record, expected);
    await pass(`${what}: during`);
    const written = await writing.finally(() => {
      saving = false;
    });
    await pass(`${what}: after`);
    return written;
  },
  async release(key, owner) {
    await pass("release: before");
    leased = false;
    await inner.release(key, owner);
    await pass("release: after");
  },
};

const client = createPetjeafClient({
  ...setup.client,
  store,
  leases: setup.leases,
  timeouts: setup.timeouts,
  now: () => Date.now() + offset,
  async fetch(input, init) {
    const token = init?.method === "POST";
    if (token) await pass("POST: before");
    const headers = new Headers(init?.headers);
    headers.set("user-agent", `worker-${process.pid}`);
    const response = await fetch(input, { ...init, headers });
    if (token) await pass("POST: after");
    return response;
  },
});

async function call({ id, key, callers }: Extract<ToWorker, { do: "call" }>): Promise<void> {
  const session = client.session(key);
  const results = await Promise.allSettled(
    Array.from({ length: callers }, () => session.auth.getToken()),
  );
  const failures = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  const kinds = [
    ...new Set(
      failures.map((error) =>
        isCorrigendaError(error) ? [error.kind, error.code ?? ""].join(" ").trim() : String(error),
      ),
    ),
  ];
  const works =
    failures.length === 0 &&
    (await session.GET("/users/me").then(
      ({ response }) => response.status === 200,
      () => false,
    ));
  tell({ is: "done", id, failed: failures.length, kinds, works });
}

process.on("message", (message: ToWorker) => {
  if (message.do === "go") return go();
  offset = message.offset;
  leased = false; // A lost lease is never released.
  stopAt = message.stopAt;
  void call(message);
});
process.on("disconnect", () => process.exit());
tell({ is: "ready" });
