/**
 * What forbids a token request for a time. The latch: the vendor refused these credentials, and
 * they are not sent again before it ends (rule T-10). A rate limit: the vendor asked the client to
 * come back later (rule T-11).
 */
import { CredentialsError, RateLimitError, type CorrigendaError } from "../errors.ts";
import type { Explanation } from "../token-source.ts";

/** Is thrown if an earlier failure forbids a renewal. It does not count as a new failure. */
export class Forbidden {
  readonly error: CorrigendaError;

  constructor(error: CorrigendaError) {
    this.error = error;
  }
}

/** Times are epoch ms. */
interface Period {
  readonly error: CorrigendaError;
  readonly at: number;
  readonly until: number;
}

export class Latch {
  readonly #now: () => number;
  #refusal: (Period & { readonly fingerprint: string }) | undefined;
  #limit: Period | undefined;

  /** @param now epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The failure that forbids a request with these credentials now. */
  forbids(fingerprint: string): CorrigendaError | undefined {
    if (this.#refusal?.fingerprint === fingerprint && this.#lasts(this.#refusal))
      return this.#refusal.error;
    return this.#lasts(this.#limit) ? this.#limit.error : undefined;
  }

  /** Whether the vendor asked the client to come back later, and that time has not come. */
  get isLimited(): boolean {
    return this.#lasts(this.#limit);
  }

  /** Whether these credentials were refused since the last success, even if the latch is over. */
  remembers(fingerprint: string): boolean {
    return this.#refusal?.fingerprint === fingerprint;
  }

  /**
   * Remembers a failure, if it is a refusal or a rate limit.
   * @param until the end of the latch after a refusal
   * @returns whether it latched
   */
  note(error: CorrigendaError, fingerprint: string, until: number): boolean {
    const at = this.#now();
    if (error instanceof RateLimitError) this.#limit = { error, at, until: error.retryAt ?? 0 };
    if (!(error instanceof CredentialsError)) return false;
    this.#refusal = { error, fingerprint, at, until };
    return true;
  }

  clear(): void {
    this.#refusal = this.#limit = undefined;
  }

  explain(): Pick<Explanation, "latch" | "retryAt"> {
    const [refusal, limit] = [this.#refusal, this.#limit];
    return {
      ...(this.#lasts(refusal)
        ? {
            latch: {
              kind: refusal.error.kind,
              reason: refusal.error.message,
              until: refusal.until,
            },
          }
        : {}),
      ...(this.#lasts(limit) ? { retryAt: limit.until } : {}),
    };
  }

  /**
   * Whether the period lasts. A clock that is set back to before its start ends it, so that it does
   * not become longer than intended.
   */
  #lasts(period: Period | undefined): period is Period {
    const now = this.#now();
    return period !== undefined && now >= period.at && now < period.until;
  }
}
