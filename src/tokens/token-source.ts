/**
 * The coordinator: one credential's token, its windows, its single flight and its latch (rules T-04
 * to T-12, T-20). `flight` carries the waiters, `renewal` gets the next token, `turn` keeps other
 * processes out meanwhile, `keeper` does the keeping and `brake` the refusing.
 */
import { withSignal, type Deadline } from "../platform/deadline.ts";
import { bindingKeyOf, type BindingKey } from "./binding.ts";
import { createBrake } from "./latch.ts";
import { close } from "./closing.ts";
import {
  ClosedError,
  ConfigurationError,
  CorrigendaError,
  CredentialsError,
  NetworkError,
  ReauthorizationRequiredError,
} from "../errors.ts";
import type { ClientEvent } from "../events.ts";
import { explainFailure, explainToken } from "./explanation.ts";
import { type Explanation } from "../token-source.ts";
import { startFlight, type Flight } from "./single-flight.ts";
import { createKeeper } from "./record-keeper.ts";
import { isMint } from "../http/grants.ts";
import { requireTokenOptions } from "../parts/check-options.ts";
import type { Connection, Grant, Provider } from "../provider.ts";
import { createRenewal, Held } from "./renewal.ts";
import type { Runtime } from "../client/options.ts";
import type { Timer } from "../platform/scheduler.ts";
import { type Reveal } from "../secret.ts";
import { createReveal } from "../http/reveal-secret.ts";
import { createSharedLatch, LATCH } from "./shared-latch.ts";
import { createStoreAccess } from "./store-access.ts";
import { storeKey } from "./store-key.ts";
import type { GetTokenOptions, TokenSource } from "../token-source.ts";
import { freshness, type Token } from "../token.ts";
import { createTurns } from "../sharing/turn.ts";
import { FORCED_RENEWAL } from "./forced-renewals.ts";

/** Milliseconds of rules T-06 and T-16. */
const SOFT_RETRY = 30_000,
  SAVE_RETRY = 1000,
  LONGEST_SAVE_RETRY = 15_000;

/**
 * Sources that must not be collected, though nobody holds them: a request is under way, or a token
 * is in memory only. A second source for the same key would send the same refresh token again.
 */
const busy = new Set<TokenSource>();

/** What the authorization code flow needs besides. */
export interface GrantedTokenSource extends TokenSource {
  /**
   * Takes over a token that was obtained outside, in place of what is stored. Kept in memory if it
   * cannot be stored. `bindingKey`: of the credentials that brought it, where the store is not the
   * client's own.
   */
  adopt(token: Token, grant: string, bindingKey: BindingKey | undefined): Promise<void>;
  /** Forgets the token, stored or not. @throws StoreError */
  forget(): Promise<void>;
  /**
   * What `close` waits for, however long that takes. Keeps no process alive. @throws StoreError as
   * `close`
   */
  finish(): Promise<void>;
  /** Whether a request or a save is under way, or a token is in memory only. */
  readonly pending: boolean;
}

type WithoutProvider<E> = E extends unknown ? Omit<E, "provider"> : never;

