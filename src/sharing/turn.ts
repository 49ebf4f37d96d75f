/**
 * Whose turn it is to renew a token, among all processes that share a store (rule T-14): a lease
 * that is kept alive while a renewal is under way, and the intent that is written before a refresh
 * token is sent.
 */
import { sha256 } from "../platform/encoding.ts";
import { StoreError } from "../errors.ts";
import type { Keeper } from "../tokens/record-keeper.ts";
import type { Owners } from "../platform/process-identity.ts";
import type { Scheduler, Timer } from "../platform/scheduler.ts";
import type { Intent, TokenRecord } from "../tokens/token-store.ts";

/** ms. */
export interface LeaseTimes {
  /** After which an owner that gives no sign of life loses its turn. */
  readonly ttl: number;
  /** Between two signs of life. */
  readonly heartbeat: number;
  /** Between two looks at the store while somebody else renews. */
  readonly poll: number;
  /**
   * For which an owner that may still live, and hold the next refresh token, is waited for before
   * its refresh token is sent again.
   */
  readonly patience: number;
}

/** What an intent in the store means for whoever has the turn. */
export type Verdict =
  /** Nobody else can hold the next refresh token. */
  | { readonly go: true }
  /**
   * Somebody else may: it is dead, or was waited for. The refresh token is sent once more, and
   * reported.
   */
  | { readonly go: true; readonly replay: "owner_dead" | "owner_silent" }
  | { readonly go: false; /** ms */ readonly left: number }
  /** Its answer was lost, and `replay` is off: it is never sent again (rule T-13). */
  | { readonly go: false; readonly lost: true };

export interface Turns {
  /** @returns whether it is this one's turn. @throws StoreError */
  take(): Promise<boolean>;
  /** Whether it certainly still is. */
  readonly held: boolean;
  /** Whether this record's refresh token may be sent. */
  judge(record: TokenRecord | undefined): Promise<Verdict>;
  /**
   * Writes the intent. @returns false if the record has changed: read it again. @throws StoreError
   */
  declare(record: TokenRecord | undefined): Promise<boolean>;
  /** Takes the intent back: whoever wrote it holds no successor, and never will. */
  withdraw(): Promise<void>;
  /**
   * Leaves the intent as a mark of a refresh token whose answer was lost, where `replay` is off.
   */
  leave(): void;
  /** Lets the next one have its turn. Never rejects. */
  end(): Promise<void>;
}

/**
 * Hosts may differ by so much in their clocks, in ms; an intent that is older than this and the
 * patience is old by any of them.
 */
const SKEW = 5 * 60_000;

interface Settings {
  readonly keeper: Keeper;
  readonly times: LeaseTimes;
  readonly owners: Owners;
  readonly now: () => number;
  readonly scheduler: Scheduler;
  /** Whether a refresh token whose answer was lost may be sent again. */
  readonly replay: boolean;
}

export function createTurns({ keeper, times, owners, now, scheduler, replay }: Settings): Turns {
  const me = owners.create();
  /** Whether the intent of this owner marks a refresh token whose answer was lost. */
  let lost = false;
  let lapsed = false;
  let since: { readonly monotonic: number; readonly wall: number } | undefined;
  let beat: Timer | undefined;
  let beating: Promise<void> | undefined;
  let ending: Promise<void> | undefined;
  let taking: Promise<unknown> = Promise.resolve();
  /** The intent of somebody else, and when it was first seen here. */
  let seen: { readonly id: string; readonly at: number } | undefined;

  const held = (): boolean =>
    !keeper.shared ||
    (!lapsed &&
      since !== undefined &&
      // Both clocks: one stands still while the machine sleeps, and the other may be set.
      scheduler.monotonic() - since.monotonic < times.ttl &&
      Math.abs(now() - since.wall) < times.ttl);

  async function lease(): Promise<boolean> {
    const at = { monotonic: scheduler.monotonic(), wall: now() };
    const taken = await keeper.lease(me, times.ttl);
    since = taken ? at : undefined;
    return taken;
  }

  /**
   * Signs of life, until the end or until somebody else has the lease. One that fails is followed
   * by others.
   */
  function keepUp(): void {
    beat = scheduler.after(times.heartbeat, () => {
      // One that comes too late may get the lease back, and keeps others out with it; but somebody
      // may have had a turn in between.
      lapsed ||= !held();
      beating = lease()
        .catch(() => true)
        .then((taken) => {
          if (taken && beat) keepUp();
          else beat = undefined;
        });
    });
    beat.keepAlive(false);
  }

  async function take(): Promise<boolean> {
    await ending; // Or what is taken now would be given back.
    const taken = await lease();
    lapsed = false;
    if (taken && keeper.shared && !beat) keepUp();
    return taken;
  }

  async function end(): Promise<void> {
    beat?.clear();
    beat = undefined;
    await beating; // Or it would take the lease again after it was given back.
    if (since === undefined) return;
    since = undefined;
    await keeper.release(me).catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error; // It runs out by itself.
    });
  }

  return {
    take() {
      // One after another: a slow store may still be busy with a lease that its renewal gave up.
      const taken = taking.then(take);
      taking = taken.catch(() => undefined);
      return taken;
    },
    get held() {
      return held();
    },
    async judge(record) {
      const intent = record?.intent;
      if (!record || !intent || intent.refreshTokenHash !== (await hashOf(record)))
        return { go: true };
      const again = (reason: "owner_dead" | "owner_silent"): Verdict =>
        replay ? { go: true, replay: reason } : { go: false, lost: true };
      if (intent.owner === me) return lost ? { go: false, lost } : { go: true };
      if (owners.isDead(intent.owner)) return again("owner_dead");
      const id = JSON.stringify(intent);
      if (seen?.id !== id) seen = { id, at: scheduler.monotonic() };
      const left = times.patience - (scheduler.monotonic() - seen.at);
      return left <= 0 || now() - intent.at > times.patience + SKEW
        ? again("owner_silent")
        : { go: false, left };
    },
    async declare(record) {
      lost = false;
      // Where nobody else writes, the intent is only of use as the mark that `replay: false` asks
      // for.
      if ((!keeper.shared && replay) || record?.token.refreshToken === undefined) return true;
      const intent: Intent = { refreshTokenHash: await hashOf(record), owner: me, at: now() };
      try {
        return await keeper.declare(record, intent);
      } catch (error) {
        await keeper.withdraw(me); // It may have been written all the same.
        throw error;
      }
    },
    withdraw: () => keeper.withdraw(me),
    leave() {
      lost = true;
    },
    end: () =>
      (ending ??= end().finally(() => {
        ending = undefined;
      })),
  };
}

const hashOf = ({ token }: TokenRecord): Promise<string> => sha256(token.refreshToken ?? "");
