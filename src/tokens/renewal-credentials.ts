/**
 * The credentials of one client, as its renewals use them. Each renewal reveals each credential
 * once and then uses that same value throughout, since a vault may give another value at each call
 * (rule T-07).
 */
import { createReveal, secretIsLate } from "../http/reveal-secret.ts";
import { prepareAll } from "../http/prepared-requests.ts";
import type { PreparedRequest, TokenEndpoint } from "../http/token-request.ts";
import { withSignal, type Deadline } from "../platform/deadline.ts";
import { sha256 } from "../platform/encoding.ts";
import type { Connection, Grant } from "../provider.ts";
import type { Reveal } from "../secret.ts";
import { bindingKeyOf, type BindingKey } from "./binding.ts";

/** The requests of one renewal, ready to be sent, and what identifies the secrets in them. */
export interface PreparedGrants {
  /** @throws ConfigurationError if the request of this grant could not be prepared */
  take(index: number): PreparedRequest;
  /** A hash that identifies a set of credentials. It is kept in memory only (rule T-07). */
  readonly fingerprint: string;
  /** The name of these credentials in the shared latch; undefined if there is no shared latch. */
  readonly tag: string | undefined;
}

/** The credentials as one renewal has revealed them. */
export interface RevealedCredentials {
  /**
   * The `binding` (see `TokenRecord`) of the tokens that these credentials bring; undefined in a
   * store of the client's own, where nothing is bound.
   */
  readonly binding: string | undefined;
  /** @param refreshToken the stored one */
  prepare(grants: readonly Grant[], refreshToken: string | undefined): Promise<PreparedGrants>;
}

interface Settings {
  readonly endpoint: TokenEndpoint;
  readonly connection: Connection;
  /** The store key of the credentials. */
  readonly key: string;
  /** Whether records are bound, since the store is not the client's own. */
  readonly binds: boolean;
}

export class RenewalCredentials {
  readonly #settings: Settings;
  /**
   * The binding key of the credentials that were revealed last, or of a consent, whose credentials
   * were not revealed by a renewal.
   */
  bindingKey: BindingKey | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** @throws NetworkError with code `timeout`; the error of a function that gives a secret */
  async reveal(deadline: Deadline): Promise<RevealedCredentials> {
    const { connection, endpoint, key, binds } = this.#settings;
    const reveal = createReveal(connection.credentials, endpoint.secrets.addCredentials);
    const bindingKey = binds ? await this.#bind(reveal, deadline) : undefined;
    return {
      binding: await bindingKey?.bindingOf(key),
      prepare: (grants, refreshToken) =>
        this.#prepare(grants, refreshToken, { reveal, bindingKey, deadline }),
    };
  }

  /**
   * Derives the binding key. If a vault fails that worked before, the earlier key is used, since
   * this client did have the credentials.
   */
  async #bind(reveal: Reveal, { signal }: Deadline): Promise<BindingKey> {
    const { connection, endpoint } = this.#settings;
    const { name } = endpoint.provider;
    const known = this.bindingKey;
    // The key is kept even if the vault answers after the deadline.
    const derived = bindingKeyOf(name, connection, reveal).then(
      (bindingKey) => (this.bindingKey = bindingKey),
      (error: unknown) => {
        if (known) return known;
        throw error;
      },
    );
    try {
      return await withSignal(derived, signal);
    } catch (error) {
      throw signal.aborted ? secretIsLate(name) : error;
    }
  }

  async #prepare(
    grants: readonly Grant[],
    refreshToken: string | undefined,
    {
      reveal,
      bindingKey,
      deadline,
    }: { reveal: Reveal; bindingKey: BindingKey | undefined; deadline: Deadline },
  ): Promise<PreparedGrants> {
    const { endpoint, key } = this.#settings;
    const prepared = await prepareAll(grants, endpoint, reveal, deadline);
    const refreshes = grants.some(({ grantType }) => grantType === "refresh_token");
    const sent = refreshes ? (refreshToken ?? null) : null;
    const values = await this.#values(reveal, deadline);
    const identifying = values ? [values, prepared.apiKeys, sent] : prepared.secrets;
    return {
      take: prepared.take,
      fingerprint: await sha256(JSON.stringify(identifying)),
      tag: await bindingKey?.tagOf("latch", key, prepared.apiKeys, sent),
    };
  }

  /**
   * The values of the credentials themselves. The secrets of the request cannot be used for this: a
   * signed assertion differs in each request, so its refusal would never be recognized (T-10).
   * Undefined if the provider does not name its credentials.
   */
  async #values(reveal: Reveal, { signal }: Deadline): Promise<(string | null)[] | undefined> {
    const { connection, endpoint } = this.#settings;
    if (!connection.credentials) return undefined;
    const revealing = Object.keys(connection.credentials).sort().map(reveal);
    const settled = await withSignal(Promise.allSettled(revealing), signal).catch(() => {
      throw secretIsLate(endpoint.provider.name);
    });
    return settled.map((value) => (value.status === "fulfilled" ? value.value : null));
  }
}
