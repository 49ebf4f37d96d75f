/** Which failed token request is sent again, and when (rules T-08, T-11, T-12, T-13). */
import { createDeadline, type Deadline } from "../platform/deadline.ts";
import {
  ContractError,
  NetworkError,
  RateLimitError,
  ServerError,
  type CorrigendaError,
} from "../errors.ts";
import { isMint } from "./grants.ts";
import type { Grant } from "../provider.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import {
  sendTokenRequest,
  type PreparedRequest,
  type TokenEndpoint,
  type TokenOutcome,
} from "./token-request.ts";

const ATTEMPTS = 3;
/** ms, doubled with each attempt, of which a random part is waited. */
const BACKOFF = 200;

export interface Persistence {
  /** Deadline of one attempt, ms. */
  readonly attempt: number;
  /** Deadline of all. */
  readonly total: Deadline;
  /**
   * ms that have to be left for an answer which may be the only copy of the next token: see
   * `roomFor`.
   */
  readonly room: number;
  readonly scheduler: Scheduler;
  readonly rest: (ms: number) => Promise<void>;
  /** Whether a refresh token may be sent again whose answer was lost. */
  readonly replay: boolean;
  /** Whether it is still this process's turn to send one at all. */
  readonly maySend: () => boolean;
}

/**
 * A code or a refresh token is not sent so late that the deadline of all would cut its answer off
 * (rule T-08). @returns ms
 */
export const roomFor = ({
  attempt,
  total,
}: {
  readonly attempt: number;
  readonly total: number;
}): number => Math.min(attempt, total / 2);

/**
 * @returns with `lost`: whether one of the attempts may have used the refresh token up, though no
 *   next one came (rule T-13)
 */
export async function sendWithRetries(
  request: PreparedRequest,
  grant: Pick<Grant, "grantType">,
  endpoint: TokenEndpoint,
  { attempt, total, room, scheduler, rest, replay, maySend }: Persistence,
): Promise<TokenOutcome & { readonly lost: boolean }> {
  let [replayed, lost] = [false, false];
  for (let tries = 1; ; tries += 1) {
    // An answer to a code or a refresh token may be the only copy of the next token: only the total
    // deadline cuts it off.
    const deadline = createDeadline(
      isMint(grant) ? Math.min(attempt, total.left()) : total.left(),
      scheduler,
    );
    deadline.keepAlive(false); // The total deadline does, if somebody waits.
    const answer = await sendTokenRequest(
      request,
      grant.grantType,
      endpoint,
      deadline.signal,
    ).finally(deadline.clear);
    lost ||= "error" in answer && isAmbiguous(answer.error);
    const outcome = { ...answer, lost };
    if ("token" in outcome || tries === ATTEMPTS) return outcome;
    const pause = pauseAfter(
      outcome.error,
      grant,
      tries,
      replayed || !replay,
      endpoint.now,
      scheduler,
    );
    if (pause === undefined || pause >= total.left()) return outcome;
    if (!isMint(grant) && total.left() - pause < room) return outcome;
    replayed ||= pause === 0;
    if (pause > 0) await rest(pause);
    if (grant.grantType === "refresh_token" && !maySend()) return outcome;
  }
}

/** ms before the next attempt; undefined: there is none. */
function pauseAfter(
  error: CorrigendaError,
  grant: Pick<Grant, "grantType">,
  tries: number,
  replayed: boolean,
  now: () => number,
  scheduler: Scheduler,
): number | undefined {
  const neverConnected = error instanceof NetworkError && !error.maybeReceived;
  if (grant.grantType === "authorization_code" && !neverConnected) return undefined;
  // Where nothing is replayed, a 503 is a lost answer, though it says when to come back.
  if (grant.grantType === "refresh_token" && replayed && isAmbiguous(error)) return undefined;
  if (error instanceof RateLimitError) return Math.max(1, (error.retryAt ?? Infinity) - now());
  if (!error.retryable || !(error instanceof NetworkError || error instanceof ServerError))
    return undefined;
  if (isMint(grant) || neverConnected) return 1 + scheduler.random() * BACKOFF * 2 ** (tries - 1);
  // Whether the refresh token was used up is not known: one replay, at once.
  return replayed ? undefined : 0;
}

/** Any 5xx, a cut, or an answer that nobody can read: the vendor may have acted before. */
const isAmbiguous = (error: CorrigendaError): boolean =>
  error instanceof ServerError ||
  error instanceof ContractError ||
  (error instanceof RateLimitError && error.status === 503) ||
  (error instanceof NetworkError && error.maybeReceived);
