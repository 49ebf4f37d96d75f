/** The token of a person: a consent brings it, and a revocation ends it (rule T-17). */
import { keepAliveDuring } from "../platform/deadline.ts";
import type { Token } from "../token.ts";
import type { BindingKey } from "./binding.ts";
import type { TokenSourceSettings } from "./renewal-settings.ts";
import { pauseAfter } from "./renewer.ts";
import { RenewableTokenSource } from "./token-source.ts";

export class GrantedSource extends RenewableTokenSource {
  readonly #settings: TokenSourceSettings;
  /**
   * The object that callers hold. It stays alive as long as this source is busy, so that a pool
   * finds it again.
   */
  holder: object | undefined;

  constructor(settings: TokenSourceSettings) {
    super(settings);
    this.#settings = settings;
  }

  /** Takes over a token that a consent brought, in place of what is stored. */
  adopt(token: Token, grantType: string, bindingKey: BindingKey | undefined): Promise<void> {
    const { key, credentials } = this.#settings;
    const { held, record } = this.renewal;
    return this.#alone(async () => {
      credentials.bindingKey = bindingKey ?? credentials.bindingKey;
      await record.save(token, "consent", await bindingKey?.bindingOf(key));
      held.refused = undefined;
      this.renewal.take(token, grantType);
      this.renewal.announce("token_issued", token);
    });
  }

  /** Forgets the token, stored or not. @throws StoreError */
  forget(): Promise<void> {
    const { key, credentials } = this.#settings;
    const { held, record } = this.renewal;
    return this.#alone(async () => {
      held.current = held.refused = undefined;
      const binding = await credentials.bindingKey?.bindingOf(key);
      await this.#exclusively(() => record.discard(binding));
    });
  }

  /**
   * Does the work while no other client renews the token. If another client takes too long, the
   * work is done nevertheless.
   */
  async #exclusively(work: () => Promise<void>): Promise<void> {
    const { timeouts, scheduler, leases } = this.#settings;
    const { renewer } = this.renewal;
    await keepAliveDuring(timeouts.total, scheduler, async (deadline) => {
      for (let looks = 0; !(await renewer.take()) && deadline.left() > 0; looks += 1) {
        const pause = pauseAfter(looks, leases.poll, scheduler);
        await new Promise<void>((resolve) => void scheduler.after(pause, resolve));
      }
      await work();
    }).finally(() => renewer.end());
  }

  /** Runs alone: after the renewal under way, and before any other. */
  async #alone(run: () => Promise<void>): Promise<void> {
    while (this.exclusive) await this.exclusive;
    const before = this.renewal.ongoing?.wait(undefined).catch(() => undefined);
    const work = Promise.resolve(before).then(run);
    this.exclusive = work.catch(() => undefined);
    this.hold();
    await work.finally(() => {
      this.exclusive = undefined;
      this.settle();
    });
  }
}
