/**
 * The latch that all clients on one store share (rule T-10): ten clients with the same wrong
 * password make one login, and a restart does not forget it. If the store fails, or cannot hold a
 * latch, each client has its own memory only.
 */
import {
  CredentialsError,
  ReauthorizationRequiredError,
  StoreError,
  type CorrigendaError,
} from "../errors.ts";
import { quote } from "../http/error-response.ts";
import { memberOf } from "../platform/safe-access.ts";
import { latchKeyOf } from "./latch-key.ts";
import { isLatchRecord } from "./record-shape.ts";
import type { StoreAccess } from "./store-access.ts";
import type { LatchEntry, LatchRecord, UnforeseenRenewal } from "./token-store.ts";

/** ms. The longest latch. */
const LONGEST = 15 * 60_000;
/**
 * The most refusals that are kept for a credential; of more, those that end soonest are left out.
 * Of renewals, the latest are kept.
 */
const MOST = 8;
/** The most attempts of a write, while other clients write first. */
const ATTEMPTS = 5;
/** Codes of a StoreError: nobody can read what is stored, and not only this process. */
const UNREADABLE = ["damaged", "set_back"];

/** What the store knows of a set of credentials. */
export interface Noted {
  /** The refusal of these credentials, as long as it holds. `until`: epoch ms. */
  readonly refusal: { readonly error: CredentialsError; readonly until: number } | undefined;
  /** Whether a refusal is noted at all, be it that its time is over. */
  readonly noted: boolean;
  /** In the order in which they were noted. */
  readonly renewals: readonly UnforeseenRenewal[];
}

type Content = Required<Pick<LatchRecord, "latch" | "renewals">>;

interface Settings {
  readonly store: StoreAccess;
  /** The store key of the credential. */
  readonly key: string;
  readonly provider: string;
  /** Whether only a consent can bring a token, so that a refusal is one of the refresh token. */
  readonly consentOnly: boolean;
  /** What must not be repeated of a vendor's code. */
  readonly secrets: Iterable<string>;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Reading never fails. Writing is best effort. */
export class SharedLatch {
  readonly #settings: Settings;
  readonly #key: string;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#key = latchKeyOf(settings.key);
  }

  /** @param tag names a set of credentials, without giving any away */
  async read(tag: string): Promise<Noted> {
    try {
      const { latch, renewals } = contentOf(await this.#settings.store.get(this.#key));
      const entry = latch.find((one) => one.tag === tag);
      const refusal =
        entry && this.#holds(entry)
          ? { error: errorOf(entry, this.#settings), until: entry.until }
          : undefined;
      return { refusal, noted: entry !== undefined, renewals };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return { refusal: undefined, noted: false, renewals: [] };
    }
  }

  /** @param until epoch ms */
  add(tag: string, { status, vendorCode: code }: CorrigendaError, until: number): Promise<void> {
    const entry: LatchEntry = {
      tag,
      until,
      ...(status === undefined ? {} : { status }),
      ...(code === undefined ? {} : { code }),
    };
    return this.#change(({ latch, renewals }) => ({
      latch: [...without(latch, tag), entry],
      renewals,
    }));
  }

  remove(tag: string): Promise<void> {
    return this.#change(({ latch, renewals }) => ({ latch: without(latch, tag), renewals }));
  }

  addRenewal(renewal: UnforeseenRenewal): Promise<void> {
    return this.#change(({ latch, renewals }) => ({ latch, renewals: [...renewals, renewal] }));
  }

  async #change(change: (before: Content) => Content): Promise<void> {
    try {
      for (let tries = 0; tries < ATTEMPTS; tries += 1) if (await this.#tryChange(change)) return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  async #tryChange(change: (before: Content) => Content): Promise<boolean> {
    const { store } = this.#settings;
    try {
      const stored = await store.get(this.#key);
      const { latch, renewals } = contentOf(stored);
      const after = change({ latch: latch.filter((entry) => this.#holds(entry)), renewals });
      const content = {
        latch: after.latch.toSorted((a, b) => b.until - a.until).slice(0, MOST),
        ...(after.renewals.length === 0 ? {} : { renewals: after.renewals.slice(-MOST) }),
      };
      return (await store.set(this.#key, content, generationOf(stored))) !== undefined;
    } catch (error) {
      if (!(error instanceof StoreError) || !UNREADABLE.includes(error.code ?? "")) throw error;
      // An unreadable record would keep every later refusal from being noted. The process with the
      // lease deletes it, so that no other process is writing it.
      await store.delete(this.#key);
      return false;
    }
  }

  /** A clock that is set back does not make a latch longer than it was meant to be. */
  #holds({ until }: LatchEntry): boolean {
    const now = this.#settings.now();
    return until > now && until - now <= LONGEST;
  }
}

const without = (latch: readonly LatchEntry[], tag: string): readonly LatchEntry[] =>
  latch.filter((entry) => entry.tag !== tag);

/** Anything but a latch record counts as empty, and is replaced. */
const contentOf = (stored: unknown): Content =>
  isLatchRecord(stored)
    ? { latch: stored.latch, renewals: stored.renewals ?? [] }
    : { latch: [], renewals: [] };

/**
 * The generation of whatever is stored, but for a token: a store that ignores the key must not lose
 * its token.
 */
function generationOf(stored: unknown): number {
  const generation = memberOf(stored, "generation");
  return Number.isSafeInteger(generation) && memberOf(stored, "token") === undefined
    ? Number(generation)
    : 0;
}

/** The refusal that another client noted, as an error of this client. */
function errorOf(
  { status, code, until }: LatchEntry,
  { provider, consentOnly, secrets }: Settings,
): CredentialsError {
  const vendorCode = quote(code, secrets, 100);
  const said = [status, vendorCode].filter((one) => one !== undefined).join(", ");
  const dead = consentOnly && code === "invalid_grant";
  return new (dead ? ReauthorizationRequiredError : CredentialsError)({
    provider,
    status,
    vendorCode,
    message: `${provider}: The credentials were refused before${said === "" ? "" : ` (${said})`}, of another client with the same ones or before a restart. They are not sent again before ${timeOf(until)}, unless they change, or after \`reset()\`.`,
  });
}

/** The `now` option may give a time that no calendar has. */
function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
