/** What the errors of a Redis server and its clients mean. */
import { StoreError } from "../errors.ts";
import { storeError, type Diagnosis } from "./store-error.ts";

const DIAGNOSES: Readonly<Record<string, Diagnosis>> = {
  NOAUTH: ["needs a password", "Give the Redis client its credentials."],
  WRONGPASS: ["refused the password", "Give the Redis client the right credentials."],
  NOPERM: [
    "is not accessible, because the Redis user lacks a permission",
    "Allow EVAL, HGET, HSET, GET, SET, PEXPIRE, DEL, SCAN (and WAIT) on the prefix.",
  ],
  READONLY: [
    "is on a replica, which takes no writes",
    "Connect to the master, for instance through Sentinel.",
  ],
  LOADING: ["is on a server that is still loading its data", "Try again soon."],
  CLUSTERDOWN: ["is in a cluster that is down", "Check the cluster."],
  MISCONF: [
    "is on a server that cannot write to its disk",
    "Check the log and the disk of the server.",
  ],
  OOM: [
    "is on a server that is out of memory",
    "Give it more memory, and never evict tokens: maxmemory-policy noeviction.",
  ],
  WRONGTYPE: [
    "holds something that is not a token record",
    "Inspect the key, then delete it or choose another `prefix`.",
  ],
  NOREPLICAS: ["is on a server with too few replicas for a write", "Check the replicas."],
};

const OTHER: Diagnosis = [
  "cannot be reached, or failed",
  "Check the Redis server and the connection of the client.",
];

/**
 * The names of errors that may appear in an error of the store: codes of the operating system
 * (ECONNREFUSED), codes of Node (ERR_SOCKET_CLOSED) and names of classes (TimeoutError).
 */
const SAFE_NAME = /^(?:E[A-Z]{2,20}|[A-Z]{2,20}(?:_[A-Z0-9]{2,20}){1,4}|[A-Z][a-zA-Z]{2,40}Error)$/;

/**
 * Turns an error of the client or the server into a `StoreError`. The message of the server may
 * repeat what was sent, such as a token, so that only known codes are taken over (rule S-03).
 *
 * @param name of the Redis key
 */
export function redisError(name: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const details = (typeof error === "object" && error !== null ? error : {}) as {
    message?: unknown;
    code?: unknown;
    name?: unknown;
  };
  const message = typeof details.message === "string" ? details.message : "";
  const serverCode = message.split(/\W/).find((word) => Object.hasOwn(DIAGNOSES, word));
  const clientCode = [details.code, details.name].find(
    (value): value is string => typeof value === "string" && SAFE_NAME.test(value),
  );
  const code = serverCode ?? clientCode ?? "failed";
  return storeError(`the Redis key ${name}`, code, ...(DIAGNOSES[serverCode ?? ""] ?? OTHER));
}
