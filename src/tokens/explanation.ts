import type { CorrigendaError } from "../errors.ts";
import type { Explanation } from "../token-source.ts";
import { freshness, softWindow, type Token } from "../token.ts";

/** What is known of a token besides its own members. */
interface Standing {
  /** Epoch ms. */
  readonly now: number;
  readonly jitter: number;
  readonly source: string;
  readonly refused: boolean;
  readonly renewable: boolean;
  readonly saved: boolean;
}

export function explainToken(
  token: Token,
  { now, jitter, refused, ...rest }: Standing,
): NonNullable<Explanation["token"]> {
  const { issuedAt, expiresAt } = token;
  return {
    ...rest,
    state: refused ? "refused" : freshness(token, now, jitter),
    issuedAt,
    age: now - issuedAt,
    ...(expiresAt === undefined
      ? {}
      : { expiresAt, renewsAt: expiresAt - softWindow(token, jitter) }),
  };
}

/** @param at when the renewal failed, epoch ms */
export const explainFailure = (
  { kind, message, code, status }: CorrigendaError,
  at: number,
): NonNullable<Explanation["lastFailure"]> => ({
  at,
  kind,
  message,
  ...(code === undefined ? {} : { code }),
  ...(status === undefined ? {} : { status }),
});
