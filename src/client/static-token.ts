/** A token that a person made by hand. It cannot be renewed. */
import { ClosedError } from "../errors.ts";
import { revealWithin } from "../http/reveal-secret.ts";
import { refuseOption, requireTokenOptions } from "../parts/check-options.ts";
import { B64TOKEN } from "../parts/parse-token.ts";
import type { Secret } from "../secret.ts";
import type { TokenSource } from "../token-source.ts";
import { requireWithin } from "./closing.ts";
import type { Runtime } from "./options.ts";

/**
 * Makes the token source of a token that a person made by hand.
 * @param secret a token that comes from a function is asked for again with every call
 */
export function createStaticTokenSource(
  provider: string,
  secret: Secret,
  { now, timeouts, scheduler, checkClock }: Runtime,
): TokenSource {
  let closed = false;
  return {
    async getToken(options) {
      checkClock();
      const { signal } = requireTokenOptions(options);
      if (closed)
        throw new ClosedError({ provider, message: `${provider}: the client was closed.` });
      const within = { provider, within: timeouts.total, scheduler, signal };
      const accessToken = await revealWithin(secret, "token", within);
      if (!B64TOKEN.test(accessToken))
        refuseOption(
          "token",
          "holds a character that does not belong in a bearer token, such as a space or a line break.",
        );
      return { accessToken, tokenType: "Bearer", issuedAt: now() };
    },
    async explain() {
      checkClock();
      return {
        key: provider,
        inFlight: false,
        rotationInDoubt: false,
        replays: 0,
        closed,
        token: {
          source: "static",
          state: "fresh",
          issuedAt: now(),
          age: 0,
          renewable: typeof secret === "function",
          saved: false,
        },
      };
    },
    reset() {
      // There is no failure to forget.
    },
    async close(options) {
      requireWithin(options);
      closed = true;
    },
  };
}
