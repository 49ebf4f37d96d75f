/**
 * The messages between the controller and its workers, and the steps of a renewal at which a worker
 * can be stopped.
 */

/** Steps that a worker observes: before, during and after each action under its lease. */
const WORKER_STEPS = [
  "lease: before",
  "lease: after",
  "read again: after",
  "intent: before",
  "intent: during",
  "intent: after",
  "POST: before",
  "POST: after",
  "save: before",
  "save: during",
  "save: after",
  "release: before",
  "release: after",
] as const;
/**
 * Steps within a write of the file store. First: the new file is flushed, and not yet in place.
 * Second: the file is in place, and the folder is not yet flushed.
 */
const FILE_STEPS = ["save: file written", "save: file in place"] as const;
/** Steps that the server observes. */
const SERVER_STEPS = ["POST: received", "POST: committed"] as const;

export type Step =
  (typeof WORKER_STEPS)[number] | (typeof FILE_STEPS)[number] | (typeof SERVER_STEPS)[number];
export const isServerStep = (step: Step): step is (typeof SERVER_STEPS)[number] =>
  SERVER_STEPS.some((one) => one === step);
export const stepsOf = (store: StoreName): readonly Step[] => [
  ...WORKER_STEPS,
  ...SERVER_STEPS,
  ...(store === "file" ? FILE_STEPS : []),
];

export type StoreName = "file" | "redis";

/** How a worker reaches the store and the server. Sent to the worker as JSON. */
export interface Setup {
  readonly store: StoreName;
  /** The path of the folder, or the URL of Redis. */
  readonly at: string;
  readonly client: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly baseUrl: string;
    readonly authorizeUrl: string;
  };
  readonly leases: {
    readonly ttl: number;
    readonly heartbeat: number;
    readonly poll: number;
    readonly patience: number;
  };
  readonly timeouts: { readonly attempt: number; readonly total: number };
}

export type ToWorker =
  /**
   * `callers` concurrent callers ask for a token of the session `key`, and one API call uses it.
   * `offset`: how far the clock is ahead, in ms.
   */
  | {
      readonly do: "call";
      readonly id: number;
      readonly key: string;
      readonly callers: number;
      readonly offset: number;
      readonly stopAt?: Step;
    }
  /** The worker continues after the step at which it stopped. */
  | { readonly do: "go" };

export type FromWorker =
  | { readonly is: "ready" }
  | { readonly is: "stopped"; readonly step: Step }
  /**
   * `failed`: the number of callers without a token. `kinds`: the kinds of their errors. `works`:
   * whether the server accepted the token.
   */
  | {
      readonly is: "done";
      readonly id: number;
      readonly failed: number;
      readonly kinds: readonly string[];
      readonly works: boolean;
    };
