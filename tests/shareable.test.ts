/** T-14: what `shareable` makes of a store. */
import { createMemoryStore, shareable, type LeasedTokenStore } from "../src/index.ts";
import type { RecordAccess, RenewalEnvironment } from "../src/tokens/renewer.ts";
import { failure } from "./support/clients.ts";
import { createManualClock } from "./support/manual-clock.ts";

const METHODS = ["get", "set", "delete", "list", "lease", "release"] as const;
const create = (log: unknown[][] = []): LeasedTokenStore =>
  Object.fromEntries(
    METHODS.map((name) => [
      name,
      async (...args: unknown[]) => {
        log.push([name, ...args]);
        return `${name}, of the store`;
      },
    ]),
  ) as never;

test("hands each call on to the store, with everything that it was given", async () => {
  const log: unknown[][] = [];
  const shared = shareable(create(log));
  const record = { token: {} } as never;
  const calls = [
    ["get", "key"],
    ["set", "key", record, 7],
    ["delete", "key"],
    ["list"],
    ["lease", "key", "me", 5000],
    ["release", "key", "me"],
  ] as const;
  for (const [name, ...args] of calls)
    expect(await (shared[name] as (...args: unknown[]) => unknown)(...args)).toBe(
      `${name}, of the store`,
    );
  expect(log).toEqual(calls);
});

test.each(METHODS)("names the method that a store lacks: %s", async (name) => {
  for (const value of [undefined, 7]) {
    const error = await failure((async () => shareable({ ...create(), [name]: value } as never))());
    expect(error).toMatchObject({ kind: "configuration", option: `store.${name}` });
  }
  for (const store of [undefined, null, 7])
    expect(await failure((async () => shareable(store as never))())).toMatchObject({
      kind: "configuration",
      option: "store",
    });
});

describe("T-14 the renewer asks for the lease", () => {
  const clock = createManualClock();
  const record = { key: "key", hasUnsaved: false, guard: (run) => run() } as Pick<
    RecordAccess,
    "key" | "hasUnsaved" | "guard"
  > as RecordAccess;
  const environment = {
    ...{ provider: "vendor", now: clock.now, scheduler: clock.scheduler, replay: true },
    timeouts: { total: 1000 },
    leases: { ttl: 5000, heartbeat: 1600, poll: 100, patience: 60_000 },
    onReplay: () => undefined,
  } satisfies RenewalEnvironment;
  const grant = async (log: unknown[][], ...args: unknown[]): Promise<true> => {
    log.push(args);
    return true;
  };

  test("of the store; of a copy that brings a lease and a release of its own, those", async () => {
    const log: unknown[][] = [];
    const lease = (...args: unknown[]) => grant(log, "lease", ...args);
    const release = (...args: unknown[]) => grant(log, "release", ...args);
    const copied = (...args: unknown[]) => grant(log, "copy", ...args);
    const shared = shareable({ ...createMemoryStore(), lease, release } as never);
    const { renewer } = shared;
    const copies: [object, string][] = [
      [shared, "lease"],
      [{ renewer }, "lease"],
      [{ ...shared, lease: undefined }, "lease"],
      [{ ...shared, lease: copied, release: undefined }, "lease"],
      [{ ...shared, lease: copied }, "copy"],
    ];
    for (const [copy, name] of copies) {
      log.splice(0);
      const own = (copy as typeof shared).renewer(record, environment);
      await own.take();
      await own.end();
      expect(log.map(([one]) => one)).toEqual([name, "release"]);
    }
  });

  test("as an owner of its own, of one process", async () => {
    const owners: string[] = [];
    const lease = async (_: string, owner: string): Promise<boolean> => {
      owners.push(owner);
      return true;
    };
    const shared = shareable({ ...createMemoryStore(), lease, release: async () => undefined });
    for (let i = 0; i < 2; i += 1) await shared.renewer(record, environment).take();
    expect(new Set(owners).size).toBe(2);
    const process = (owner = ""): string => owner.split("/").slice(0, 3).join("/");
    expect(process(owners[0])).toBe(process(owners[1]));
  });
});
