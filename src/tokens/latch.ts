/**
 * What keeps from a token request: a latch after a refusal (rule T-10), and the vendor's own wish
 * to be left alone (rule T-11).
 */
import { CredentialsError, RateLimitError, type CorrigendaError } from "../errors.ts";
import type { Explanation } from "../token-source.ts";

export interface Brake {
  /** The failure that forbids a request with these credentials now. */
  holds(fingerprint: string): CorrigendaError | undefined;
  /** Whether the vendor asked to be left alone, and the time has not come. */
  readonly limited: boolean;
  /** Whether these were refused since the last success, even if the latch's time is over. */
  latched(fingerprint: string): boolean;
  /**
   * Remembers a failure, if it is one to remember. @param until epoch ms to which a refusal
   * latches. @returns whether it latched
   */
  note(error: CorrigendaError, fingerprint: string, until: number): boolean;
  release(): void;
  explain(): Pick<Explanation, "latch" | "retryAt">;
}

/** Epoch ms. */
interface Period {
  readonly error: CorrigendaError;
  readonly at: number;
  readonly until: number;
}

export function createBrake(now: () => number): Brake {
  let latch: (Period & { readonly fingerprint: string }) | undefined;
  let limit: Period | undefined;
  // A clock that was set back ends both: a wait must not become longer than it was meant to be.
  const lasts = (period: Period | undefined): period is Period =>
    period !== undefined && now() >= period.at && now() < period.until;

  return {
    holds(fingerprint) {
      if (latch?.fingerprint === fingerprint && lasts(latch)) return latch.error;
      return lasts(limit) ? limit.error : undefined;
    },
    get limited() {
      return lasts(limit);
    },
    latched: (fingerprint) => latch?.fingerprint === fingerprint,
    note(error, fingerprint, until) {
      if (error instanceof RateLimitError) limit = { error, at: now(), until: error.retryAt ?? 0 };
      if (!(error instanceof CredentialsError)) return false;
      latch = { error, fingerprint, at: now(), until };
      return true;
    },
    release() {
      latch = limit = undefined;
    },
    explain: () => ({
      ...(lasts(latch)
        ? { latch: { kind: latch.error.kind, reason: latch.error.message, until: latch.until } }
        : {}),
      ...(lasts(limit) ? { retryAt: limit.until } : {}),
    }),
  };
}
