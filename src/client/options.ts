/** The options that every client takes, and their defaults. */
import { MAX_ANSWER_BYTES } from "../http/response-limit.ts";
import { createClock } from "./checked-clock.ts";
import { publish, type OnEvent } from "../events.ts";
import { createKnownSecrets, type KnownSecrets } from "../http/known-secrets.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import {
  refuseOption,
  requireBytes,
  requireDuration,
  requireFunction,
  requireObject,
} from "../parts/check-options.ts";
import type { CommonUrls } from "../provider.ts";
import { systemScheduler, type Scheduler } from "../platform/scheduler.ts";
import { createServerClock, type ServerClock } from "../http/server-clock.ts";
import { createOwnStore } from "../stores/own-store.ts";
import type { LeasedTokenStore, SharedTokenStore, TokenStore } from "../tokens/token-store.ts";
import type { LeaseTimes } from "../tokens/renewer.ts";

/** The options that every client takes. */
export interface CommonOptions extends CommonUrls {
  /**
   * The function that sends every request. It is called with a URL and an init, as `fetch` is.
   * @defaultValue the platform's `fetch`, looked up at each request
   */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * The clock: epoch ms, a finite number. For tests. If it gives anything else, or throws, a call
   * fails with a ConfigurationError.
   * @defaultValue `Date.now`
   */
  readonly now?: () => number;
  /**
   * Where tokens are kept.
   * @defaultValue a memory store of the client's own
   */
  readonly store?: TokenStore | SharedTokenStore;
  /** Is called with an event when something happens to a token. What it throws is ignored. */
  readonly onEvent?: OnEvent;
  /**
   * Deadlines of token requests, ms: `attempt` of one attempt, `total` of all attempts together. An
   * API call has no deadline but the caller's signal.
   * @defaultValue `{ attempt: 10_000, total: 30_000 }`
   */
  readonly timeouts?: { readonly attempt?: number; readonly total?: number };
  /**
   * Whether a refresh token is sent a second time, at once, after its answer was lost (rule T-13).
   * `false`: no call and no process sends it again, until `auth.reset()` permits one attempt.
   * @defaultValue true
   */
  readonly replay?: boolean;
  /**
   * Times of the lease with which processes that share a store renew a token one after another
   * (rule T-14), in ms, each with its default in parentheses. `ttl` (5,000): a lease that is not
   * extended ends after this time. `heartbeat` (a third of `ttl`): the time between two extensions.
   * `poll` (100): the time between two reads of the store while another process renews; it is
   * doubled with each read, up to 1,000. `patience` (twice `timeouts.total`): how long to wait for
   * a process that may have received the next refresh token.
   */
  readonly leases?: Partial<LeaseTimes>;
  /**
   * The size of the largest API response that is read, in bytes after decompression. `Infinity`:
   * no limit. A larger response is a ContractError. Token responses have a fixed limit of 1 MiB.
   * @defaultValue 33,554,432 (32 MiB)
   */
  readonly maxAnswerBytes?: number;
  /**
   * The platform's `waitUntil`, where the platform may freeze the process after a response
   * (Cloudflare Workers, Lambda). It gets the promise of each renewal in the background. On these
   * platforms a client without it renews tokens while the caller waits (rule T-05).
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** Names of the options that every client takes. */
const COMMON = namesOf<CommonOptions>({
  baseUrl: true,
  tokenUrl: true,
  allowHttpHost: true,
  fetch: true,
  now: true,
  store: true,
  onEvent: true,
  timeouts: true,
  replay: true,
  leases: true,
  maxAnswerBytes: true,
  waitUntil: true,
});
const TIMEOUTS = namesOf<NonNullable<CommonOptions["timeouts"]>>({ attempt: true, total: true });
const LEASES = namesOf<LeaseTimes>({ ttl: true, heartbeat: true, poll: true, patience: true });

/** What the parts of a client share, made of its options. */
export interface Runtime {
  readonly fetch: typeof globalThis.fetch;
  /** Epoch ms, finite. Never throws. */
  readonly now: () => number;
  readonly store: TokenStore;
  /**
   * Whether other clients may use the store. Its records are then bound to credentials (rule T-07),
   * and it keeps refusals (rule T-10).
   */
  readonly binds: boolean;
  readonly emit: OnEvent;
  readonly secrets: KnownSecrets;
  readonly timeouts: { readonly attempt: number; readonly total: number };
  /** Gets the promise of work that no caller waits for. Undefined: such work must not be done. */
  readonly background: ((work: Promise<unknown>) => void) | undefined;
  readonly scheduler: Scheduler;
  readonly serverClock: ServerClock;
  readonly replay: boolean;
  readonly maxAnswerBytes: number;
  readonly leases: LeaseTimes;
  /**
   * The check that each call of a client begins with.
   * @throws ConfigurationError if the caller's `now` throws or does not give a finite number
   */
  readonly checkClock: () => void;
}

/**
 * Checks the common options, and fills in their defaults.
 * @param own names of the client's other options. Undefined: any name is accepted.
 * @throws ConfigurationError naming the option
 */
export function createRuntime(options: CommonOptions, own: readonly string[] | undefined): Runtime {
  requireObject(options, "options");
  if (own) requireKnown(options, [...own, ...COMMON]);
  const onEvent = requireFunction(options.onEvent, "onEvent");
  requireObject(options.timeouts ?? {}, "timeouts");
  requireKnown(options.timeouts ?? {}, TIMEOUTS, "timeouts");
  if (![undefined, true, false].includes(options.replay))
    refuseOption("replay", "must be true or false.");
  const total = requireDuration(options.timeouts?.total, "timeouts.total", 30_000);
  const clock = createClock(requireFunction(options.now, "now") ?? Date.now);
  return {
    // Looked up at each request: a test or an instrumentation may replace the platform's `fetch`.
    fetch:
      requireFunction(options.fetch, "fetch") ?? ((input, init) => globalThis.fetch(input, init)),
    now: clock.now,
    checkClock: clock.check,
    store: requireStore(options.store) ?? createOwnStore(),
    binds: options.store !== undefined,
    emit: (event) => {
      // An error of the listener must not lose a token or end the process.
      void (async () => onEvent?.(event))().catch(() => undefined);
      publish(event);
    },
    secrets: createKnownSecrets(),
    timeouts: {
      attempt: requireDuration(options.timeouts?.attempt, "timeouts.attempt", 10_000),
      total,
    },
    background: backgroundOf(requireFunction(options.waitUntil, "waitUntil")),
    scheduler: systemScheduler,
    serverClock: createServerClock(systemScheduler.monotonic),
    replay: options.replay !== false,
    maxAnswerBytes: requireBytes(options.maxAnswerBytes, "maxAnswerBytes", MAX_ANSWER_BYTES),
    leases: leaseTimes(options.leases ?? {}, total),
  };
}

function leaseTimes(options: Partial<LeaseTimes>, total: number): LeaseTimes {
  requireObject(options, "leases");
  requireKnown(options, LEASES, "leases");
  const ttl = requireDuration(options.ttl, "leases.ttl", 5000);
  const times = {
    ttl,
    heartbeat: requireDuration(options.heartbeat, "leases.heartbeat", ttl / 3),
    poll: requireDuration(options.poll, "leases.poll", 100),
    patience: requireDuration(options.patience, "leases.patience", 2 * total),
  };
  if (times.heartbeat > ttl / 2)
    refuseOption(
      "leases.heartbeat",
      "must be at most half of `leases.ttl`, so that one lost heartbeat does not end a lease.",
    );
  // The request of another process may be under way for as long as `timeouts.total`.
  if (times.patience < total)
    refuseOption("leases.patience", "must not be shorter than `timeouts.total`.");
  return times;
}

function requireStore(store: TokenStore | undefined): TokenStore | undefined {
  if (store === undefined) return undefined;
  requireObject(store, "store");
  for (const method of ["get", "set", "delete"] as const)
    requireFunction(store[method] ?? null, `store.${method}`);
  const { lease, release } = store as Partial<LeasedTokenStore>;
  if ((lease ?? release) !== undefined) requireShareable(store);
  requireFunction(store.renewer, "store.renewer");
  return store;
}

/**
 * A lease that cannot be released would make every other process wait. Without a renewer, no lease
 * is ever taken, and two processes could send the same refresh token.
 */
function requireShareable(store: TokenStore & Partial<LeasedTokenStore>): void {
  for (const method of ["lease", "release"] as const)
    requireFunction(store[method] ?? null, `store.${method}`);
  if (store.renewer !== undefined) return;
  refuseOption(
    "store",
    "has `lease` and `release`, which have no effect without `shareable`. Give `shareable(store)` instead, or leave both methods out if one client at a time uses the store.",
  );
}

/** Whether the platform may freeze the process after a response. */
function mayFreeze(): boolean {
  const { navigator, process } = globalThis as {
    navigator?: { userAgent?: string };
    process?: { env?: Record<string, string | undefined> };
  };
  try {
    return (
      navigator?.userAgent === "Cloudflare-Workers" ||
      process?.env?.["AWS_LAMBDA_FUNCTION_NAME"] !== undefined
    );
  } catch {
    return false; // Deno without the permission to read the environment.
  }
}

function backgroundOf(waitUntil: CommonOptions["waitUntil"]): Runtime["background"] {
  if (!waitUntil) return mayFreeze() ? undefined : () => undefined;
  return (work) => {
    try {
      waitUntil(work);
    } catch {
      // `waitUntil` may throw, for example after the end of the request that it belongs to. The
      // caller must get its token all the same.
    }
  };
}
