/**
 * The latch that all clients on one store share (rule T-10): a note that the vendor refused some
 * credentials, which are then not sent again for a time. Ten clients with the same wrong password
 * make one login, and after a restart the refusal is still known. If the store fails, or cannot
 * hold a latch, each client knows only the refusals of its own requests.
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
 * The most refusals, and the most unforeseen renewals, that are kept for a credential. Beyond that,
 * the refusals that end soonest and the oldest renewals are left out.
 */
const MOST = 8;
/** The most attempts of a write, while other clients write first. */
const ATTEMPTS = 5;
/** Codes of a StoreError for a record that no process can read. */
const UNREADABLE = ["damaged", "set_back"];

/** What the store knows of a set of credentials. */
export interface Noted {
  /** The refusal of these credentials, as long as it holds. `until`: epoch ms. */
  readonly refusal: { readonly error: CredentialsError; readonly until: number } | undefined;
  /** Whether a refusal is noted, even if its time is over. */
  readonly noted: boolean;
  /** The latest unforeseen renewals, in the order in which they were noted. */
  readonly renewals: readonly UnforeseenRenewal[];
}

type Content = Required<Pick<LatchRecord, "latch" | "renewals">>;

interface Settings {
  readonly store: StoreAccess;
  /** The store key of the credential. */
  readonly key: string;
  readonly provider: string;
  /** Whether only a consent can bring a token. Then `invalid_grant` asks for a new consent. */
  readonly consentOnly: boolean;
  /** Secrets that are masked if a vendor's error code repeats them. */
  readonly secrets: Iterable<string>;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Writing is best effort. */
export class SharedLatch {
  readonly #settings: Settings;
  readonly #key: string;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#key = latchKeyOf(settings.key);
  }

  /**
   * @param tag an HMAC that identifies a set of credentials and reveals none of them
   * @throws StoreError
   */
  async read(tag: string): Promise<Noted> {
    const { latch, renewals } = contentOf(await this.#settings.store.get(this.#key));
    const entry = latch.find((one) => one.tag === tag);
    const refusal =
      entry && this.#holds(entry)
        ? { error: errorOf(entry, this.#settings), until: entry.until }
        : undefined;
    return { refusal, noted: entry !== undefined, renewals };
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
      // While an unreadable record is there, no later refusal can be noted. Only the process that
      // has the lease gets here, so that no other process is writing the record.
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
 * The generation of whatever is stored. For a record with a token it is 0, so that the write of a
 * latch fails: a store that ignores the `:latch` of the key would replace its token by the latch.
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
    message: `${provider}: The credentials were refused before${said === "" ? "" : ` (${said})`}, when another client sent them or before a restart. They are not sent again before ${timeOf(until)}, unless they change or \`reset()\` is called.`,
  });
}

/** An ISO date; a number of ms if the `now` option gave a time that `Date` cannot represent. */
function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
