import type { CorrigendaError } from "./errors.ts";

/**
 * What a client reports through `onEvent`, and on the diagnostics channel `corrigenda:event`. No
 * event holds a secret. `expiresAt` and `until` are in epoch ms.
 */
export type ClientEvent = Readonly<
  { provider: string } & (
    | { type: "token_issued"; grant: string; expiresAt?: number }
    | { type: "token_renewed"; grant: string; expiresAt?: number }
    /**
     * The response has no expiry that can be read. The token is used until the vendor refuses it.
     */
    | { type: "expiry_unknown"; grant: string }
    /** `error.retryable` and `error.retryAt` tell whether and when the renewal is tried again. */
    | { type: "renewal_failed"; error: CorrigendaError }
    /**
     * The vendor refused the credentials. No token request is sent before `until`, unless the
     * credentials change or `auth.reset()` is called.
     */
    | { type: "latched"; error: CorrigendaError; until: number }
    /** The vendor refused the refresh token. A person has to give consent again. */
    | { type: "reauthorization_required"; error: CorrigendaError }
    /**
     * Another process sent the refresh token and did not save a response. Now this process sends it
     * again, because the other process ended (`owner_dead`) or gave no sign of life for too long
     * (`owner_silent`). The vendor may refuse the refresh token as used.
     */
    | { type: "rotation_replayed"; reason: "owner_dead" | "owner_silent" }
    /** The vendor revoked the session, and its token was deleted here. */
    | { type: "revoked" }
    /**
     * It is not certain that the vendor revoked the session. `forgotten`: the token was deleted
     * here all the same, because of `revoke({ forget: true })`.
     */
    | { type: "revocation_failed"; error: CorrigendaError; forgotten: boolean }
    /**
     * The new token could not be saved, and is in memory only. The client tries again to save it,
     * with the next call and after a while (docs/rotation.md).
     */
    | { type: "persist_failed"; error: CorrigendaError }
  )
>;

/** Receives the events of a client. */
export type OnEvent = (event: ClientEvent) => void;

/**
 * Name of the channel of `node:diagnostics_channel` on which every event of every client is
 * published.
 * @example
 * ```ts
 * diagnostics_channel.subscribe(CHANNEL, (event) => log(event));
 * ```
 */
export const CHANNEL = "corrigenda:event";

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/**
 * The channel is never released. Node 20 would lose its subscribers: when a channel is
 * garbage-collected, its finalizer deletes the entry of its name, which may be a newer channel.
 */
let channel: Channel | undefined;

/**
 * Publishes an event on Node's diagnostics channel, if there is one. Node itself reports a
 * subscriber that throws.
 */
export function publish(event: ClientEvent): void {
  // An import would keep the package from loading on platforms without this module.
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => { channel(name: string): Channel } | undefined };
  };
  try {
    channel ??= process?.getBuiltinModule?.("node:diagnostics_channel")?.channel(CHANNEL);
    if (channel?.hasSubscribers) channel.publish(event);
  } catch {
    // Some platforms require a permission. The token does not depend on the event.
  }
}
