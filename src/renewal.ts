/** One renewal: whose turn it is, which grants are tried, and what is kept of the answer (rules T-07, T-09, T-14, T-16, T-17). */
import { createDeadline, withDeadline, withSignal, type Deadline } from "./abort.ts";
import { useOf, type BindingKey } from "./binding.ts";
import type { Brake } from "./brake.ts";
import { NetworkError, ReauthorizationRequiredError, ServerError, StoreError, type CorrigendaError } from "./errors.ts";
import type { Flight } from "./flight.ts";
import type { Keeper } from "./keeper.ts";
import { prepareAll, type Prepared } from "./prepare.ts";
import type { Grant } from "./provider.ts";
import { isMint, sendWithRetries } from "./retry.ts";
import type { Runtime } from "./runtime.ts";
import { secretIsLate, type Reveal } from "./secret.ts";
import { errorOf, type SharedLatch } from "./shared-latch.ts";
import type { TokenRecord } from "./stores/store.ts";
import { succeed, type Token } from "./token.ts";
import type { TokenEndpoint } from "./token-request.ts";
import type { Turns } from "./turn.ts";

/** What came of it. Without a grant, somebody else had renewed the token already. */
export interface Renewed { readonly token: Token; readonly grant?: Grant; readonly previous?: Token | undefined }

/** A request that was not made, since an earlier failure forbids it: no failure of its own. */
export class Held {
  readonly error: CorrigendaError;
  constructor(error: CorrigendaError) { this.error = error; }
}

/** Times that the store may have changed between a look and a write before it counts as broken. */
const CHANGES = 10;

interface Settings {
  readonly endpoint: TokenEndpoint;
  readonly runtime: Runtime;
  readonly keeper: Keeper;
  readonly turns: Turns;
  readonly brake: Brake;
  /** The credential's store key. */
  readonly key: string;
  /** Whether there is a login. */
  readonly login: boolean;
  /** Reveals the credentials that tokens are bound to. Absent, with `latch`: the store is the client's own, and nothing is bound. */
  readonly bind: ((reveal: Reveal) => Promise<BindingKey>) | undefined;
  readonly latch: SharedLatch | undefined;
  /** For one renewal. */
  readonly createReveal: () => Reveal;
  readonly ways: (token: Token | undefined) => readonly Grant[];
  /** Remembers a refusal. @param until epoch ms; when absent, as long as it has to be. @returns until when it latches, if it does */
  readonly note: (error: CorrigendaError, fingerprint: string, until?: number) => number | undefined;
  /** The refresh token of another owner is sent again. */
  readonly onReplay: (reason: "owner_dead" | "owner_silent") => void;
  /** A refresh token was sent, and what became of it is not known. */
  readonly onDoubt: () => void;
}

/** What the coordinator has at hand. */
interface Standing {
  readonly current: Token | undefined;
  /** Takes over what the store holds, if it will do. */
  readonly adopt: (record: TokenRecord) => Token | undefined;
  /** Whether a mark and a latch in the store are passed over for one try. */
  readonly afresh: boolean;
}

/** What these credentials make of what is stored. Without it nothing is bound. */
interface Bound {
  readonly binding: string;
  readonly tagOf: BindingKey["tagOf"];
}

/** All that a renewal may send, made ready before anybody's turn is taken. */
interface Plan extends Prepared {
  readonly previous: Token | undefined;
  readonly grants: readonly Grant[];
  /** Under which a refusal of it is noted in the store. */
  readonly tag: string | undefined;
}

export interface Renewal {
  run(flight: Flight, deadline: Deadline, standing: Standing): Promise<Renewed>;
  /** Does something while no other process renews, or once that has taken too long. */
  exclusively(work: () => Promise<void>): Promise<void>;
}

