/** Decides whether a refresh token may be sent, in a store that no other process uses. */
import { Intents, intentOf } from "./intent.ts";
import type { Gate, RecordAccess, RenewalEnvironment } from "./renewer.ts";

/** After a lost answer the refresh token is sent again, so nothing has to be remembered. */
const OPEN: Gate = {
  before: async (_, { inTime }) => (inTime() ? { go: true } : { late: true }),
  mayResend: () => true,
  failed: async () => undefined,
};

/** `replay: false`: an intent in the store marks a refresh token that was sent (rule T-13). */
function createMarkingGate(record: RecordAccess, now: () => number): Gate {
  const intents = new Intents(`unknown/0/0/${crypto.randomUUID()}`, record, now);
  return {
    async before(stored, conditions) {
      const intent = await intentOf(stored);
      const lost = intent && (intent.owner !== intents.owner || intents.lost);
      if (lost && !conditions.afresh) return { lost: true };
      return conditions.inTime() ? intents.declare(stored, conditions, () => true) : { late: true };
    },
    mayResend: () => true,
    failed: (lost) => intents.failed(lost),
  };
}

/** The gate of a process that shares its store with no other process. */
export const createSoleGate = (
  record: RecordAccess,
  { replay, now }: Pick<RenewalEnvironment, "replay" | "now">,
): Gate => (replay ? OPEN : createMarkingGate(record, now));
