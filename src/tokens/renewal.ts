/**
 * One renewal: whose turn it is, which grants are tried, and what is kept of the answer (rules
 * T-07, T-09, T-14, T-16, T-17).
 */
import { createDeadline, withDeadline, withSignal, type Deadline } from "../platform/deadline.ts";
import { useOf, type BindingKey } from "./binding.ts";
import type { Brake } from "./latch.ts";
import { sha256 } from "../platform/encoding.ts";
import { ReauthorizationRequiredError, StoreError, type CorrigendaError } from "../errors.ts";
import type { Flight } from "./single-flight.ts";
import type { Keeper } from "./record-keeper.ts";
import { isMint } from "../http/grants.ts";
import { prepareAll, type Prepared } from "../http/prepared-requests.ts";
import type { Grant } from "../provider.ts";
import { roomFor, sendWithRetries } from "../http/token-retry.ts";
import type { Runtime } from "../client/options.ts";
import { type Reveal } from "../secret.ts";
import { secretIsLate } from "../http/reveal-secret.ts";
import { errorOf, NOTHING_NOTED, type SharedLatch } from "./shared-latch.ts";
import { createStoreShare, type StoreShare } from "./store-share.ts";
import type { TokenRecord } from "./token-store.ts";
import { succeed, type Token } from "../token.ts";
import type { TokenEndpoint } from "../http/token-request.ts";
import type { Turns } from "../sharing/turn.ts";
import { onThisClock, unforeseen, wasForced } from "./forced-renewals.ts";

/** What came of it. Without a grant, another client had renewed the token already. */
export interface Renewed {
  readonly token: Token;
  readonly grant?: Grant;
  readonly previous?: Token | undefined;
  /** The token was refused, and another renewal was forced too short a time ago (rule T-20). */
  readonly heldBack?: true;
}

/** A request that was not made, since an earlier failure forbids it: no failure of its own. */
export class Held {
  readonly error: CorrigendaError;
  constructor(error: CorrigendaError) {
    this.error = error;
  }
}

/** Times that the store may have changed between a look and a write before it counts as broken. */
const CHANGES = 10;
/** ms between two looks at the store at most, however long another process has its turn. */
const LONGEST_PAUSE = 1000;

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
  /**
   * Reveals the credentials that tokens are bound to. Absent, with `latch`: the store is the
   * client's own, and nothing is bound.
   */
  readonly bind: ((reveal: Reveal) => Promise<BindingKey>) | undefined;
  readonly latch: SharedLatch | undefined;
  /** For one renewal. */
  readonly createReveal: () => Reveal;
  readonly ways: (token: Token | undefined) => readonly Grant[];
  /**
   * Names of the credentials, which a latch is of. Undefined: the provider does not say, and the
   * latch is of all the secrets in the requests.
   */
  readonly credentials: readonly string[] | undefined;
  /**
   * Remembers a refusal. @param until epoch ms; when absent, as long as it has to be. @returns
   * until when it latches, if it does
   */
  readonly note: (
    error: CorrigendaError,
    fingerprint: string,
    until?: number,
  ) => number | undefined;
  /** The refresh token of another owner is sent again. */
  readonly onReplay: (reason: "owner_dead" | "owner_silent") => void;
  /** A refresh token was sent, and what became of it is not known. */
  readonly onDoubt: () => void;
  /** A save that took longer than the deadline of the renewal is over. */
  readonly onSaved: () => void;
}

/** What the coordinator has at hand. */
interface Standing {
  readonly current: Token | undefined;
  /** The vendor answered 401 to it, and it has not expired. */
  readonly refused: Token | undefined;
  /** Takes over what the store holds, if it will do. */
  readonly adopt: (token: Token) => Token | undefined;
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
  /** Tells one set of credentials from another. In memory only (rule T-07). */
  readonly fingerprint: string;
  /** Under which a refusal of it is noted in the store. */
  readonly tag: string | undefined;
}

export interface Renewal {
  run(flight: Flight, deadline: Deadline, standing: Standing): Promise<Renewed>;
  /** Does something while no other process renews, or once that has taken too long. */
  exclusively(work: () => Promise<void>): Promise<void>;
}