export function createTokenSource(
  provider: Provider<object, never>,
  connection: Connection,
  runtime: Runtime,
): GrantedTokenSource {
  const { now, timeouts, scheduler, background } = runtime;
  const { name } = provider;
  const key = storeKey(name, connection);
  if (runtime.binds && connection.grants && typeof connection.credentials !== "object") {
    throw new ConfigurationError({
      provider: name,
      option: "store",
      message: `${name}: a token in a store of your own is bound to the credentials that brought it, and the provider's \`connect\` gives no \`credentials\`. Add them to what it returns.`,
    });
  }
  const brake = createBrake(now);
  const endpoint = {
    provider,
    connection,
    fetch: runtime.fetch,
    now,
    monotonic: scheduler.monotonic,
    serverClock: runtime.serverClock,
    secrets: runtime.secrets,
  };
  const emit = (event: WithoutProvider<ClientEvent>): void =>
    runtime.emit({ ...event, provider: name });
  const login =
    connection.grants?.({ refreshToken: undefined, worked: () => false }).some(isMint) ?? false;
  const store = createStoreAccess(runtime.store, name, timeouts.attempt, scheduler);
  const keeper = createKeeper(store, key, login, (error) => {
    savedAt = now();
    emit({ type: "persist_failed", error });
    if (keeper.unsaved) saveLater();
  });

  let current: Token | undefined;
  let origin = "store";
  let jitter = 0;
  /** The vendor said 401 to it: never handed out again. */
  let refused: Token | undefined;
  let savedAt = -Infinity,
    softFailedAt = -Infinity,
    forcedAt = -Infinity;
  let saving: Timer | undefined;
  let saveIn = SAVE_RETRY;
  let flight: Flight | undefined;
  let lastFailure: { readonly at: number; readonly error: CorrigendaError } | undefined;
  let rotationInDoubt = false;
  /**
   * After `reset`, a mark or a latch in the store does not keep from one try: each `reset` gives
   * another one.
   */
  let afresh: object | undefined;
  /** Of the credentials as they were revealed last. */
  let bindingKey: BindingKey | undefined;
  let closed = false;
  let ending: Promise<void> | undefined;
  /** All that could be done for the token was done: it is not held any longer. */
  let ended = false;
  /** A new consent or a revocation is being written: nobody is served meanwhile. */
  let exclusive: Promise<unknown> | undefined;
  const worked = new Set<string>();
  let replays = 0;

  const turns = createTurns({
    keeper,
    times: runtime.leases,
    owners: runtime.owners,
    now,
    scheduler,
    replay: runtime.replay,
  });
  const renewal = createRenewal({
    endpoint,
    runtime,
    keeper,
    turns,
    brake,
    key,
    login,
    note,
    bind: runtime.binds ? bind : undefined,
    latch: runtime.binds ? createSharedLatch(store, key, now) : undefined,
    createReveal: () => createReveal(connection.credentials, runtime.secrets.addCredentials),
    ways: (token) => ways(token),
    credentials: connection.credentials && Object.keys(connection.credentials).sort(),
    onDoubt: () => {
      rotationInDoubt = true;
    },
    onReplay: (reason) => {
      replays += 1;
      emit({ type: "rotation_replayed", reason });
    },
    onSaved: () => release(),
  });

  /** A vault that fails later on takes nothing back: this client did have the credentials. */
  async function bind(reveal: Reveal): Promise<BindingKey> {
    try {
      return (bindingKey = await bindingKeyOf(name, connection, reveal));
    } catch (error) {
      if (bindingKey) return bindingKey;
      throw error;
    }
  }

  /**
   * Whoever waits for the turn of this process waits for this, though nobody asks for a token here.
   */
  function saveLater(): void {
    if (closed) return; // The end saves once more.
    saving?.clear();
    saving = scheduler.after(saveIn, () => {
      void keeper.flush().finally(release);
    });
    saving.keepAlive(false);
    saveIn = Math.min(2 * saveIn, LONGEST_SAVE_RETRY);
  }

  const within = (span: number, at: number): boolean => now() >= at && now() - at < span;
  const usable = (token: Token | undefined): token is Token =>
    token !== undefined &&
    token.accessToken !== refused?.accessToken &&
    freshness(token, now()) !== "stale";

  const closedError = (): ClosedError =>
    new ClosedError({ provider: name, message: `${name}: the client was closed.` });

  async function getToken(options?: GetTokenOptions): Promise<Token> {
    const { rejected, minTtl, signal } = requireTokenOptions(options);
    if (closed) throw closedError();
    signal?.throwIfAborted();
    while (exclusive) await withSignal(exclusive, signal);
    // With none in memory, the store may hold the very token that was refused.
    if (
      rejected &&
      usable(rejected) &&
      rejected.accessToken === (current ?? rejected).accessToken
    ) {
      // A vendor that refuses every token must not be asked for a new one with every call (rule
      // T-20).
      if (!within(FORCED_RENEWAL, forcedAt)) {
        forcedAt = now();
        refused = rejected;
      } else if (current) return current;
    }
    if (keeper.unsaved && !flight && !within(SAVE_RETRY, savedAt))
      void keeper.flush().finally(release);
    for (let overslept = false; ;) {
      const token = serve(minTtl) ?? (await board(minTtl, signal));
      if (token && freshness(token, now()) !== "stale") return token;
      // The process was frozen for longer than the token lives: that is no fault of the vendor, and
      // a new flight has a new deadline.
      if (token && overslept)
        throw new NetworkError({
          provider: name,
          code: "timeout",
          message: `${name}: the answer took longer than its token lives, twice. Try again.`,
        });
      overslept ||= token !== undefined;
      while (exclusive) await withSignal(exclusive, signal);
      if (closed) throw closedError();
    }
  }

  /**
   * The token in memory, unless the caller has to wait for another one. Renews it in the background
   * when it is due.
   */
  function serve(minTtl: number | undefined): Token | undefined {
    const state = usable(current) ? freshness(current, now(), jitter, minTtl) : "stale";
    if (state !== "fresh" && state !== "soft") return undefined;
    const due = state === "soft" && !flight && !within(SOFT_RETRY, softFailedAt) && !brake.limited;
    if (due)
      takeOff().result.catch(() => {
        softFailedAt = now();
      });
    // Where the process may be frozen after its answer, nothing is left to the background.
    if (flight && !background) return undefined;
    if (due && flight) background?.(flight.result.catch(() => undefined));
    return current;
  }

  /**
   * Joins the flight that is under way, or begins one. @returns undefined: who joined needs a token
   * for longer than who began, and looks again
   */
  async function board(
    minTtl: number | undefined,
    signal: GetTokenOptions["signal"],
  ): Promise<Token | undefined> {
    try {
      const joined = flight;
      const token = await (joined ?? takeOff(minTtl)).attach(signal);
      return joined && minTtl !== undefined && freshness(token, now(), 0, minTtl) === "hard"
        ? undefined
        : token;
    } catch (error) {
      // Near its end the token still works: a failed renewal does not take it away, unless the
      // caller needs it for longer.
      if (minTtl === undefined && usable(current) && error instanceof CorrigendaError)
        return current;
      throw error;
    }
  }

  /** One at a time (rule T-07). */
  function takeOff(minTtl?: number): Flight {
    busy.add(source);
    return (flight = startFlight(
      timeouts.total,
      scheduler,
      (self, deadline) => fly(self, deadline, minTtl),
      () => {
        flight = undefined;
        release();
      },
    ));
  }

  const release = (): void => {
    if (!keeper.unsaved || ended) {
      saving?.clear();
      saveIn = SAVE_RETRY;
    }
    if (flight || exclusive || (keeper.unsaved && !ended)) return;
    busy.delete(source);
    void turns.end();
  };

  async function fly(self: Flight, deadline: Deadline, minTtl: number | undefined): Promise<Token> {
    const chance = afresh;
    try {
      const { token, grant, previous, heldBack } = await renewal.run(self, deadline, {
        current,
        refused,
        afresh: chance !== undefined,
        adopt: (stored) => adopt(stored, minTtl),
      });
      if (heldBack) {
        refused = undefined; // It is served until a renewal may be forced again.
        take(token, "store");
      }
      // Nobody gets the token before its save was attempted (rule T-09); a failure to save is
      // reported by the keeper.
      if (grant) {
        worked.add(grant.name);
        take(token, grant.grantType);
        announce(previous ? "token_renewed" : "token_issued", token, grant.grantType);
      }
      return token;
    } catch (error) {
      if (error instanceof Held) throw error.error;
      // Used, be it that the answer was lost. One that `reset` gave meanwhile is not.
      if (
        afresh === chance &&
        (error instanceof CredentialsError || (rotationInDoubt && !runtime.replay))
      )
        afresh = undefined;
      if (error instanceof CorrigendaError) {
        lastFailure = { at: now(), error };
        emit({ type: "renewal_failed", error });
      }
      throw error;
    }
  }

  /** What somebody else stored, unless it is about to expire as well. */
  function adopt(stored: Token, minTtl: number | undefined): Token | undefined {
    if (stored.accessToken === current?.accessToken || !usable(stored) || keeper.unsaved)
      return undefined;
    take(stored, "store");
    return freshness(stored, now(), 0, minTtl) === "hard" ? undefined : stored;
  }

  const ways = (token: Token | undefined): readonly Grant[] =>
    connection.grants?.({
      refreshToken: token?.refreshToken,
      worked: (grant) => worked.has(grant),
    }) ?? [];

  function announce(
    type: "token_issued" | "token_renewed",
    { expiresAt }: Token,
    grant: string,
  ): void {
    emit({ type, grant, ...(expiresAt === undefined ? {} : { expiresAt }) });
    if (expiresAt === undefined) emit({ type: "expiry_unknown", grant });
  }

  function take(token: Token, from: string): void {
    current = token;
    runtime.secrets.add(token.accessToken, token.refreshToken);
    origin = from;
    jitter = scheduler.random();
    softFailedAt = -Infinity;
    rotationInDoubt = false;
    if (from === "store") return; // It proves nothing of the credentials here.
    brake.release();
    afresh = undefined;
  }

  function note(
    error: CorrigendaError,
    fingerprint: string,
    until = latchedUntil(error),
  ): number | undefined {
    const latched = brake.note(error, fingerprint, until);
    if (latched) emit({ type: "latched", error, until });
    if (error instanceof ReauthorizationRequiredError)
      emit({ type: "reauthorization_required", error });
    return latched ? until : undefined;
  }

  /**
   * Epoch ms. While the token still works, a refusal proves nothing against the credentials: some
   * vendors refuse a renewal that comes early (rule T-10).
   */
  function latchedUntil(error: CorrigendaError): number {
    const longest = now() + LATCH;
    if (!usable(current) || error instanceof ReauthorizationRequiredError) return longest;
    return Math.min(longest, current.expiresAt ?? Infinity);
  }

  async function explain(): Promise<Explanation> {
    return {
      key,
      inFlight: flight !== undefined,
      rotationInDoubt,
      replays,
      closed,
      ...brake.explain(),
      ...explainFailure(lastFailure),
      ...(current
        ? {
            token: explainToken(current, {
              now: now(),
              jitter,
              source: origin,
              refused: current.accessToken === refused?.accessToken,
              renewable: ways(current).length > 0,
              saved: keeper.unsaved === undefined,
            }),
          }
        : {}),
    };
  }

  const settle = async (): Promise<unknown> => flight?.attach(undefined).catch(() => undefined);

  /** Runs alone: after the flight that is under way, and before any other. */
  async function alone(run: () => Promise<void>): Promise<void> {
    while (exclusive) await exclusive;
    const work = settle().then(run);
    const mine = (exclusive = work.catch(() => undefined));
    busy.add(source);
    await work.finally(() => {
      if (exclusive === mine) exclusive = undefined;
      release();
    });
  }

  async function end(): Promise<void> {
    closed = true;
    while (flight ?? exclusive) await (flight?.result.catch(() => undefined) ?? exclusive);
    const failure = await keeper.flush();
    ended = true;
    release();
    await turns.end();
    if (failure)
      throw failure.copy((details) => ({
        ...details,
        message: `${details.message} The newest token is not saved, and lost with this client.`,
      }));
  }

  const pending = (): boolean =>
    flight !== undefined || exclusive !== undefined || keeper.unsaved !== undefined;
  const finish = (): Promise<void> => (ending ??= end());

  const source: GrantedTokenSource = {
    getToken,
    explain,
    reset() {
      current = keeper.unsaved; // What no store holds is not thrown away.
      refused = lastFailure = undefined;
      rotationInDoubt = false;
      brake.release();
      softFailedAt = forcedAt = -Infinity;
      afresh = {};
      worked.clear();
    },
    close: (options) => close(options, { provider: name, scheduler, finish, pending }),
    finish,
    get pending() {
      return pending();
    },
    adopt: (token, grant, given) =>
      alone(async () => {
        bindingKey = given ?? bindingKey;
        // Takes the place of anything.
        await keeper.keep(token, "consent", await given?.bindingOf(key));
        refused = undefined;
        take(token, grant);
        announce("token_issued", token, grant);
      }),
    forget: () =>
      alone(async () => {
        current = refused = undefined;
        const binding = await bindingKey?.bindingOf(key);
        await renewal.exclusively(() => keeper.discard(binding));
      }),
  };
  return source;
}
