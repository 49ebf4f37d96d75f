/** What keeps from a token request: a latch after a refusal (rule T-10), and the vendor's own wish to be left alone (rule T-11). */
import { CredentialsError, RateLimitError, type CorrigendaError } from "./errors.ts";
import type { Explanation } from "./explanation.ts";

export interface Brake {
  /** The failure that forbids a request with these credentials now. */
  holds(fingerprint: string): CorrigendaError | undefined;
  /** Whether the vendor asked to be left alone, and the time has not come. */
  readonly limited: boolean;
  /** Whether these were refused since the last success, even if the latch's time is over. */
  latched(fingerprint: string): boolean;
  /** Remembers a failure, if it is one to remember. @param span ms for which a refusal latches. @returns whether it latched */
  note(error: CorrigendaError, fingerprint: string, span: number): boolean;
  release(): void;
  explain(): Pick<Explanation, "latch" | "retryAt">;
}

export function createBrake(now: () => number): Brake {
  let latch: { readonly error: CorrigendaError; readonly fingerprint: string; readonly at: number; readonly span: number } | undefined;
  let limit: { readonly error: CorrigendaError; readonly at: number; readonly span: number } | undefined;
  // A clock that was set back ends both: a wait must not become longer than it was meant to be.
  const within = (at: number, span: number): boolean => now() >= at && now() - at < span;
  const latchHolds = (): boolean => latch !== undefined && within(latch.at, latch.span);
  const limitHolds = (): boolean => limit !== undefined && within(limit.at, limit.span);

  return {
    holds(fingerprint) {
      if (latch?.fingerprint === fingerprint && latchHolds()) return latch.error;
      return limitHolds() ? limit?.error : undefined;
    },
    get limited() { return limitHolds(); },
    latched: (fingerprint) => latch?.fingerprint === fingerprint,
    note(error, fingerprint, span) {
      if (error instanceof RateLimitError) limit = { error, at: now(), span: (error.retryAt ?? 0) - now() };
      if (!(error instanceof CredentialsError)) return false;
      latch = { error, fingerprint, at: now(), span };
      return true;
    },
    release() {
      latch = limit = undefined;
    },
    explain: () => ({
      ...(latch && latchHolds() ? { latch: { kind: latch.error.kind, reason: latch.error.message, until: latch.at + latch.span } } : {}),
      ...(limit && limitHolds() ? { retryAt: limit.at + limit.span } : {}),
    }),
  };
}
