import { requireWithin } from "./closing.ts";
import { ClosedError, ConfigurationError } from "../errors.ts";
import { requireTokenOptions } from "../parts/check-options.ts";
import type { Runtime } from "../client/options.ts";
import { type Secret } from "../secret.ts";
import { revealWithin } from "../http/reveal-secret.ts";
import type { TokenSource } from "../token-source.ts";
import { B64TOKEN } from "../parts/parse-token.ts";

/**
 * A token made by hand. It cannot be renewed; one that comes from a function is asked for again
 * with every call.
 */
export function createStaticTokenSource(
  provider: string,
  secret: Secret,
  { now, timeouts, scheduler }: Pick<Runtime, "now" | "timeouts" | "scheduler">,
): TokenSource {
  let closed = false;
  return {
    getToken: async (options) => {
      const { signal } = requireTokenOptions(options);
      if (closed)
        throw new ClosedError({ provider, message: `${provider}: the client was closed.` });
      const accessToken = await revealWithin(secret, "token", {
        provider,
        within: timeouts.total,
        scheduler,
        signal,
      });
      if (!B64TOKEN.test(accessToken)) {
        throw new ConfigurationError({
          option: "token",
          message:
            "Option `token` holds a character that does not belong in a bearer token, such as a space or a line break.",
        });
      }
      return { accessToken, tokenType: "Bearer", issuedAt: now() };
    },
    explain: async () => ({
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
    }),
    reset: () => undefined,
    close: async (options) => {
      requireWithin(options);
      closed = true;
    },
  };
}
