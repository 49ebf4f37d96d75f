/**
 * The end of a client: how long it is waited for, and what is said where that takes too long (rules
 * T-06 and T-16).
 */
import { withDeadline } from "../platform/deadline.ts";
import { CorrigendaError, StoreError } from "../errors.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import { requireDuration, requireObject } from "../parts/check-options.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import type { CloseOptions } from "../token-source.ts";

/** ms, the most that a timer takes: all that an end waits for has a deadline of its own. */
const UNLIMITED = 2 ** 31 - 1;

interface End {
  readonly provider: string;
  readonly scheduler: Scheduler;
  /**
   * Begins the end, or tells of the one that has begun. It goes on though nobody waits any more.
   */
  readonly finish: () => Promise<void>;
  /** Whether a token may still be lost. */
  readonly pending: () => boolean;
}

/**
 * Waits for the end, and keeps the process alive meanwhile. @throws ConfigurationError before
 * anything has ended; StoreError
 */
export async function close(
  options: CloseOptions | undefined,
  { provider, scheduler, finish, pending }: End,
): Promise<void> {
  const within = requireWithin(options);
  const late = new StoreError({
    provider,
    code: "gave_up",
    message: `${provider}: \`close()\` gave up after ${within} ms: a token request, or the saving of a token, is still under way. What it brings is saved if this process lives long enough; otherwise the newest token may be lost.`,
  });
  try {
    await withDeadline(finish(), within, () => late, scheduler);
  } catch (error) {
    // Only a turn is left to be given back, which ends by itself.
    if (error === late && !pending()) return;
    // An error of its own for each caller (rule T-09).
    throw error instanceof CorrigendaError ? error.copy() : error;
  }
}

const OPTIONS = namesOf<CloseOptions>({ within: true });

/** ms. @throws ConfigurationError */
export function requireWithin(options: CloseOptions = {}): number {
  requireObject(options, "options");
  requireKnown(options, OPTIONS);
  return requireDuration(options.within, "within", UNLIMITED);
}
