/**
 * The latch that all clients on one store share (rule T-10): ten clients with the same wrong
 * password make one login, and a restart does not forget it. A store that fails, or cannot hold it,
 * leaves each client to its own memory.
 */
import { CredentialsError, ReauthorizationRequiredError, StoreError } from "../errors.ts";
import { memberOf } from "../platform/foreign.ts";
import { quote } from "../http/error-response.ts";
import type { StoreAccess } from "./store-access.ts";
import { latchKeyOf } from "./latch-key.ts";
import type { LatchEntry, LatchRecord, UnforeseenRenewal } from "./token-store.ts";
import { isLatchRecord } from "./token-record.ts";

/** ms. A locked account may have been unlocked by then: one try. */
export const LATCH = 15 * 60_000;
/**
 * Refusals that are kept for a credential; of more, those that end soonest are left out. And
 * renewals, of which the latest are kept.
 */
const MOST = 8;
/** Times that somebody else may write first. */
const ATTEMPTS = 5;

/** Codes of a StoreError: what is there can be read by nobody, not only by this process. */
const UNREADABLE = ["damaged", "set_back"];

export interface Noted {
  /** What was refused with this tag, for as long as that holds. */
  readonly refusal: LatchEntry | undefined;
  /** Whether anything is noted of the tag, though its time is over. */
  readonly noted: boolean;
  /** In the order in which they were noted. */
  readonly renewals: readonly UnforeseenRenewal[];
}

export const NOTHING_NOTED: Noted = { refusal: undefined, noted: false, renewals: [] };

export interface SharedLatch {
  /** Never rejects. */
  read(tag: string): Promise<Noted>;
  /** Best effort, as are `remove` and `addRenewal`. */
  add(entry: LatchEntry): Promise<void>;
  remove(tag: string): Promise<void>;
  addRenewal(renewal: UnforeseenRenewal): Promise<void>;
}

export function createSharedLatch(store: StoreAccess, key: string, now: () => number): SharedLatch {
  const place = latchKeyOf(key);
  // A clock that was set back does not make a wait longer than it was meant to be.
  const holds = ({ until }: LatchEntry): boolean => until > now() && until - now() <= LATCH;

  async function change(entries: Change): Promise<void> {
    try {
      for (let tries = 0; tries < ATTEMPTS; tries += 1) if (await tryChange(entries)) return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  /**
   * What is no latch is replaced: it keeps no refusal, and would keep all to come from being noted.
   */
  async function tryChange(entries: Change): Promise<boolean> {
    try {
      const stored = await store.get(place);
      const before = contentOf(stored);
      const { latch, renewals } = entries({ ...before, latch: before.latch.filter(holds) });
      const content = {
        latch: latch.toSorted((a, b) => b.until - a.until).slice(0, MOST),
        ...(renewals.length === 0 ? {} : { renewals: renewals.slice(-MOST) }),
      };
      return (await store.set(place, content, generationOf(stored))) !== undefined;
    } catch (error) {
      if (!(error instanceof StoreError) || !UNREADABLE.includes(error.code ?? "")) throw error;
      await store.delete(place); // By whoever has the turn, so that no other one is writing it.
      return false;
    }
  }

  const without = (latch: readonly LatchEntry[], tag: string): readonly LatchEntry[] =>
    latch.filter((entry) => entry.tag !== tag);

  return {
    async read(tag) {
      try {
        const { latch, renewals } = contentOf(await store.get(place));
        const found = latch.find((entry) => entry.tag === tag);
        return {
          refusal: found && holds(found) ? found : undefined,
          noted: found !== undefined,
          renewals,
        };
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        return NOTHING_NOTED;
      }
    },
    add: (entry) =>
      change(({ latch, renewals }) => ({ latch: [...without(latch, entry.tag), entry], renewals })),
    remove: (tag) => change(({ latch, renewals }) => ({ latch: without(latch, tag), renewals })),
    addRenewal: (renewal) =>
      change(({ latch, renewals }) => ({ latch, renewals: [...renewals, renewal] })),
  };
}

type Content = Required<Pick<LatchRecord, "latch" | "renewals">>;
type Change = (before: Content) => Content;

const contentOf = (stored: unknown): Content =>
  isLatchRecord(stored)
    ? { latch: stored.latch, renewals: stored.renewals ?? [] }
    : { latch: [], renewals: [] };

/**
 * Of whatever is stored, but for a token: a store that takes no heed of the key must not lose it.
 */
function generationOf(stored: unknown): number {
  const generation = memberOf(stored, "generation");
  return Number.isSafeInteger(generation) && memberOf(stored, "token") === undefined
    ? Number(generation)
    : 0;
}

/**
 * The refusal that another client noted, as an error of this one. @param rotating whether a
 * person's consent was refused, and no login
 */
export function errorOf(
  { status, code, until }: LatchEntry,
  provider: string,
  rotating: boolean,
  secrets: Iterable<string>,
): CredentialsError {
  const vendorCode = quote(code, secrets, 100);
  const said = [status, vendorCode].filter((one) => one !== undefined).join(", ");
  const dead = rotating && code === "invalid_grant";
  return new (dead ? ReauthorizationRequiredError : CredentialsError)({
    provider,
    status,
    vendorCode,
    message: `${provider}: The credentials were refused before${said === "" ? "" : ` (${said})`}, of another client with the same ones or before a restart. They are not sent again before ${timeOf(until)}, unless they change, or after \`reset()\`.`,
  });
}

/** A clock of the caller's own may give a time that no calendar has. */
function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
