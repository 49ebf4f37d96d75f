/** Revokes a session at Petje.af, by a call that the vendor does not document. Erratum PJ-12. */
import { createDeadline } from "../../platform/deadline.ts";
import type { paths } from "../../../generated/petjeaf.ts";
import type { ApiClient } from "../../client/create-client.ts";
import {
  ClosedError,
  ConfigurationError,
  CorrigendaError,
  NetworkError,
  ReauthorizationRequiredError,
  ServerError,
} from "../../errors.ts";
import type { OnEvent } from "../../events.ts";
import { namesOf, requireKnown } from "../../parts/option-names.ts";
import { requireObject } from "../../parts/check-options.ts";
import type { Scheduler } from "../../platform/scheduler.ts";
import type { GrantedTokenSource } from "../../client/granted-token-source.ts";

/** Options of `PetjeafAuth.revoke`. */
export interface RevokeOptions {
  /**
   * Forgets the session here even if the vendor does not confirm the revocation.
   * @defaultValue false
   */
  readonly forget?: boolean | undefined;
}

interface Session {
  readonly client: Pick<ApiClient<paths>, "fetch" | "toError">;
  readonly source: GrantedTokenSource;
  readonly emit: OnEvent;
  readonly scheduler: Scheduler;
  /** `total`: ms until the vendor has to answer, as for a token request. */
  readonly timeouts: { readonly total: number };
}

const provider = "petjeaf";
const OPTIONS = namesOf<RevokeOptions>({ forget: true });

/**
 * Revokes the token at the vendor, and forgets it here.
 * @throws CorrigendaError; the event `revocation_failed` carries the same error
 */
export async function revoke(session: Session, options: RevokeOptions = {}): Promise<void> {
  const { source, emit } = session;
  const forget = requireForget(options);
  const tell = (error: CorrigendaError, forgotten: boolean): void =>
    emit({ provider, type: "revocation_failed", error, forgotten });
  const failure = await revokeAtVendor(session);
  if (failure && !forget) {
    const error = withWords(
      failure,
      `${outcomeOf(failure)} The session is kept; \`revoke({ forget: true })\` forgets it here.`,
    );
    tell(error, false);
    throw error;
  }
  try {
    await source.forget();
  } catch (cause) {
    if (!(cause instanceof CorrigendaError)) throw cause;
    const error = withWords(
      cause,
      `${failure ? outcomeOf(failure) : "The token was revoked."} The session could not be forgotten here: revoke it again.`,
    );
    tell(error, false);
    throw error;
  }
  if (failure)
    tell(withWords(failure, `${outcomeOf(failure)} The session is forgotten here.`), true);
  else emit({ provider, type: "revoked" });
}

/** @returns the error if it is not certain that the token is revoked; undefined: it is revoked */
async function revokeAtVendor({
  client,
  source,
  scheduler,
  timeouts,
}: Session): Promise<CorrigendaError | undefined> {
  const deadline = createDeadline(timeouts.total, scheduler);
  try {
    const response = await client.fetch("/oauth2/tokens", {
      method: "DELETE",
      signal: deadline.signal,
    });
    // The client renews after a 401. A 401 that is still returned means that the token is dead.
    const closed = response.status === 401 && (await source.explain()).closed;
    if (response.ok || (response.status === 401 && !closed)) {
      response.body?.cancel().catch(() => undefined);
      return undefined;
    }
    const error: unknown = await response.json().catch(() => undefined);
    return closed
      ? new ClosedError({
          provider,
          status: response.status,
          message: `${provider}: the client was closed while the token was being revoked, and the vendor refused the token (401).`,
        })
      : client.toError({ error, response });
  } catch (error) {
    // A dead grant has no token left to revoke.
    if (error instanceof ReauthorizationRequiredError) return undefined;
    if (error instanceof CorrigendaError) return error;
    if (deadline.signal.aborted)
      return new NetworkError({
        provider,
        operation: "revokeToken",
        code: "timeout",
        message: `${provider}: revokeToken: The vendor did not answer in time.`,
      });
    throw error;
  } finally {
    deadline.clear();
  }
}

/** What is known about the token, for a message. */
function outcomeOf(failure: CorrigendaError): string {
  const received =
    failure instanceof NetworkError ? failure.maybeReceived : failure instanceof ServerError;
  if (received) return "It is not known whether the token was revoked.";
  // A 404 or 405 to a documented call could mean that the token is gone. This call is not
  // documented, so that the status may as well mean that there is no such call.
  const missing =
    failure.status === 404 || failure.status === 405
      ? " (no document of the vendor's names this call, which may not exist)"
      : "";
  return `The token was not revoked${missing}.`;
}

const withWords = (error: CorrigendaError, words: string): CorrigendaError =>
  error.copy((details) => ({ ...details, message: `${details.message} ${words}` }));

function requireForget(options: RevokeOptions): boolean {
  requireObject(options, "options");
  requireKnown(options, OPTIONS);
  const { forget = false } = options;
  if (typeof forget !== "boolean")
    throw new ConfigurationError({
      provider,
      option: "forget",
      message: "Option `forget` must be true or false.",
    });
  return forget;
}
