/** Renewing a token in a store that no other process uses: the steps, one after another. */
import { Intents, intentOf } from "./intent.ts";
import {
  MAX_CHANGES,
  type Gate,
  type Plan,
  type RecordAccess,
  type Renewed,
  type Renewer,
  type RenewalEnvironment,
  type Steps,
} from "./renewer.ts";

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

export function createSoleRenewer(record: RecordAccess, environment: RenewalEnvironment): Renewer {
  const gate = createSoleGate(record, environment);
  return {
    renew: (steps) => renewAlone(steps, gate),
    take: async () => true,
    end: async () => undefined,
  };
}

async function renewAlone<P extends Plan>(steps: Steps<P>, gate: Gate): Promise<Renewed> {
  for (let changes = 0; changes <= MAX_CHANGES; changes += 1) {
    const look = await steps.look();
    if ("done" in look) return look.done;
    const outcome = await steps.send(look.plan, gate);
    if ("done" in outcome) return outcome.done;
  }
  throw steps.changing();
}