export function createRenewal({
  endpoint,
  runtime,
  keeper,
  turns,
  brake,
  key,
  login,
  bind,
  latch,
  createReveal,
  ways,
  credentials,
  note,
  onReplay,
  onDoubt,
  onSaved,
}: Settings): Renewal {
  const { timeouts, leases, scheduler, now, replay } = runtime;
  const { name } = endpoint.provider;
  const room = roomFor(timeouts);
  /**
   * Longer with every look, and with a random part, so that those who wait do not all look at the
   * same moment. @param looks so far
   */
  const pause = (looks: number): number =>
    Math.min(leases.poll * 2 ** looks, Math.max(leases.poll, LONGEST_PAUSE)) *
    (0.5 + scheduler.random() / 2);
  /** The refresh token that was refused last, where a login followed. */
  let spent: string | undefined;
  const reauthorization = (why: string, code?: string): ReauthorizationRequiredError =>
    new ReauthorizationRequiredError({
      provider: name,
      code,
      message: `${name}: ${why}; the person has to give consent again.`,
    });

  async function run(flight: Flight, deadline: Deadline, standing: Standing): Promise<Renewed> {
    const mintable = ways(standing.current).some(isMint);
    // Without its store a login still brings a token; a rotating refresh would risk the only copy.
    const unlessMintable = (error: unknown): undefined => {
      if (!mintable) throw error;
    };
    let turn: "none" | "ours" | "without" = "none";
    let plan: Plan | undefined;
    let left: number | undefined;
    let changes = 0;
    let looks = 0;
    const share = createStoreShare(deadline, {
      total: timeouts.total,
      spare: mintable,
      grace: leases.poll,
      late: () => late(left),
      scheduler,
    });
    try {
      const reveal = createReveal();
      const bound = await revealBound(reveal, deadline);
      for (;;) {
        if (deadline.left() === 0) throw late(left);
        const read = await share
          .ask(() => keeper.load())
          .then((record) => ({ record }), unlessMintable);
        const use = read?.record && useOf(read.record, bound?.binding, login);
        // What is of other credentials is no more to this one than its generation.
        const stored = use === "nothing" ? undefined : read?.record;
        // A store that was set back holds a refresh token that this process has used: it has the
        // successor in memory.
        const successor = stored && keeper.successorOf(stored.token);
        const adopted = stored && !successor && use === "token" && standing.adopt(stored.token);
        if (adopted) return { token: adopted };
        // The store is right: what it holds no more was taken back. Only one that says nothing is
        // passed over.
        const previous =
          keeper.unsaved ??
          successor ??
          stored?.token ??
          (read && keeper.shared ? undefined : standing.current);
        if (plan === undefined || plan.previous?.refreshToken !== previous?.refreshToken)
          plan = await makePlan(previous, reveal, bound, deadline);
        forbid(plan, stored, standing.afresh);
        if (turn === "none" || (turn === "ours" && !turns.held)) {
          const taken = read && (await takeTurn(share).catch(unlessMintable));
          turn = taken === undefined ? "without" : taken ? "ours" : "none";
          // Read again, now that nobody else writes.
          if (turn === "ours" && keeper.shared) continue;
        }
        if (turn !== "none") {
          const restore = successor && stored.token.refreshToken !== undefined && !keeper.unsaved;
          if (restore)
            await keeper.keep(successor, { sent: stored.token.refreshToken }, bound?.binding);
          const outcome = restore
            ? undefined
            : await attempt(flight, deadline, {
                ...plan,
                previous,
                binding: bound?.binding,
                stored,
                served: use === "token",
                alone: turn === "without",
                standing,
                share,
              });
          if (typeof outcome === "object") return outcome;
          left = outcome;
          if (outcome === undefined) {
            changes += 1;
            if (changes > CHANGES)
              throw new StoreError({
                provider: name,
                retryable: true,
                code: "changes",
                message: `${name}: the token store changes at every look, or refuses every compare-and-set. Look at the store.`,
              });
            continue;
          }
        }
        const rest = pause(looks);
        looks += 1;
        if (deadline.left() <= rest) throw late(left);
        await flight.rest(rest);
      }
    } finally {
      // The next one is let in before anybody is served, unless that takes long. What no store
      // holds yet is still this owner's to save.
      if (turn === "ours" && !keeper.unsaved)
        await withDeadline(
          turns.end(),
          leases.poll,
          () => new Error("slow"),
          scheduler,
          false,
        ).catch(() => undefined);
    }
  }

  /** A lease that comes after the renewal has given it up is given back. */
  function takeTurn(share: StoreShare): Promise<boolean> {
    const taken = turns.take();
    return share
      .ask(() => taken)
      .catch((error: unknown) => {
        taken.then(
          () => turns.end(),
          () => undefined,
        );
        throw error;
      });
  }

  /**
   * Secrets are revealed before anything of the store is served, since what they were before says
   * nothing of them now (rule T-07).
   */
  async function revealBound(reveal: Reveal, { signal }: Deadline): Promise<Bound | undefined> {
    if (!bind) return undefined;
    try {
      const { bindingOf, tagOf } = await withSignal(bind(reveal), signal);
      return { binding: await bindingOf(key), tagOf };
    } catch (error) {
      throw signal.aborted ? secretIsLate(name) : error;
    }
  }

  async function makePlan(
    previous: Token | undefined,
    reveal: Reveal,
    bound: Bound | undefined,
    deadline: Deadline,
  ): Promise<Plan> {
    const grants = ways(previous);
    if (grants.length === 0) throw reauthorization("No refresh token is stored for this key");
    const prepared = await prepareAll(grants, endpoint, reveal, deadline);
    const sent = grants.some(({ grantType }) => grantType === "refresh_token")
      ? (previous?.refreshToken ?? null)
      : null;
    // Of the credentials, and not of the request: an assertion is another one each time, and would
    // never be latched (rule T-10).
    const values =
      credentials &&
      (await withSignal(Promise.allSettled(credentials.map(reveal)), deadline.signal).catch(() => {
        throw secretIsLate(name);
      }));
    const lasting = values
      ? [
          values.map((value) => (value.status === "fulfilled" ? value.value : null)),
          prepared.apiKeys,
          sent,
        ]
      : prepared.secrets;
    return {
      previous,
      grants,
      ...prepared,
      fingerprint: await sha256(JSON.stringify(lasting)),
      tag: await bound?.tagOf("latch", key, prepared.apiKeys, sent),
    };
  }

  /** What keeps from a request, before anybody's turn is taken for it. */
  function forbid({ fingerprint }: Plan, stored: TokenRecord | undefined, afresh: boolean): void {
    const holds = brake.holds(fingerprint);
    if (holds) throw new Held(holds);
    if (stored?.reauthorizationRequired && !brake.latched(fingerprint) && !afresh)
      throw remember(reauthorization("The refresh token was refused before"), fingerprint);
  }

  function remember(error: CorrigendaError, fingerprint: string, until?: number): CorrigendaError {
    note(error, fingerprint, until);
    return error;
  }

  interface Attempt extends Plan {
    readonly binding: string | undefined;
    readonly stored: TokenRecord | undefined;
    /** Whether its token is these credentials' own, and may be served. */
    readonly served: boolean;
    /** Whether there is no turn, since the store failed. */
    readonly alone: boolean;
    readonly standing: Standing;
    readonly share: StoreShare;
  }

  /**
   * Tries the grants in turn.
   * @returns undefined: the store has changed, look again. A number: another owner may hold the
   *   next token; ms to wait for it
   */
  async function attempt(
    flight: Flight,
    deadline: Deadline,
    {
      previous,
      grants,
      fingerprint,
      tag,
      take,
      binding,
      stored,
      served,
      alone: failed,
      standing,
      share,
    }: Attempt,
  ): Promise<Renewed | number | undefined> {
    const { afresh, refused } = standing;
    let alone = failed;
    if (keeper.unsaved && !isMint(grants[0])) {
      // Rotating on would make the copy in memory the only one, twice over (rule T-16).
      const failure = await keeper.flush();
      if (!failure) return undefined;
      if (!grants.some(isMint)) throw failure;
      alone = true;
    }
    // Now that nobody else writes it: the process that had the turn before may have been refused.
    const noted =
      alone || tag === undefined
        ? undefined
        : await share.ask(async () => latch?.read(tag)).catch(() => undefined);
    const { refusal, renewals } = noted ?? NOTHING_NOTED;
    if (refusal && !afresh)
      throw new Held(
        remember(errorOf(refusal, name, !login, runtime.secrets), fingerprint, refusal.until),
      );
    const forced =
      refused !== undefined &&
      (stored === undefined || stored.token.accessToken === refused.accessToken);
    if (served && stored && !afresh) {
      if (forced && wasForced(renewals, now())) return { token: stored.token, heldBack: true };
      const moved = forced ? undefined : onThisClock(stored.token, renewals, now());
      const adopted = moved && standing.adopt(moved);
      if (adopted) return { token: adopted };
    }
    for (const [index, grant] of grants.entries()) {
      const rotates = grant.grantType === "refresh_token";
      const spare = grants.slice(index + 1).some(isMint);
      // Without a turn a refresh token is not risked, and one that was refused is not sent again:
      // there is a login further down.
      if (
        rotates &&
        (alone || (spare && !afresh && spent !== undefined && spent === previous?.refreshToken))
      )
        continue;
      const request = take(index);
      if (rotates) {
        const wait = await beforeSending(stored, spare, afresh, deadline);
        if (wait === "skip") continue;
        if (wait !== "send") return wait;
      }
      const outcome = await sendWithRetries(request, grant, endpoint, {
        attempt: timeouts.attempt,
        total: deadline,
        room,
        scheduler,
        rest: flight.rest,
        replay,
        maySend: () => turns.held,
      });
      if ("token" in outcome) {
        const renewal = unforeseen(
          served ? stored?.token : undefined,
          outcome.token.issuedAt,
          forced,
          now(),
        );
        const token = await keep(
          rotates ? succeed(outcome.token, previous) : outcome.token,
          rotates ? previous?.refreshToken : undefined,
          binding,
          share,
        );
        if (noted?.noted && tag !== undefined)
          await share.settle(latch?.remove(tag) ?? Promise.resolve());
        if (renewal && !alone) await share.settle(latch?.addRenewal(renewal) ?? Promise.resolve());
        // Revoked meanwhile: nothing is stored, and there may be a login.
        return token && { token, grant, previous };
      }
      const { error, problem, status } = outcome;
      const ambiguous = rotates && outcome.lost;
      if (ambiguous) onDoubt();
      if (
        problem &&
        status !== undefined &&
        index + 1 < grants.length &&
        grant.proceeds?.(status, problem)
      ) {
        if (rotates) spent = previous?.refreshToken;
        continue;
      }
      if (error instanceof ReauthorizationRequiredError) {
        let replaced = false;
        await share.settle(
          keeper.markDead(previous, binding).then((yes) => {
            replaced = yes;
          }),
        );
        if (replaced) return undefined; // The store holds another refresh token by now.
      } else if (ambiguous && !replay)
        turns.leave(); // The mark of a refresh token that is not sent again.
      // The next process need not wait for this one.
      else if (rotates) await share.settle(turns.withdraw());
      // Another process may have renewed by now.
      if (rotates && error.retryable && !turns.held) return undefined;
      const until = note(error, fingerprint);
      if (until !== undefined && tag !== undefined && !alone)
        await share.settle(
          latch?.add({
            tag,
            until,
            ...(error.status === undefined ? {} : { status: error.status }),
            ...(error.vendorCode === undefined ? {} : { code: error.vendorCode }),
          }) ?? Promise.resolve(),
        );
      throw error;
    }
    throw reauthorization("No way to a token is left");
  }

  /**
   * Nobody gets the token before its save was attempted (rule T-09), or the deadline of all is
   * over.
   */
  async function keep(
    token: Token,
    sent: string | undefined,
    binding: string | undefined,
    share: StoreShare,
  ): Promise<Token | undefined> {
    let kept: Token | undefined = token;
    const keeping = keeper
      .keep(token, sent === undefined ? "mint" : { sent }, binding)
      .then((instead) => {
        kept = instead;
      });
    if (!(await share.settle(keeping))) void keeping.finally(onSaved);
    return kept;
  }

  /**
   * @param spare whether a login is further down, so that a lost refresh token is no loss
   * @returns `send`: the refresh token may be sent, and the intent says so. `skip`: it may not, and
   *   the login is next. Else as `attempt`
   */
  async function beforeSending(
    stored: TokenRecord | undefined,
    spare: boolean,
    afresh: boolean,
    deadline: Deadline,
  ): Promise<"send" | "skip" | number | undefined> {
    const verdict = spare && replay ? { go: true as const } : await turns.judge(stored);
    const lost = "lost" in verdict;
    if (lost && !afresh) {
      if (spare) return "skip";
      throw reauthorization(
        "The answer to this refresh token was lost, and `replay: false` forbids to send it again, unless `auth.reset()` permits one try",
        "rotation_in_doubt",
      );
    }
    if ("left" in verdict) return verdict.left;
    // After a long wait the deadline might cut its answer off, which may be the only copy of the
    // next token (T-08).
    if (deadline.left() < room) throw late(undefined);
    // Or the owner's intent would be written over while it has its turn.
    if (("replay" in verdict || lost) && !turns.held) return undefined;
    try {
      if (!(await turns.declare(stored))) return undefined;
    } catch (error) {
      if (spare && error instanceof StoreError) return "skip"; // A login needs no intent.
      throw error;
    }
    const tooLate = deadline.left() < room; // The intent may have taken long, too.
    if (tooLate || !turns.held) {
      await turns.withdraw();
      if (tooLate) throw late(undefined);
      return undefined;
    }
    if ("replay" in verdict) onReplay(verdict.replay);
    return "send";
  }

  const late = (left: number | undefined): StoreError =>
    new StoreError({
      provider: name,
      retryable: true,
      code: left === undefined ? "turn_taken" : "rotation_in_doubt",
      ...(left === undefined ? {} : { retryAt: now() + left }),
      message:
        left === undefined
          ? `${name}: another process has been renewing this token for too long, or the token store is slow. Nothing was sent. Try again.`
          : `${name}: another process sent this refresh token and gave no more sign of life; it may hold the next one. It is waited for until its time is over, then the refresh token is sent again.`,
    });

  return {
    run,
    async exclusively(work) {
      const deadline = createDeadline(timeouts.total, scheduler);
      try {
        // A store that fails says so to the work itself.
        for (
          let looks = 0;
          !(await turns.take().catch(() => true)) && deadline.left() > 0;
          looks += 1
        )
          await new Promise<void>((resolve) => void scheduler.after(pause(looks), resolve));
        await work();
      } finally {
        deadline.clear();
        await turns.end();
      }
    },
  };
}
