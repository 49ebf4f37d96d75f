/**
 * T-14: the order of a renewal among processes: look, take the lease, look again, send, release.
 * The steps and the store belong to the test, and so do the clocks.
 */
import { StoreError } from "../src/errors.ts";
import { createDeadline } from "../src/platform/deadline.ts";
import { createProcessIdentity } from "../src/platform/process-identity.ts";
import { SharedRenewer } from "../src/sharing/shared-renewer.ts";
import {
  pauseAfter,
  type Outcome,
  type Plan,
  type RecordAccess,
  type Renewed,
  type Steps,
} from "../src/tokens/renewer.ts";
import { createSoleRenewer } from "../src/tokens/sole-renewer.ts";
import { failure } from "./support/clients.ts";
import { createManualClock, settle, type ManualClock } from "./support/manual-clock.ts";

const LEASES = { ttl: 5000, heartbeat: 1600, poll: 100, patience: 60_000 };
const TOTAL = 30_000;
const done: { done: Renewed } = {
  done: { token: { accessToken: "a", tokenType: "Bearer", issuedAt: 0 } },
};
const again: Outcome = { again: true };
const plan: Plan = { record: undefined, storeFailed: false };
const down = new StoreError({ message: "down" });
const changing = new StoreError({ message: "changing", code: "changes" });
const never = (): Promise<never> => new Promise(() => undefined);

interface Setup {
  /** What the n-th look finds, counted from 1. By default, that a request may be sent. */
  look?: (n: number) => { done: Renewed } | { plan: Plan };
  /** What comes of the n-th attempt. By default, a token. */
  send?: (n: number) => Outcome | Promise<Outcome>;
  /** What the store says to the n-th request for the lease. By default, yes. */
  lease?: (n: number) => boolean | Promise<boolean>;
  release?: () => Promise<void>;
  repeatable?: boolean;
}

function createTurn(setup: Setup = {}) {
  const clock = createManualClock(() => 1);
  const log: string[] = [];
  const record = { key: "key", hasUnsaved: false, guard: (run) => run() } as Pick<
    RecordAccess,
    "key" | "hasUnsaved" | "guard"
  > as { hasUnsaved: boolean } & RecordAccess;
  const counts = { look: 0, send: 0, lease: 0 };
  const renewer = new SharedRenewer(
    {
      async lease(key, owner, ms) {
        log.push(`lease ${key} for ${ms}`);
        return setup.lease?.((counts.lease += 1)) ?? true;
      },
      async release(key) {
        log.push(`release ${key}`);
        await setup.release?.();
      },
    },
    record,
    {
      provider: "vendor",
      now: clock.now,
      scheduler: clock.scheduler,
      timeouts: { total: TOTAL },
      replay: true,
      leases: LEASES,
      onReplay: () => undefined,
    },
    createProcessIdentity(),
  );
  return { clock, log, record, renewer, steps: createSteps(setup, clock, log) };
}

function createSteps(
  { look, send, repeatable = false }: Setup,
  clock: ManualClock,
  log: string[],
): Steps {
  let [looks, sent] = [0, 0];
  return {
    deadline: createDeadline(TOTAL, clock.scheduler),
    hasRepeatableGrant: repeatable,
    async look() {
      log.push("look");
      return look?.((looks += 1)) ?? { plan };
    },
    async send({ storeFailed }, gate) {
      log.push(
        `send${storeFailed ? " without the store" : ""}${gate.mayResend() ? "" : ", not held"}`,
      );
      return send?.((sent += 1)) ?? done;
    },
    ask: (operation) => operation(),
    async rest(ms) {
      log.push(`rest ${ms}`);
      await new Promise<void>((resolve) => void clock.scheduler.after(ms, resolve));
    },
    changing: () => changing,
    late: () => down,
  };
}

const LEASE = "lease key for 5000";

