import { withDeadline, withSignal } from "../platform/deadline.ts";
import { latchKeyOf, partOf } from "../tokens/latch-key.ts";
import type { Plan, RecordAccess, RenewalEnvironment, Renewer, Steps } from "../tokens/renewer.ts";
import { createSoleRenewer } from "../tokens/sole-renewer.ts";
import type { ListedTokenStore, TokenRecord } from "../tokens/token-store.ts";

/**
 * A store that keeps tokens for as long as the process lives. It is the default of every client.
 * Several clients of one process may share one: they renew a token one after another.
 *
 * @example
 * ```ts
 * const store = createMemoryStore();
 * const manager = createApinizerClient({ managerUrl, username, password, store });
 * ```
 */
export function createMemoryStore(): ListedTokenStore {
  const records = new Map<string, TokenRecord>();
  const queues = new Map<string, Promise<void>>();
  return {
    get: async (key) => records.get(key),
    set: async (key, record, expected) => {
      if ((records.get(key)?.generation ?? 0) !== expected) return false;
      records.set(key, record);
      return true;
    },
    delete: async (key) => {
      records.delete(key);
      records.delete(latchKeyOf(key));
    },
    list: async () =>
      [...records.keys()].filter((key) => partOf(key).part === "token").map((key) => ({ key })),
    renewer: (record, environment) => new QueuedRenewer(queues, record, environment),
  };
}

/** Renews a token that no other client of this process is renewing. */
class QueuedRenewer implements Renewer {
  /** The end of the queue of each key. */
  readonly #queues: Map<string, Promise<void>>;
  readonly #record: RecordAccess;
  readonly #environment: RenewalEnvironment;
  readonly #inner: Renewer;
  /** Lets the next client in; undefined unless this client is at the head of the queue. */
  #leave: (() => void) | undefined;

  constructor(
    queues: Map<string, Promise<void>>,
    record: RecordAccess,
    environment: RenewalEnvironment,
  ) {
    this.#queues = queues;
    this.#record = record;
    this.#environment = environment;
    this.#inner = createSoleRenewer(record, environment);
  }

  async renew<P extends Plan>(steps: Steps<P>): ReturnType<Renewer["renew"]> {
    await this.#enter((head) =>
      withSignal(head, steps.deadline.signal).catch(() => {
        throw steps.late();
      }),
    );
    try {
      return await this.#inner.renew(steps);
    } finally {
      // As long as a token is in memory only, this client has to save it.
      if (!this.#record.hasUnsaved) await this.end();
    }
  }

  async exclusively(work: () => Promise<void>): Promise<void> {
    const { timeouts, scheduler } = this.#environment;
    const late = (): Error => new Error("late");
    const head = (queue: Promise<void>): Promise<void> =>
      withDeadline(queue, timeouts.total, late, scheduler);
    await this.#enter(head).catch(() => undefined);
    try {
      await this.#inner.exclusively(work);
    } finally {
      await this.end();
    }
  }

  async end(): Promise<void> {
    this.#leave?.();
    this.#leave = undefined;
  }

  /** @param wait waits for the head of the queue; if it rejects, the place is given up */
  async #enter(wait: (head: Promise<void>) => Promise<void>): Promise<void> {
    if (this.#leave) return;
    const { key } = this.#record;
    const before = this.#queues.get(key) ?? Promise.resolve();
    let leave = (): void => undefined;
    const place = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const end = before.then(() => place);
    this.#queues.set(key, end);
    void end.then(() => {
      if (this.#queues.get(key) === end) this.#queues.delete(key);
    });
    try {
      await wait(before);
      this.#leave = leave;
    } catch (error) {
      leave();
      throw error;
    }
  }
}
