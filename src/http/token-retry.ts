/** Sends a failed token request again where that is safe (rules T-08, T-11, T-12, T-13). */
import { createDeadline, type Deadline } from "../platform/deadline.ts";
import {
  ContractError,
  NetworkError,
  RateLimitError,
  ServerError,
  type CorrigendaError,
} from "../errors.ts";
import { isRepeatable } from "./grants.ts";
import type { Grant } from "../provider.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import {
  sendTokenRequest,
  type PreparedRequest,
  type TokenEndpoint,
  type TokenOutcome,
} from "./token-request.ts";

const ATTEMPTS = 3;
/** ms, doubled with each attempt. The pause is a random part of it. */
const BACKOFF = 200;

/** The deadlines of a token request, and what decides whether it is sent again. */
export interface Persistence {
  /** Deadlines in ms: `attempt` for one attempt, `total` for all attempts together. */
  readonly timeouts: Timeouts;
  /** The deadline of all attempts. */
  readonly deadline: Deadline;
  readonly scheduler: Scheduler;
  /** Waits for some ms. */
  readonly rest: (ms: number) => Promise<void>;
  /** Whether a refresh token is sent again after its answer was lost. */
  readonly replay: boolean;
  /** Whether this process may still send the refresh token, for example if it holds the lease. */
  readonly mayResend: () => boolean;
}

interface Timeouts {
  readonly attempt: number;
  readonly total: number;
}

/**
 * A code or a refresh token is sent only if this many ms are left until the deadline of all
 * attempts. Its answer may be the only copy of the next token, and must not be cut off by that
 * deadline (rule T-08).
 */
export const roomFor = ({ attempt, total }: Timeouts): number => Math.min(attempt, total / 2);

/**
 * Sends a token request, up to three times: until there is a token, or an error after which another
 * attempt is useless or not safe, or too little time is left.
 * @returns with `lost`: whether one of the attempts may have used up the refresh token, though no
 *   attempt brought the next one (rule T-13)
 */
export async function sendWithRetries(
  request: PreparedRequest,
  grant: Pick<Grant, "grantType">,
  endpoint: TokenEndpoint,
  { timeouts, deadline, scheduler, rest, replay, mayResend }: Persistence,
): Promise<TokenOutcome & { readonly lost: boolean }> {
  let [replayed, lost] = [false, false];
  for (let tries = 1; ; tries += 1) {
    // The answer to a code or a refresh token may be the only copy of the next token: only the
    // deadline of all attempts cuts it off.
    const left = deadline.left();
    const attempt = createDeadline(
      isRepeatable(grant) ? Math.min(timeouts.attempt, left) : left,
      scheduler,
    );
    // This deadline does not keep the process alive. The deadline of all attempts does, if a caller
    // waits.
    attempt.keepAlive(false);
    const answer = await sendTokenRequest(
      request,
      grant.grantType,
      endpoint,
      attempt.signal,
    ).finally(attempt.clear);
    lost ||= "error" in answer && isAmbiguous(answer.error);
    const outcome = { ...answer, lost };
    if ("token" in outcome || tries === ATTEMPTS) return outcome;
    const mayReplay = replay && !replayed;
    const pause = nextPause(outcome.error, grant, tries, mayReplay, endpoint.now, scheduler);
    if (pause === undefined) return outcome;
    const remaining = deadline.left() - pause;
    if (remaining <= 0 || (!isRepeatable(grant) && remaining < roomFor(timeouts))) return outcome;
    replayed ||= pause === 0;
    if (pause > 0) await rest(pause);
    if (grant.grantType === "refresh_token" && !mayResend()) return outcome;
  }
}

/**
 * After how many ms to send the request again; undefined: never. 0 is a replay: the request is sent
 * at once, though the vendor may have acted on it (see `isAmbiguous`). There is at most one replay.
 */
function nextPause(
  error: CorrigendaError,
  grant: Pick<Grant, "grantType">,
  tries: number,
  mayReplay: boolean,
  now: () => number,
  scheduler: Scheduler,
): number | undefined {
  const neverConnected = error instanceof NetworkError && !error.maybeReceived;
  if (grant.grantType === "authorization_code" && !neverConnected) return undefined;
  // After a 503 nobody knows whether the refresh token was used up, even with a `Retry-After`. So
  // it is not sent again if no replay is allowed.
  if (grant.grantType === "refresh_token" && !mayReplay && isAmbiguous(error)) return undefined;
  if (error instanceof RateLimitError) return Math.max(1, (error.retryAt ?? Infinity) - now());
  if (!error.retryable || !(error instanceof NetworkError || error instanceof ServerError))
    return undefined;
  if (isRepeatable(grant) || neverConnected)
    return 1 + scheduler.random() * BACKOFF * 2 ** (tries - 1);
  // Nobody knows whether the vendor used up the refresh token.
  return mayReplay ? 0 : undefined;
}

/**
 * Whether the vendor may have acted on the request: after a 5xx, a broken connection or an
 * unreadable response.
 */
const isAmbiguous = (error: CorrigendaError): boolean =>
  error instanceof ServerError ||
  error instanceof ContractError ||
  (error instanceof RateLimitError && error.status === 503) ||
  (error instanceof NetworkError && error.maybeReceived);