describe("T-14 a renewal in a store that processes share", () => {
  test("looks at the store again once it has the lease, before it sends", async () => {
    const { renewer, steps, log, clock } = createTurn();
    expect(await renewer.renew(steps)).toBe(done.done);
    expect(log).toEqual(["look", LEASE, "look", "send", "release key"]);
    await clock.advance(20_000); // The heartbeat has ended with the lease.
    expect(log).toHaveLength(5);
  });

  test("takes no lease for what another process has renewed already", async () => {
    const { renewer, steps, log } = createTurn({ look: () => done });
    expect(await renewer.renew(steps)).toBe(done.done);
    expect(log).toEqual(["look"]);
  });

  test("sends nothing if the second look finds that another process has renewed, and gives the lease back", async () => {
    const { renewer, steps, log } = createTurn({ look: (n) => (n === 2 ? done : { plan }) });
    expect(await renewer.renew(steps)).toBe(done.done);
    expect(log).toEqual(["look", LEASE, "look", "release key"]);
  });

  test("while another process has the lease it sends nothing, and looks less and less often", async () => {
    const { renewer, steps, log, clock } = createTurn({ lease: (n) => n === 6 });
    await clock.advanceUntil(renewer.renew(steps));
    const pauses = [100, 200, 400, 800, 1000].flatMap((ms) => ["look", LEASE, `rest ${ms}`]);
    expect(log).toEqual([...pauses, "look", LEASE, "look", "send", "release key"]);
  });

  test("that is told to wait for another process looks again after a pause, with the lease it has", async () => {
    const { renewer, steps, log, clock } = createTurn({
      send: (n) => (n === 1 ? { wait: 60_000, error: down } : done),
    });
    await clock.advanceUntil(renewer.renew(steps));
    expect(log).toEqual(["look", LEASE, "look", "send", "rest 100", "look", "send", "release key"]);
  });

  test("takes the lease again, and looks again, if it lost it in a pause", async () => {
    const { renewer, steps, log, clock } = createTurn({
      lease: (n) => n !== 2,
      send: async (n) => {
        if (n === 1) await clock.advance(5000); // The heartbeat is refused.
        return n === 1 ? again : done;
      },
    });
    await renewer.renew(steps);
    expect(log).toEqual([
      "look",
      LEASE,
      "look",
      "send",
      LEASE,
      "look",
      LEASE,
      "look",
      "send",
      "release key",
    ]);
  });

  test.each([10, 11])(
    "looks again at a store that has changed, ten times at most: %i",
    async (changes) => {
      const { renewer, steps, log } = createTurn({ send: (n) => (n <= changes ? again : done) });
      const result = await renewer.renew(steps).catch((error: unknown) => error);
      expect(result).toBe(changes === 10 ? done.done : changing);
      expect(log.filter((step) => step === "send")).toHaveLength(11);
      expect(log.at(-1)).toBe("release key");
    },
  );

  test("gives the lease back after an error", async () => {
    const { renewer, steps, log } = createTurn({ send: () => Promise.reject(down) });
    expect(await failure(renewer.renew(steps))).toBe(down);
    expect(log.at(-1)).toBe("release key");
  });

  test("gives back no lease that it did not get", async () => {
    const { renewer, steps, log, clock } = createTurn({
      lease: () => false,
      look: (n) => (n === 2 ? done : { plan }),
    });
    await clock.advanceUntil(renewer.renew(steps));
    expect(log).toEqual(["look", LEASE, "rest 100", "look"]);
  });
});

describe("T-18 a store whose lease fails", () => {
  const lease = (): never => {
    throw down;
  };

  test("ends a refresh", async () => {
    const { renewer, steps, log } = createTurn({ lease });
    expect(await failure(renewer.renew(steps))).toBe(down);
    expect(log).toEqual(["look", LEASE]);
  });

  test("costs a login nothing: it is sent without the store", async () => {
    const { renewer, steps, log } = createTurn({ lease, repeatable: true });
    expect(await renewer.renew(steps)).toBe(done.done);
    expect(log).toEqual(["look", LEASE, "send without the store, not held"]);
  });

  test("once the lease was lost, there is none to give back", async () => {
    const { renewer, steps, log, clock } = createTurn({
      repeatable: true,
      lease: (n) => (n === 1 ? true : n === 2 ? false : Promise.reject(down)),
      send: async (n) => {
        if (n === 1) await clock.advance(5000);
        return n === 1 ? again : done;
      },
    });
    expect(await renewer.renew(steps)).toBe(done.done);
    expect(log.slice(-2)).toEqual([LEASE, "send without the store, not held"]);
  });

  test("is not asked for a lease if it could not be read", async () => {
    const { renewer, steps, log } = createTurn({
      look: () => ({ plan: { ...plan, storeFailed: true } }),
    });
    expect(await renewer.renew(steps)).toBe(done.done);
    expect(log).toEqual(["look", "send without the store, not held"]);
  });

  test("that cannot be read after the lease was taken is not asked to take it back", async () => {
    const { renewer, steps, log } = createTurn({
      look: (n) => ({ plan: { ...plan, storeFailed: n === 2 } }),
    });
    expect(await renewer.renew(steps)).toBe(done.done);
    expect(log).toEqual(["look", LEASE, "look", "send without the store"]);
    await renewer.end();
    expect(log.at(-1)).toBe("release key");
  });

  test("a lease that comes after the renewal has given up is given back", async () => {
    const comes: { now?: () => void } = {};
    const { renewer, steps, log } = createTurn({
      repeatable: true,
      lease: () =>
        new Promise((resolve) => {
          comes.now = () => resolve(true);
        }),
    });
    const impatient: Steps = { ...steps, ask: () => Promise.reject(down) };
    expect(await renewer.renew(impatient)).toBe(done.done);
    await settle();
    expect(log).toEqual(["look", LEASE, "send without the store, not held"]);
    comes.now?.();
    await settle();
    expect(log.at(-1)).toBe("release key");
  });
});

