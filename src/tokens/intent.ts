/**
 * Intents: what a process writes into a record before it sends the record's refresh token. An
 * intent that stays there says that an answer may have been lost (rules T-13 and T-14).
 */
import { sha256 } from "../platform/encoding.ts";
import type { GateDecision, GateConditions, RecordAccess } from "./renewer.ts";
import type { Intent, TokenRecord } from "./token-store.ts";

const hashOf = ({ token }: TokenRecord): Promise<string> => sha256(token.refreshToken ?? "");

/** The intent in a record, if it was written for the refresh token that the record holds. */
export async function intentOf(record: TokenRecord | undefined): Promise<Intent | undefined> {
  const intent = record?.intent;
  return record && intent?.refreshTokenHash === (await hashOf(record)) ? intent : undefined;
}

/** The intents of one owner: one client of one process. */
export class Intents {
  readonly owner: string;
  readonly #record: RecordAccess;
  readonly #now: () => number;
  /** Whether this owner's intent marks a refresh token whose answer was lost. */
  lost = false;

  constructor(owner: string, record: RecordAccess, now: () => number) {
    this.owner = owner;
    this.#record = record;
    this.#now = now;
  }

  /**
   * Writes the intent, if the record has a refresh token. Unless the decision is `go`, a written
   * intent is withdrawn.
   * @returns `go`: the refresh token may be sent; `late`: the deadline is too near; `again`: the
   *   record has changed since it was read, or `mayStillSend` says no
   * @param mayStillSend whether this process may still send the refresh token, for example because
   *   it still holds the lease. It is called after the write.
   * @throws StoreError
   */
  async declare(
    record: TokenRecord | undefined,
    { inTime }: Pick<GateConditions, "inTime">,
    mayStillSend: () => boolean,
  ): Promise<GateDecision> {
    this.lost = false;
    const stored = record?.token.refreshToken !== undefined;
    if (stored && !(await this.#write(record))) return { again: true };
    // The write may have taken long.
    const decision: GateDecision = !inTime()
      ? { late: true }
      : mayStillSend()
        ? { go: true }
        : { again: true };
    if (stored && !("go" in decision)) await this.withdraw();
    return decision;
  }

  async #write(record: TokenRecord): Promise<boolean> {
    const intent = {
      refreshTokenHash: await hashOf(record),
      owner: this.owner,
      at: this.#now(),
    };
    try {
      return await this.#record.writeIntent(record, intent);
    } catch (error) {
      await this.withdraw(); // The store may have written it before it failed.
      throw error;
    }
  }

  /**
   * Removes this owner's intent. The caller knows that this owner does not have the next refresh
   * token and will not get it.
   */
  withdraw(): Promise<void> {
    return this.#record.removeIntent(this.owner);
  }

  /**
   * The request failed. The intent is removed, unless `lost` is true: then the answer was lost, and
   * the refresh token must not be sent again.
   */
  async failed(lost: boolean): Promise<void> {
    if (lost) this.lost = true;
    else await this.withdraw();
  }
}
