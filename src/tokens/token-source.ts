/**
 * The token of one credential, as callers see it: what is served, who waits for a renewal, and what
 * must not happen at the same time (rules T-05 to T-08, T-16 and T-20). `TokenRenewal` gets the
 * tokens.
 */
import { ClosedError, CorrigendaError, NetworkError } from "../errors.ts";
import { withSignal } from "../platform/deadline.ts";
import type { Explanation, GetTokenOptions } from "../token-source.ts";
import { freshness, type Token } from "../token.ts";
import { isWithin } from "./held-token.ts";
import type { TokenSourceSettings } from "./renewal-settings.ts";
import { TokenRenewal } from "./renewal.ts";
import { SAVE_PAUSE, SaveRetries } from "./save-retries.ts";
import type { OngoingRenewal } from "./single-flight.ts";

/** ms. The shortest time between two renewals in the background (rule T-06). */
const SOFT_RETRY = 30_000;

/**
 * Keeps sources from garbage collection while a request is under way or a token is in memory only,
 * even if no other object refers to them. Otherwise a second source for the same key would send the
 * same refresh token again.
 */
const busy = new Set<RenewableTokenSource>();

export class RenewableTokenSource {
  readonly #settings: TokenSourceSettings;
  protected readonly renewal: TokenRenewal;
  readonly #saves: SaveRetries;
  /** When a save failed last, epoch ms. */
  #saveFailedAt = -Infinity;
  /** A consent or a revocation is being written. Nobody is served meanwhile. */
  protected exclusive: Promise<unknown> | undefined;
  #closed = false;
  #ending: Promise<void> | undefined;
  /** `finish` has made its last attempt to save the token. */
  #ended = false;
  constructor(settings: TokenSourceSettings) {
    this.#settings = settings;
    this.renewal = new TokenRenewal(settings, {
      onEnd: () => this.settle(),
      onSaveFailed: () => this.#saveFailed(),
    });
    this.#saves = new SaveRetries(settings.scheduler, () => this.#flush());
  }

  /** @throws CorrigendaError; the signal's reason when it aborts */
  async getToken({ rejected, minTtl, signal }: GetTokenOptions = {}): Promise<Token> {
    const { held, record } = this.renewal;
    this.#requireOpen();
    signal?.throwIfAborted();
    if (this.exclusive) await this.#waitForExclusive(signal);
    const stillServed = rejected && held.reject(rejected);
    if (stillServed) return stillServed;
    const saveSoon = record.hasUnsaved && !this.renewal.ongoing;
    if (saveSoon && !this.#isWithin(SAVE_PAUSE, this.#saveFailedAt)) this.#flush();
    for (let overslept = false; ;) {
      const token = this.#serve(minTtl) ?? (await this.#wait(minTtl, signal));
      const stale = token && freshness(token, this.#settings.now()) === "stale";
      if (token && !stale) return token;
      // The process was frozen for longer than the token lives. That is no fault of the vendor, and
      // the next renewal has a new deadline.
      if (stale && overslept) throw this.#oversleptError();
      overslept ||= stale === true;
      await this.#waitForExclusive(signal);
      this.#requireOpen();
    }
  }

  /** Waits for a consent or a revocation that is being written. */
  async #waitForExclusive(signal: GetTokenOptions["signal"]): Promise<void> {
    while (this.exclusive) await withSignal(this.exclusive, signal);
  }

  /**
   * The token in memory, unless the caller has to wait for a new one. A `soft` token (`Freshness`)
   * is renewed in the background.
   */
  #serve(minTtl: number | undefined): Token | undefined {
    const { held, latch } = this.renewal;
    const { background, now } = this.#settings;
    const state = held.freshness(minTtl);
    if (state !== "fresh" && state !== "soft") return undefined;
    const recent = this.#isWithin(SOFT_RETRY, held.softFailedAt);
    const due = state === "soft" && !this.renewal.ongoing && !recent && !latch.isLimited;
    if (due)
      this.#start(undefined).result.catch(() => {
        held.softFailedAt = now();
      });
    const { ongoing } = this.renewal;
    // Where the platform may freeze the process, nothing runs in the background: the caller waits.
    if (ongoing && !background) return undefined;
    if (due && ongoing) background?.(ongoing.result.catch(() => undefined));
    return held.current;
  }

  /**
   * Waits for the renewal under way, or starts one.
   * @returns undefined if the renewal under way brought a token that ends too soon for this caller
   */
  async #wait(
    minTtl: number | undefined,
    signal: GetTokenOptions["signal"],
  ): Promise<Token | undefined> {
    const { held } = this.renewal;
    try {
      const joined = this.renewal.ongoing;
      const token = await (joined ?? this.#start(minTtl)).wait(signal);
      const { now } = this.#settings;
      const tooShort = minTtl !== undefined && freshness(token, now(), 0, minTtl) === "hard";
      return joined && tooShort ? undefined : token;
    } catch (error) {
      // A `hard` token (`Freshness`) still works. It is served although the renewal failed, unless
      // the caller needs it for longer.
      const { current } = held;
      if (minTtl === undefined && held.isUsable(current) && error instanceof CorrigendaError)
        return current;
      throw error;
    }
  }

  #start(minTtl: number | undefined): OngoingRenewal {
    this.hold();
    return this.renewal.start(minTtl);
  }

  /** Keeps the source from garbage collection until `settle` finds no work left. */
  protected hold(): void {
    busy.add(this);
  }

  /** Is called when any work has ended. Lets the source go if no work is left. */
  protected settle(): void {
    const unsaved = this.renewal.record.hasUnsaved && !this.#ended;
    if (!unsaved) this.#saves.stop();
    if (this.renewal.ongoing || this.exclusive || unsaved) return;
    busy.delete(this);
    void this.renewal.renewer.end();
  }

  #flush(): void {
    void this.renewal.record.flush().finally(() => this.settle());
  }

  #saveFailed(): void {
    this.#saveFailedAt = this.#settings.now();
    // A closed source makes its last attempt to save in `#end`.
    if (this.renewal.record.hasUnsaved && !this.#closed) this.#saves.schedule();
  }

  /** What is known of the token, without any secret. */
  explain(): Explanation {
    return { ...this.renewal.explain(), closed: this.#closed };
  }

  reset(): void {
    this.renewal.reset();
  }

  /** Whether a request or a save is under way, or a token is in memory only. */
  get pending(): boolean {
    const { ongoing, record } = this.renewal;
    return ongoing !== undefined || this.exclusive !== undefined || record.hasUnsaved;
  }

  /** Ends the source, however long that takes. Keeps no process alive. @throws StoreError */
  finish(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#closed = true;
    while (this.renewal.ongoing ?? this.exclusive)
      await (this.renewal.ongoing?.result.catch(() => undefined) ?? this.exclusive);
    const failure = await this.renewal.record.flush();
    this.#ended = true;
    this.settle();
    await this.renewal.renewer.end();
    if (failure)
      throw failure.copy((details) => ({
        ...details,
        message: `${details.message} The newest token is not saved, and is lost with this client.`,
      }));
  }

  #isWithin(span: number, at: number): boolean {
    return isWithin(span, at, this.#settings.now());
  }

  #requireOpen(): void {
    const { provider } = this.#settings;
    if (this.#closed)
      throw new ClosedError({ provider, message: `${provider}: the client was closed.` });
  }

  #oversleptError(): NetworkError {
    const { provider } = this.#settings;
    return new NetworkError({
      provider,
      code: "timeout",
      message: `${provider}: twice, the new token had expired before it could be used. Try again.`,
    });
  }
}
