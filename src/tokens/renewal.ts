/** The token of one credential in memory, and the renewals that replace it (T-06 to T-10, T-16). */
import {
  CorrigendaError,
  CredentialsError,
  ReauthorizationRequiredError,
  type StoreError,
} from "../errors.ts";
import type { ClientEvent } from "../events.ts";
import type { Deadline } from "../platform/deadline.ts";
import type { Grant } from "../provider.ts";
import { freshness, type Token } from "../token.ts";
import type { Explanation } from "../token-source.ts";
import { explainFailure, explainToken } from "./explanation.ts";
import { HeldToken } from "./held-token.ts";
import { Forbidden, Latch } from "./latch.ts";
import type { RenewalSettings, TokenSourceSettings } from "./renewal-settings.ts";
import { RenewalSteps } from "./renewal-steps.ts";
import type { RenewalEnvironment, Renewed, Renewer } from "./renewer.ts";
import { startRenewal, type OngoingRenewal } from "./single-flight.ts";
import { CredentialRecord } from "./token-record.ts";

/** ms for which refused credentials are not sent: a locked account may be unlocked by then. */
const LATCH = 15 * 60_000;

type WithoutProvider<E> = E extends unknown ? Omit<E, "provider"> : never;

/** What the token source wants to be told. */
interface Listener {
  /** A renewal has ended, or a save that took longer than its renewal. */
  readonly onEnd: () => void;
  readonly onSaveFailed: () => void;
}

export class TokenRenewal {
  readonly held: HeldToken;
  readonly latch: Latch;
  readonly record: CredentialRecord;
  readonly renewer: Renewer;
  readonly #settings: TokenSourceSettings;
  readonly #listener: Listener;
  /** What the `RenewalSteps` of each renewal are given. */
  readonly #stepSettings: RenewalSettings;
  /** The names of the grants that brought a token. */
  readonly #worked = new Set<string>();
  /** The renewal under way. There is one at a time (rule T-07). */
  ongoing: OngoingRenewal | undefined;
  #lastFailure: Explanation["lastFailure"] | undefined;
  #rotationInDoubt = false;
  #replays = 0;
  /**
   * Set by `reset`: permits one try although an earlier refusal or a lost answer forbids it. Each
   * `reset` sets a new object, so that a renewal can tell whether `reset` was called meanwhile.
   */
  #afresh: object | undefined;
  /** The refresh token that was refused last, where a login followed. It is not sent again. */
  #refusedRefreshToken: string | undefined;

