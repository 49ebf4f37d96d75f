/** The options that every client takes, and their defaults. */
import { MAX_ANSWER_BYTES } from "../http/response-limit.ts";
import { createClock } from "./checked-clock.ts";
import { ConfigurationError } from "../errors.ts";
import { publish, type OnEvent } from "../events.ts";
import { createKnownSecrets, type KnownSecrets } from "../http/known-secrets.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import {
  requireBytes,
  requireDuration,
  requireFunction,
  requireObject,
} from "../parts/check-options.ts";
import type { CommonUrls } from "../provider.ts";
import { systemScheduler, type Scheduler } from "../platform/scheduler.ts";
import { createServerClock, type ServerClock } from "../http/server-clock.ts";
import { createMemoryStore } from "../stores/memory.ts";
import type { LeasedTokenStore, SharedTokenStore, TokenStore } from "../tokens/token-store.ts";
import type { LeaseTimes } from "../tokens/renewer.ts";

export interface CommonOptions extends CommonUrls {
  /** Instead of the platform's. Is given a `Request` and, at times, an init. */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * Epoch ms, a finite number. For tests. A call for which it gives anything else, or throws, ends
   * in a ConfigurationError.
   */
  readonly now?: () => number;
  /** Where tokens are kept; in memory when absent. */
  readonly store?: TokenStore | SharedTokenStore;
  readonly onEvent?: OnEvent;
  /**
   * Deadlines of token requests, ms: of one attempt (10,000) and of all in all (30,000). API calls
   * have none but the caller's signal.
   */
  readonly timeouts?: { readonly attempt?: number; readonly total?: number };
  /**
   * Whether a refresh token is sent once more, at once, when the answer to it was lost (rule T-13);
   * true by default. `false`: it is never sent again, by no call and no process; `auth.reset()`
   * permits one try.
   */
  readonly replay?: boolean;
  /**
   * Times of the turns in which processes that share a store renew a token (rule T-14), ms. `ttl`
   * (5,000): after so long without a sign of life an owner loses its turn. `heartbeat` (a third of
   * it): between signs of life. `poll` (100): between looks at the store while another process
   * renews, doubled with each look up to 1,000. `patience` (twice `timeouts.total`): how long an
   * owner that may hold the next refresh token is waited for.
   */
  readonly leases?: Partial<LeaseTimes>;
  /**
   * Bytes of the largest answer of the API that is read, after decompression; 33,554,432 (32 MiB)
   * by default, `Infinity` for no limit. A larger one is a ContractError. Token answers have at
   * most 1 MiB.
   */
  readonly maxAnswerBytes?: number;
  /**
   * Where the platform may freeze the process after an answer (Cloudflare Workers, Lambda): its
   * `waitUntil`, which is given each renewal in the background. Without one there, tokens are
   * renewed while the caller waits (rule T-05).
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

export interface Runtime {
  readonly fetch: typeof globalThis.fetch;
  /** Epoch ms, finite. Never throws. */
  readonly now: () => number;
  readonly store: TokenStore;
  /**
   * Whether others may share the store, so that records are bound to credentials (rule T-07) and
   * refusals noted there (rule T-10).
   */
  readonly binds: boolean;
  readonly emit: OnEvent;
  readonly secrets: KnownSecrets;
  readonly timeouts: { readonly attempt: number; readonly total: number };
  /** Is given the work that nobody waits for. Absent: there must be none. */
  readonly background: ((work: Promise<unknown>) => void) | undefined;
  readonly scheduler: Scheduler;
  readonly serverClock: ServerClock;
  readonly replay: boolean;
  readonly maxAnswerBytes: number;
  readonly leases: LeaseTimes;
}

/** What a client has besides: the check that stands before each of its calls. */
export interface ClientRuntime extends Runtime {
  /** @throws ConfigurationError if the caller's `now` gives no time */
  readonly checkClock: () => void;
}

/**
 * @param own names of the options that the client takes besides; undefined where they are not
 *   known, so that none is refused
 * @throws ConfigurationError
 */
export function createRuntime(
  options: CommonOptions,
  own: readonly string[] | undefined,
): ClientRuntime {
  requireObject(options, "options");
  if (own) requireKnown(options, [...own, ...COMMON]);
  const onEvent = requireFunction(options.onEvent, "onEvent");
  requireObject(options.timeouts ?? {}, "timeouts");
  requireKnown(options.timeouts ?? {}, TIMEOUTS, "timeouts");
  if (![undefined, true, false].includes(options.replay))
    throw new ConfigurationError({
      option: "replay",
      message: "Option `replay` must be true or false.",
    });
  const total = requireDuration(options.timeouts?.total, "timeouts.total", 30_000);
  const clock = createClock(requireFunction(options.now, "now") ?? Date.now);
  return {
    // Looked up at each call, so that a fetch replaced later (by a test, by instrumentation) is the
    // one that is used.
    fetch:
      requireFunction(options.fetch, "fetch") ?? ((input, init) => globalThis.fetch(input, init)),
    now: clock.now,
    checkClock: clock.check,
    store: requireStore(options.store) ?? createMemoryStore(),
    binds: options.store !== undefined,
    emit: (event) => {
      // A listener's fault is the listener's: it must not cost a token, nor the process.
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
  const below = (option: string, what: string): never => {
    throw new ConfigurationError({ option, message: `Option \`${option}\` ${what}` });
  };
  if (times.heartbeat > ttl / 2)
    return below(
      "leases.heartbeat",
      "must be at most half of `leases.ttl`, so that one lost sign of life does not end a turn.",
    );
  // An owner that comes back may still have a request under way for so long.
  if (times.patience < total)
    return below("leases.patience", "must not be shorter than `timeouts.total`.");
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

/** A lease that cannot be given back, or that nothing takes, would hold up every process. */
function requireShareable(store: TokenStore & Partial<LeasedTokenStore>): void {
  for (const method of ["lease", "release"] as const)
    requireFunction(store[method] ?? null, `store.${method}`);
  if (store.renewer !== undefined) return;
  throw new ConfigurationError({
    option: "store",
    message:
      "Option `store` has `lease` and `release`, which only a shareable store uses. Give `shareable(store)`, so that processes renew a token one after another; or leave both methods out, if one client at a time uses the store.",
  });
}

/** Platforms that stop the process once an answer is out. They let one look. */
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
    return false; // Deno, where the environment may be read with a permission only.
  }
}

function backgroundOf(waitUntil: CommonOptions["waitUntil"]): Runtime["background"] {
  if (!waitUntil) return mayFreeze() ? undefined : () => undefined;
  return (work) => {
    try {
      waitUntil(work);
    } catch {
      // The platform's fault, such as a request that is over already: it must not cost the token
      // that is there.
    }
  };
}
