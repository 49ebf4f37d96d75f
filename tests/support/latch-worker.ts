/**
 * One of several processes on one store. It creates a client for each password, starts all of them
 * when it is told to, and prints the result of each.
 */
import { once } from "node:events";
import { Redis } from "ioredis";
import {
  createApinizerClient,
  createFileStore,
  createRedisStore,
  isCorrigendaError,
} from "../../src/index.ts";

interface Setup {
  readonly store: "file" | "redis";
  readonly at: string;
  readonly options: { readonly managerUrl: string; readonly username: string };
  readonly passwords: readonly string[];
}

const { store: kind, at, options, passwords } = JSON.parse(process.argv[2] ?? "") as Setup;
const store =
  kind === "file" ? createFileStore({ path: at }) : createRedisStore({ client: new Redis(at) });
const clients = passwords.map((password) =>
  createApinizerClient({ ...options, password, store, leases: { poll: 20 } }),
);

async function outcomeOf(client: (typeof clients)[number]): Promise<unknown> {
  try {
    const { accessToken } = await client.auth.getToken();
    return { accessToken, works: (await client.GET("/projects/")).response.status === 200 };
  } catch (error) {
    return isCorrigendaError(error) ? { kind: error.kind, status: error.status } : String(error);
  }
}

console.log(JSON.stringify("ready"));
await once(process.stdin, "data");
console.log(JSON.stringify(await Promise.all(clients.map(outcomeOf))));
process.exit();
