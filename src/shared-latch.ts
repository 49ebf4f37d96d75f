/**
 * The latch that all clients on one store share (rule T-10): ten clients with the same wrong password make one login, and a restart does not
 * forget it. A store that fails, or cannot hold it, leaves each client to its own memory.
 */
import { CredentialsError, ReauthorizationRequiredError, StoreError } from "./errors.ts";
import { memberOf } from "./foreign.ts";
import { quote } from "./refusal.ts";
import type { StoreAccess } from "./store-access.ts";
import { latchKeyOf } from "./stores/latch-key.ts";
import type { LatchEntry } from "./stores/store.ts";
import { isLatchRecord } from "./token-record.ts";

/** ms. A locked account may have been unlocked by then: one try. */
export const LATCH = 15 * 60_000;
/** Refusals that are kept for a credential; of more, those that end soonest are left out. */
const MOST = 8;
/** Times that somebody else may write first. */
const ATTEMPTS = 5;

/** Codes of a StoreError: what is there can be read by nobody, not only by this process. */
const UNREADABLE = ["damaged", "set_back"];

export interface SharedLatch {
  /** What was refused with this tag, for as long as that holds; and whether anything is noted of it, though its time is over. Never rejects. */
  read(tag: string): Promise<{ readonly refusal: LatchEntry | undefined; readonly noted: boolean }>;
  /** Best effort, as is `remove`. */
  add(entry: LatchEntry): Promise<void>;
  remove(tag: string): Promise<void>;
}

export function createSharedLatch(store: StoreAccess, key: string, now: () => number): SharedLatch {
  const place = latchKeyOf(key);
  // A clock that was set back does not make a wait longer than it was meant to be.
  const holds = ({ until }: LatchEntry): boolean => until > now() && until - now() <= LATCH;

  type Change = (before: readonly LatchEntry[]) => readonly LatchEntry[];

  async function change(entries: Change): Promise<void> {
    try {
      for (let tries = 0; tries < ATTEMPTS; tries += 1) if (await tryChange(entries)) return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  /** What is no latch is replaced: it keeps no refusal, and would keep all to come from being noted. */
  async function tryChange(entries: Change): Promise<boolean> {
    try {
      const stored = await store.get(place);
      const latch = entries(entriesOf(stored).filter(holds)).toSorted((a, b) => b.until - a.until).slice(0, MOST);
      return (await store.set(place, { latch }, generationOf(stored))) !== undefined;
    } catch (error) {
      if (!(error instanceof StoreError) || !UNREADABLE.includes(error.code ?? "")) throw error;
      await store.delete(place); // By whoever has the turn, so that no other one is writing it.
      return false;
    }
  }

  return {
    async read(tag) {
      try {
        const found = entriesOf(await store.get(place)).find((entry) => entry.tag === tag);
        return { refusal: found && holds(found) ? found : undefined, noted: found !== undefined };
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        return { refusal: undefined, noted: false };
      }
    },
    add: (entry) => change((before) => [...before.filter(({ tag }) => tag !== entry.tag), entry]),
    remove: (tag) => change((before) => before.filter((entry) => entry.tag !== tag)),
  };
}

const entriesOf = (stored: unknown): readonly LatchEntry[] => (isLatchRecord(stored) ? stored.latch : []);

/** Of whatever is stored, but for a token: a store that takes no heed of the key must not lose it. */
function generationOf(stored: unknown): number {
  const generation = memberOf(stored, "generation");
  return Number.isSafeInteger(generation) && memberOf(stored, "token") === undefined ? Number(generation) : 0;
}

/** The refusal that another client noted, as an error of this one. @param rotating whether a person's consent was refused, and no login */
export function errorOf({ status, code, until }: LatchEntry, provider: string, rotating: boolean, secrets: Iterable<string>): CredentialsError {
  const vendorCode = quote(code, secrets, 100);
  const said = [status, vendorCode].filter((one) => one !== undefined).join(", ");
  const dead = rotating && code === "invalid_grant";
  return new (dead ? ReauthorizationRequiredError : CredentialsError)({
    provider, status, vendorCode,
    message: `${provider}: The credentials were refused before${said === "" ? "" : ` (${said})`}, of another client with the same ones or before a restart. They are not sent again before ${new Date(until).toISOString()}, unless they change, or after \`reset()\`.`,
  });
}
