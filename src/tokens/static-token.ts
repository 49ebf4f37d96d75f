/** A token that a person made by hand. It cannot be renewed. */
import { ClosedError } from "../errors.ts";
import { revealWithin } from "../http/reveal-secret.ts";
import { refuseOption } from "../parts/check-options.ts";
import { B64TOKEN } from "../parts/parse-token.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import type { Secret } from "../secret.ts";
import type { Explanation, GetTokenOptions } from "../token-source.ts";
import type { Token } from "../token.ts";

interface Settings {
  /** The provider's name. */
  readonly provider: string;
  /** A token that comes from a function is asked for again with every call. */
  readonly secret: Secret;
  /** Epoch ms. */
  readonly now: () => number;
  /** `total`: ms that the function may take. */
  readonly timeouts: { readonly total: number };
  readonly scheduler: Scheduler;
}

export class StaticTokenSource {
  readonly pending = false;
  readonly #settings: Settings;
  #closed = false;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async getToken({ signal }: GetTokenOptions = {}): Promise<Token> {
    const { provider, secret, now, timeouts, scheduler } = this.#settings;
    if (this.#closed)
      throw new ClosedError({ provider, message: `${provider}: the client was closed.` });
    const within = { provider, within: timeouts.total, scheduler, signal };
    const accessToken = await revealWithin(secret, "token", within);
    if (!B64TOKEN.test(accessToken))
      refuseOption(
        "token",
        "holds a character that does not belong in a bearer token, such as a space or a line break.",
      );
    return { accessToken, tokenType: "Bearer", issuedAt: now() };
  }

  explain(): Explanation {
    const { provider, secret, now } = this.#settings;
    return {
      key: provider,
      inFlight: false,
      rotationInDoubt: false,
      replays: 0,
      closed: this.#closed,
      token: {
        source: "static",
        state: "fresh",
        issuedAt: now(),
        age: 0,
        renewable: typeof secret === "function",
        saved: false,
      },
    };
  }

  reset(): void {
    // There is no failure to forget.
  }

  async finish(): Promise<void> {
    this.#closed = true;
  }
}
