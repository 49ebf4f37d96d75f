import type { CorrigendaError } from "./errors.ts";

/** What a client reports through `onEvent`. No event holds a secret. `expiresAt` is epoch ms. */
export type ClientEvent = Readonly<
  { provider: string } & (
    | { type: "token_issued"; grant: string; expiresAt?: number }
    | { type: "token_renewed"; grant: string; expiresAt?: number }
    /**
     * The answer told no expiry, or none that can be read: the token is used until the vendor
     * refuses it.
     */
    | { type: "expiry_unknown"; grant: string }
    /** `error.retryAt` and `error.retryable` say what comes next. */
    | { type: "renewal_failed"; error: CorrigendaError }
    /**
     * The vendor refused the credentials; no further request until they change, `reset()`, or
     * `until` (epoch ms).
     */
    | { type: "latched"; error: CorrigendaError; until: number }
    | { type: "reauthorization_required"; error: CorrigendaError }
    /**
     * A refresh token that another process had sent was sent once more, since that one died
     * (`owner_dead`) or gave no sign of life for so long (`owner_silent`): it may have been used
     * up, and the next answer tells.
     */
    | { type: "rotation_replayed"; reason: "owner_dead" | "owner_silent" }
    /** The session was revoked at the vendor, and forgotten here. */
    | { type: "revoked" }
    /**
     * It is not certain that the vendor revoked the session. `forgotten`: it was forgotten here all
     * the same, as `revoke({ forget: true })` asks.
     */
    | { type: "revocation_failed"; error: CorrigendaError; forgotten: boolean }
    /**
     * The token is in memory only. It is written again with the next call, and of its own accord
     * (docs/rotation.md).
     */
    | { type: "persist_failed"; error: CorrigendaError }
  )
>;

export type OnEvent = (event: ClientEvent) => void;

/** Name of the `diagnostics_channel` that every event is published on. */
export const CHANNEL = "corrigenda:event";

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/**
 * Held for good: Node 20 loses the subscribers of a channel that was looked up, collected and then
 * subscribed to, since the old one's finalizer deletes the new one by its name.
 */
let channel: Channel | undefined;

/**
 * Publishes on Node's diagnostics channel, where there is one. A subscriber that throws is reported
 * by Node, not to us.
 */
export function publish(event: ClientEvent): void {
  // Not imported, so that the package loads where there is no such module.
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => { channel(name: string): Channel } | undefined };
  };
  try {
    channel ??= process?.getBuiltinModule?.("node:diagnostics_channel")?.channel(CHANNEL);
    if (channel?.hasSubscribers) channel.publish(event);
  } catch {
    // A platform that asks for a permission: an event must not cost a token.
  }
}