  constructor(settings: TokenSourceSettings, listener: Listener) {
    const { now, store, key, login } = settings;
    this.#settings = settings;
    this.#listener = listener;
    this.held = new HeldToken(now);
    this.latch = new Latch(now);
    const report = (error: StoreError): void => {
      listener.onSaveFailed();
      this.#emit({ type: "persist_failed", error });
    };
    this.record = new CredentialRecord({ store, key, login, report });
    const onReplay: RenewalEnvironment["onReplay"] = (reason) => {
      this.#replays += 1;
      this.#emit({ type: "rotation_replayed", reason });
    };
    this.renewer = settings.createRenewer(this.record, { ...settings, onReplay });
    this.#stepSettings = {
      ...settings,
      record: this.record,
      renewer: this.renewer,
      latch: this.latch,
      grantsFor: (token) => this.#grantsFor(token),
      onRefusal: (error, fingerprint, until) => this.#noteRefusal(error, fingerprint, until),
      onDoubt: () => {
        this.#rotationInDoubt = true;
      },
      onLateSave: listener.onEnd,
    };
  }

  /** @param minTtl seconds for which the caller needs the token */
  start(minTtl: number | undefined): OngoingRenewal {
    const { timeouts, scheduler } = this.#settings;
    const run = (ongoing: OngoingRenewal, deadline: Deadline): Promise<Token> =>
      this.#renew(ongoing, deadline, minTtl);
    this.ongoing = startRenewal(timeouts.total, scheduler, run, () => {
      this.ongoing = undefined;
      this.#listener.onEnd();
    });
    return this.ongoing;
  }

  async #renew(
    flight: OngoingRenewal,
    deadline: Deadline,
    minTtl: number | undefined,
  ): Promise<Token> {
    const afresh = this.#afresh;
    const { current, refused } = this.held;
    const adopt = (stored: Token): Token | undefined => this.#adopt(stored, minTtl);
    try {
      const revealed = await this.#settings.credentials.reveal(deadline);
      const steps = new RenewalSteps(this.#stepSettings, {
        flight,
        deadline,
        revealed,
        state: { current, refused, adopt, afresh: afresh !== undefined },
        isRefused: (token) => token !== undefined && token === this.#refusedRefreshToken,
        onRefreshRefused: (token) => {
          this.#refusedRefreshToken = token;
        },
      });
      return this.#renewed(await this.renewer.renew(steps));
    } catch (error) {
      throw this.#failed(error, afresh);
    }
  }

  /** Takes the token into memory, after the attempt to save it (rule T-09). @returns the token */
  #renewed({ token, grant, previous, heldBack }: Renewed): Token {
    if (heldBack) {
      // The refused token is served all the same, until a renewal may be forced again.
      this.held.refused = undefined;
      this.take(token, "store");
    }
    if (grant) {
      this.#worked.add(grant.name);
      this.take(token, grant.grantType);
      this.announce(previous ? "token_renewed" : "token_issued", token);
    }
    return token;
  }

  /** @returns the error that callers get */
  #failed(error: unknown, afresh: object | undefined): unknown {
    if (error instanceof Forbidden) return error.error;
    const lost = this.#rotationInDoubt && !this.#settings.replay;
    // The try that `reset` permitted is used up. A `reset` meanwhile permits another one.
    if (this.#afresh === afresh && (error instanceof CredentialsError || lost))
      this.#afresh = undefined;
    if (error instanceof CorrigendaError) {
      this.#lastFailure = explainFailure(error, this.#settings.now());
      this.#emit({ type: "renewal_failed", error });
    }
    return error;
  }

  /** Serves what another client stored, unless it is about to expire as well. */
  #adopt(stored: Token, minTtl: number | undefined): Token | undefined {
    const known = stored.accessToken === this.held.current?.accessToken;
    if (known || !this.held.isUsable(stored) || this.record.hasUnsaved) return undefined;
    this.take(stored, "store");
    const ends = freshness(stored, this.#settings.now(), 0, minTtl) === "hard";
    return ends ? undefined : stored;
  }

  /** @param origin `store`, or the grant type that brought the token */
  take(token: Token, origin: string): void {
    const { onToken, scheduler } = this.#settings;
    onToken(token);
    this.held.take(token, origin, scheduler.random());
    this.#rotationInDoubt = false;
    if (origin === "store") return; // It proves nothing about the credentials of this client.
    this.latch.clear();
    this.#afresh = undefined;
  }

  announce(type: "token_issued" | "token_renewed", { expiresAt }: Token): void {
    const grant = this.held.origin;
    this.#emit({ type, grant, ...(expiresAt === undefined ? {} : { expiresAt }) });
    if (expiresAt === undefined) this.#emit({ type: "expiry_unknown", grant });
  }

  #grantsFor(token: Token | undefined): readonly Grant[] {
    const worked = (grant: string): boolean => this.#worked.has(grant);
    return this.#settings.grantsFor({ refreshToken: token?.refreshToken, worked });
  }

  #noteRefusal(
    error: CorrigendaError,
    fingerprint: string,
    until = this.#latchedUntil(error),
  ): number | undefined {
    const latched = this.latch.note(error, fingerprint, until);
    if (latched) this.#emit({ type: "latched", error, until });
    if (error instanceof ReauthorizationRequiredError)
      this.#emit({ type: "reauthorization_required", error });
    return latched ? until : undefined;
  }

  /**
   * The end of the latch after a refusal, epoch ms. It is at most the expiry of a token that still
   * works: some vendors refuse a renewal only because it comes early, although the credentials are
   * good (rule T-10). That does not apply to a ReauthorizationRequiredError.
   */
  #latchedUntil(error: CorrigendaError): number {
    const { current } = this.held;
    const longest = this.#settings.now() + LATCH;
    if (!this.held.isUsable(current) || error instanceof ReauthorizationRequiredError)
      return longest;
    return Math.min(longest, current.expiresAt ?? Infinity);
  }

  reset(): void {
    this.held.reset(this.record.unsaved);
    this.latch.clear();
    this.#lastFailure = undefined;
    this.#rotationInDoubt = false;
    this.#afresh = {};
    this.#worked.clear();
  }

  explain(): Omit<Explanation, "closed"> {
    const { key } = this.#settings;
    const { current } = this.held;
    const state = {
      now: this.#settings.now(),
      jitter: this.held.jitter,
      source: this.held.origin,
      refused: current?.accessToken === this.held.refused?.accessToken,
      renewable: this.#grantsFor(current).length > 0,
      saved: !this.record.hasUnsaved,
    };
    return {
      key,
      inFlight: this.ongoing !== undefined,
      rotationInDoubt: this.#rotationInDoubt,
      replays: this.#replays,
      ...this.latch.explain(),
      ...(this.#lastFailure ? { lastFailure: this.#lastFailure } : {}),
      ...(current ? { token: explainToken(current, state) } : {}),
    };
  }

  #emit(event: WithoutProvider<ClientEvent>): void {
    this.#settings.emit({ ...event, provider: this.#settings.provider });
  }
}
