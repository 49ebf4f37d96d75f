/** Exchanges an authorization code for a token (RFC 6749 4.1.3). */
import { createDeadline } from "../platform/deadline.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import type { Grant } from "../provider.ts";
import type { Reveal } from "../secret.ts";
import type { Token } from "../token.ts";
import { createKnownSecrets } from "./known-secrets.ts";
import { prepareAll } from "./prepared-requests.ts";
import type { TokenEndpoint } from "./token-request.ts";
import { sendWithRetries } from "./token-retry.ts";

/**
 * Sends an authorization code. The code is sent again only if no connection was made (rule T-13).
 * The functions that give secrets share the deadline of the request.
 * @param grant makes the token request
 * @throws CorrigendaError
 */
export async function exchangeCode(
  grant: Pick<Grant, "request">,
  reveal: Reveal,
  client: TokenEndpoint,
  { timeouts, scheduler }: ExchangeOptions,
): Promise<Token> {
  const deadline = createDeadline(timeouts.total, scheduler);
  // Anybody can send codes to a callback, and a code is worthless after its exchange. So codes are
  // kept in a set of their own: many of them must not push other secrets out of the client's set.
  const endpoint = { ...client, secrets: createKnownSecrets(client.secrets) };
  try {
    const prepared = (await prepareAll([grant], endpoint, reveal, deadline)).take(0);
    const outcome = await sendWithRetries(prepared, { grantType: "authorization_code" }, endpoint, {
      timeouts,
      deadline,
      scheduler,
      rest: (ms) => new Promise((resolve) => void scheduler.after(ms, resolve)),
      replay: false,
      mayResend: () => true,
    });
    if ("token" in outcome) return outcome.token;
    throw outcome.error;
  } finally {
    deadline.clear();
  }
}

interface ExchangeOptions {
  /** Deadlines in ms: `attempt` for one attempt, `total` for all attempts together. */
  readonly timeouts: { readonly attempt: number; readonly total: number };
  readonly scheduler: Scheduler;
}