describe("T-14 giving the lease back", () => {
  test("is waited for, but not longer than a pause between two looks", async () => {
    const { renewer, steps, clock } = createTurn({ release: never });
    expect(await clock.advanceUntil(renewer.renew(steps))).toBe(done.done);
    expect(clock.scheduler.monotonic()).toBe(LEASES.poll);
  });

  test("keeps no process alive", async () => {
    const { renewer, steps, log, clock } = createTurn({ release: never });
    const pending = renewer.renew({ ...steps, deadline: { ...steps.deadline } });
    steps.deadline.clear();
    await settle();
    expect(log.at(-1)).toBe("release key");
    expect([clock.pending, clock.keepsAlive]).toEqual([1, false]);
    await clock.advanceUntil(pending);
  });

  test("that fails costs no token", async () => {
    const { renewer, steps } = createTurn({ release: () => Promise.reject(new Error("a bug")) });
    expect(await renewer.renew(steps)).toBe(done.done);
  });

  test("T-16 waits while a token is in memory only", async () => {
    const { renewer, steps, log, record } = createTurn({
      send: () => {
        record.hasUnsaved = true;
        return done;
      },
    });
    await renewer.renew(steps);
    expect(log.at(-1)).toBe("send");
    // A later renewal, which needs no lease, does not give it back either.
    record.hasUnsaved = false;
    await renewer.renew({ ...steps, look: async () => done });
    expect(log.at(-1)).toBe("send");
    await renewer.end();
    expect(log.at(-1)).toBe("release key");
  });
});

test("T-14 the right to renew is the lease; a store that fails does not keep it back", async () => {
  const { renewer, log } = createTurn({ lease: (n) => n === 2 });
  expect(await renewer.take()).toBe(false);
  expect(await renewer.take()).toBe(true);
  await renewer.end();
  expect(log).toEqual([LEASE, LEASE, "release key"]);
  const failing = createTurn({ lease: () => Promise.reject(down) });
  expect(await failing.renewer.take()).toBe(true);
});

test("T-14 the pause between two looks doubles up to a second, or to `poll` if that is longer", () => {
  const at = (looks: number, poll: number, random: number): number =>
    pauseAfter(looks, poll, { random: () => random });
  expect([0, 1, 2, 3, 4].map((looks) => at(looks, 100, 1))).toEqual([100, 200, 400, 800, 1000]);
  expect([0, 5].map((looks) => at(looks, 3000, 1))).toEqual([3000, 3000]);
  expect([at(1, 100, 0), at(1, 100, 0.5)]).toEqual([100, 150]);
});

describe("a renewal in a store of one process", () => {
  const createSole = (setup: Setup) => {
    const clock = createManualClock();
    const log: string[] = [];
    const environment = { replay: true, now: clock.now, scheduler: clock.scheduler };
    const renewer = createSoleRenewer({} as RecordAccess, {
      ...environment,
      provider: "vendor",
      timeouts: { total: TOTAL },
      leases: LEASES,
      onReplay: () => undefined,
    });
    return { renewer, clock, log, steps: createSteps(setup, clock, log) };
  };

  test("T-07 looks, and sends", async () => {
    const { renewer, steps, log } = createSole({});
    expect(await renewer.renew(steps)).toBe(done.done);
    expect(log).toEqual(["look", "send"]);
    await renewer.end();
  });

  test("T-07 sends nothing if the store holds what it needs", async () => {
    const { renewer, steps, log } = createSole({ look: () => done });
    expect(await renewer.renew(steps)).toBe(done.done);
    expect(log).toEqual(["look"]);
  });

  test.each([10, 11])(
    "looks again at a store that has changed, ten times at most: %i",
    async (changes) => {
      const { renewer, steps, log } = createSole({ send: (n) => (n <= changes ? again : done) });
      const result = await renewer.renew(steps).catch((error: unknown) => error);
      expect(result).toBe(changes === 10 ? done.done : changing);
      expect(log.filter((step) => step === "send")).toHaveLength(11);
    },
  );

  test("T-14 has the right to renew at any time", async () => {
    expect(await createSole({}).renewer.take()).toBe(true);
  });
});
