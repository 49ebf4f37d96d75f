/** How `close` waits for the end of a client or a session (rules T-06 and T-16). */
import { withDeadline } from "../platform/deadline.ts";
import { CorrigendaError, StoreError } from "../errors.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import { requireDuration, requireObject } from "../parts/check-options.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import type { CloseOptions } from "../token-source.ts";

/**
 * ms. The longest time that a timer can take. It serves as no limit: all work that `close` waits
 * for has a deadline of its own.
 */
const UNLIMITED = 2 ** 31 - 1;

interface End {
  readonly provider: string;
  readonly scheduler: Scheduler;
  /**
   * Ends the client or session, or returns the promise of an earlier call. The work continues even
   * if nobody waits for it.
   */
  readonly finish: () => Promise<void>;
  /** Whether a token may still be lost. */
  readonly pending: () => boolean;
}

/**
 * Waits for the end, and keeps the process alive meanwhile.
 * @throws ConfigurationError before anything is closed; StoreError
 */
export async function close(
  options: CloseOptions | undefined,
  { provider, scheduler, finish, pending }: End,
): Promise<void> {
  const within = requireWithin(options);
  const late = new StoreError({
    provider,
    code: "gave_up",
    message: `${provider}: \`close()\` gave up after ${within} ms: a token request, or the saving of a token, is still under way. If this process ends before it does, the newest token may be lost.`,
  });
  try {
    await withDeadline(finish(), within, () => late, scheduler);
  } catch (error) {
    // Only a lease is left to be released, and a lease expires by itself.
    if (error === late && !pending()) return;
    // Each caller gets an error of its own (rule T-09).
    throw error instanceof CorrigendaError ? error.copy() : error;
  }
}

const OPTIONS = namesOf<CloseOptions>({ within: true });

/** The option `within`, ms. @throws ConfigurationError */
export function requireWithin(options: CloseOptions = {}): number {
  requireObject(options, "options");
  requireKnown(options, OPTIONS);
  return requireDuration(options.within, "within", UNLIMITED);
}