export function createRenewal({ endpoint, runtime, keeper, turns, brake, key, login, bind, latch, createReveal, ways, note, onReplay, onDoubt }: Settings): Renewal {
  const { timeouts, leases, scheduler, now, replay } = runtime;
  const { name } = endpoint.provider;
  /** With a random part, so that those who wait do not all look at the same moment. */
  const pause = (): number => leases.poll * (0.5 + scheduler.random());
  const reauthorization = (why: string): ReauthorizationRequiredError => new ReauthorizationRequiredError({
    provider: name, message: `${name}: ${why}; the person has to give consent again.`,
  });

  async function run(flight: Flight, deadline: Deadline, standing: Standing): Promise<Renewed> {
    const mintable = ways(standing.current).some(isMint);
    // Without its store a login still brings a token; a rotating refresh would risk the only copy.
    const unlessMintable = (error: unknown): undefined => { if (!mintable) throw error; };
    let turn: "none" | "ours" | "without" = "none";
    let plan: Plan | undefined;
    let left: number | undefined;
    let changes = 0;
    try {
      const reveal = createReveal();
      const bound = await revealBound(reveal, deadline);
      for (;;) {
        if (deadline.left() === 0) throw late(left);
        const read = await keeper.load().then((record) => ({ record }), unlessMintable);
        const use = read?.record && useOf(read.record, bound?.binding, login);
        // What is of other credentials is no more to this one than its generation.
        const stored = use === "nothing" ? undefined : read?.record;
        // A store that was set back holds a refresh token that this process has used: it has the successor in memory.
        const successor = stored && keeper.successorOf(stored.token);
        const adopted = stored && !successor && use === "token" && standing.adopt(stored);
        if (adopted) return { token: adopted };
        // The store is right: what it holds no more was taken back. Only one that says nothing is passed over.
        const previous = keeper.unsaved ?? successor ?? stored?.token ?? (read && keeper.shared ? undefined : standing.current);
        if (plan === undefined || plan.previous?.refreshToken !== previous?.refreshToken) plan = await makePlan(previous, reveal, bound, deadline);
        forbid(plan, stored, standing.afresh);
        if (turn === "none" || (turn === "ours" && !turns.held)) {
          const taken = read && (await turns.take().catch(unlessMintable));
          turn = taken === undefined ? "without" : taken ? "ours" : "none";
          if (turn === "ours" && keeper.shared) continue; // Read again, now that nobody else writes.
        }
        if (turn !== "none") {
          const restore = successor && stored.token.refreshToken !== undefined && !keeper.unsaved;
          if (restore) await keeper.keep(successor, { sent: stored.token.refreshToken }, bound?.binding);
          const outcome = restore ? undefined : await attempt(flight, deadline, { ...plan, previous, binding: bound?.binding, stored, alone: turn === "without", afresh: standing.afresh });
          if (typeof outcome === "object") return outcome;
          left = outcome;
          if (outcome === undefined) {
            changes += 1;
            if (changes > CHANGES) throw new StoreError({ provider: name, retryable: true, code: "changes", message: `${name}: the token store changes at every look, or refuses every compare-and-set. Look at the store.` });
            continue;
          }
        }
        const rest = pause();
        if (deadline.left() <= rest) throw late(left);
        await flight.rest(rest);
      }
    } finally {
      // The next one is let in before anybody is served, unless that takes long. What no store holds yet is still this owner's to save.
      if (turn === "ours" && !keeper.unsaved) await withDeadline(turns.end(), leases.poll, () => new Error("slow"), scheduler, false).catch(() => undefined);
    }
  }

  /** Secrets are revealed before anything of the store is served, since what they were before says nothing of them now (rule T-07). */
  async function revealBound(reveal: Reveal, { signal }: Deadline): Promise<Bound | undefined> {
    if (!bind) return undefined;
    try {
      const { bindingOf, tagOf } = await withSignal(bind(reveal), signal);
      return { binding: await bindingOf(key), tagOf };
    } catch (error) {
      throw signal.aborted ? secretIsLate(name) : error;
    }
  }

  async function makePlan(previous: Token | undefined, reveal: Reveal, bound: Bound | undefined, deadline: Deadline): Promise<Plan> {
    const grants = ways(previous);
    if (grants.length === 0) throw reauthorization("No refresh token is stored for this key");
    const prepared = await prepareAll(grants, endpoint, reveal, deadline);
    const sent = grants.some(({ grantType }) => grantType === "refresh_token") ? previous?.refreshToken ?? null : null;
    return { previous, grants, ...prepared, tag: await bound?.tagOf("latch", key, prepared.apiKeys, sent) };
  }

  /** What keeps from a request, before anybody's turn is taken for it. */
  function forbid({ fingerprint }: Plan, stored: TokenRecord | undefined, afresh: boolean): void {
    const holds = brake.holds(fingerprint);
    if (holds) throw new Held(holds);
    if (stored?.reauthorizationRequired && !brake.latched(fingerprint) && !afresh) throw noted(reauthorization("The refresh token was refused before"), fingerprint);
  }

  function noted(error: CorrigendaError, fingerprint: string, until?: number): CorrigendaError {
    note(error, fingerprint, until);
    return error;
  }

  interface Attempt extends Plan {
    readonly binding: string | undefined;
    readonly stored: TokenRecord | undefined;
    /** Whether there is no turn, since the store failed. */
    readonly alone: boolean;
    readonly afresh: boolean;
  }

  /**
   * Tries the grants in turn.
   * @returns undefined: the store has changed, look again. A number: another owner may hold the next token; ms to wait for it
   */
  async function attempt(flight: Flight, deadline: Deadline, { previous, grants, fingerprint, tag, take, binding, stored, alone, afresh }: Attempt): Promise<Renewed | number | undefined> {
    if (keeper.unsaved && !isMint(grants[0])) {
      const failure = await keeper.flush();
      if (failure) throw failure; // Rotating on would make the copy in memory the only one, twice over (rule T-16).
      return undefined;
    }
    // Now that nobody else writes it: whoever had the turn before may have been refused.
    const latched = alone || tag === undefined ? undefined : await latch?.read(tag);
    if (latched?.refusal && !afresh) throw new Held(noted(errorOf(latched.refusal, name, !login, runtime.secrets), fingerprint, latched.refusal.until));
    for (const [index, grant] of grants.entries()) {
      const rotates = grant.grantType === "refresh_token";
      // Without a turn a refresh token is not risked: there is a login further down.
      if (rotates && alone) continue;
      const request = take(index);
      if (rotates) {
        const wait = await beforeSending(stored, grants, deadline);
        if (wait !== true) return wait;
      }
      const outcome = await sendWithRetries(request, grant, endpoint, { attempt: timeouts.attempt, total: deadline, scheduler, rest: flight.rest, replay, maySend: () => turns.held });
      if ("token" in outcome) {
        const origin = rotates && previous?.refreshToken !== undefined ? { sent: previous.refreshToken } : "mint";
        const token = await keeper.keep(succeed(outcome.token, previous), origin, binding);
        if (latched?.noted && tag !== undefined) await latch?.remove(tag);
        return token && { token, grant, previous }; // Revoked meanwhile: nothing is stored, and there may be a login.
      }
      const { error, problem, status } = outcome;
      if (rotates && (error instanceof ServerError || (error instanceof NetworkError && error.maybeReceived))) onDoubt();
      if (problem && status !== undefined && index + 1 < grants.length && grant.proceeds?.(status, problem)) continue;
      if (error instanceof ReauthorizationRequiredError) {
        if (await keeper.markDead(previous, binding)) return undefined; // The store holds another refresh token by now.
      } else if (rotates) await turns.withdraw(); // Whoever comes next need not wait for this one.
      if (rotates && error.retryable && !turns.held) return undefined; // Somebody else may have renewed by now.
      const until = note(error, fingerprint);
      if (until !== undefined && tag !== undefined && !alone) await latch?.add({ tag, until, ...(error.status === undefined ? {} : { status: error.status }), ...(error.vendorCode === undefined ? {} : { code: error.vendorCode }) });
      throw error;
    }
    throw reauthorization("No way to a token is left");
  }

  /** @returns true: the refresh token may be sent, and the intent says so. Else as `attempt` */
  async function beforeSending(stored: TokenRecord | undefined, grants: readonly Grant[], deadline: Deadline): Promise<true | number | undefined> {
    // A login as the last way out makes a lost refresh token no loss.
    const verdict = grants.some(isMint) ? { go: true as const } : await turns.judge(stored);
    if (!verdict.go) return verdict.left;
    // After a long wait the deadline might cut its answer off, which may be the only copy of the next token (T-08).
    if (deadline.left() < Math.min(timeouts.attempt, timeouts.total / 2)) throw late(undefined);
    // Or the owner's intent would be written over while it has its turn.
    if ("replay" in verdict && !turns.held) return undefined;
    if (!(await turns.declare(stored))) return undefined;
    if (!turns.held) {
      await turns.withdraw();
      return undefined;
    }
    if ("replay" in verdict) onReplay(verdict.replay);
    return true;
  }

  const late = (left: number | undefined): StoreError => new StoreError({
    provider: name, retryable: true, code: left === undefined ? "turn_taken" : "rotation_in_doubt", ...(left === undefined ? {} : { retryAt: now() + left }),
    message: left === undefined ? `${name}: another process has been renewing this token for too long, or the token store is slow. Nothing was sent. Try again.`
      : `${name}: another process sent this refresh token and gave no more sign of life; it may hold the next one. It is waited for until its time is over, then the refresh token is sent again.`,
  });

  return {
    run,
    async exclusively(work) {
      const deadline = createDeadline(timeouts.total, scheduler);
      try {
        // A store that fails says so to the work itself.
        while (!(await turns.take().catch(() => true)) && deadline.left() > 0) await new Promise<void>((resolve) => void scheduler.after(pause(), resolve));
        await work();
      } finally {
        deadline.clear();
        await turns.end();
      }
    },
  };
}
