/**
 * What controller and workers say to each other, and the steps of a renewal at which a worker can
 * be stopped.
 */

/** Steps that a worker sees: before, during and after each thing it does in its turn. */
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
 * Within the file store's write: the new file is on the disk, and not in its place; it is in its
 * place, and the folder not on the disk.
 */
const FILE_STEPS = ["save: file written", "save: file in place"] as const;
/** Steps that the server sees. */
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

/** How a worker reaches store and server; goes as JSON. */
export interface Setup {
  readonly store: StoreName;
  /** Folder, or URL. */
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
   * `callers` ask for a token of this session, and one uses it. `offset`: ms by which the clock is
   * ahead.
   */
  | {
      readonly do: "call";
      readonly id: number;
      readonly key: string;
      readonly callers: number;
      readonly offset: number;
      readonly stopAt?: Step;
    }
  /** Out of the step it was stopped at. */
  | { readonly do: "go" };

export type FromWorker =
  | { readonly is: "ready" }
  | { readonly is: "stopped"; readonly step: Step }
  /**
   * `failed`: callers without a token; `kinds`: of their errors; `works`: whether the server
   * accepted the token.
   */
  | {
      readonly is: "done";
      readonly id: number;
      readonly failed: number;
      readonly kinds: readonly string[];
      readonly works: boolean;
    };
