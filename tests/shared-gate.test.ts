/**
 * T-13, T-14: what decides whether a refresh token may be sent, in a store that processes share and
 * in one of a single process. The clock, the lease and the record belong to the test.
 */
import { StoreError } from "../src/errors.ts";
import { sha256 } from "../src/platform/encoding.ts";
import { SharedGate } from "../src/sharing/shared-gate.ts";
import { intentOf, Intents } from "../src/tokens/intent.ts";
import type { GateConditions, RecordAccess } from "../src/tokens/renewer.ts";
import { createSoleGate } from "../src/tokens/sole-renewer.ts";
import type { Intent, TokenRecord } from "../src/tokens/token-store.ts";
import { failure } from "./support/clients.ts";
import { createManualClock } from "./support/manual-clock.ts";

const PATIENCE = 60_000;
const SKEW = 300_000;
const token = { accessToken: "access-0", tokenType: "Bearer", issuedAt: 0, refreshToken: "r" };
const plain: TokenRecord = { token, generation: 7 };

/** A record that says what is done with it. */
function createRecord(outcome: () => boolean = () => true) {
  const steps: string[] = [];
  const written: Intent[] = [];
  const record: RecordAccess = {
    key: "key",
    hasUnsaved: false,
    async writeIntent({ generation }, intent) {
      steps.push(`intent over ${generation}`);
      written.push(intent);
      return outcome();
    },
    async removeIntent(owner) {
      steps.push(`withdrawn by ${owner}`);
    },
    guard: (operation) => operation(),
  };
  return { record, steps, written };
}

function createGate({
  replay = true,
  outcome,
}: { replay?: boolean; outcome?: () => boolean } = {}) {
  const clock = createManualClock();
  const { record, steps, written } = createRecord(outcome);
  const lease = { held: true };
  const replays: string[] = [];
  const gate = new SharedGate(
    lease,
    "me",
    record,
    {
      provider: "vendor",
      now: clock.now,
      scheduler: clock.scheduler,
      timeouts: { total: 30_000 },
      replay,
      leases: { ttl: 5000, heartbeat: 1600, poll: 100, patience: PATIENCE },
      onReplay: (reason) => replays.push(reason),
    },
    (owner) => owner.startsWith("dead"),
  );
  return { gate, clock, lease, steps, written, replays };
}

const conditions = (more: Partial<GateConditions> = {}): GateConditions => ({
  login: false,
  afresh: false,
  inTime: () => true,
  ...more,
});
const by = async (owner: string, at: number, refreshToken = "r"): Promise<TokenRecord> => ({
  ...plain,
  intent: { refreshTokenHash: await sha256(refreshToken), owner, at },
});

describe("T-14 before a refresh token is sent", () => {
  test("its intent is written, over the record that was read", async () => {
    const { gate, clock, steps, written, replays } = createGate();
    expect(await gate.before(plain, conditions())).toEqual({ go: true });
    expect(steps).toEqual(["intent over 7"]);
    expect(written).toEqual([
      { refreshTokenHash: await sha256("r"), owner: "me", at: clock.now() },
    ]);
    expect(replays).toEqual([]);
  });

  test("the record must be the one that was read, or it is looked at again", async () => {
    const { gate, steps } = createGate({ outcome: () => false });
    expect(await gate.before(plain, conditions())).toEqual({ again: true });
    expect(steps).toEqual(["intent over 7"]);
  });

  test("the lease must be held after the intent was written; otherwise the intent is withdrawn", async () => {
    const { gate, lease, steps } = createGate({
      outcome: () => {
        lease.held = false;
        return true;
      },
    });
    expect(await gate.before(plain, conditions())).toEqual({ again: true });
    expect(steps).toEqual(["intent over 7", "withdrawn by me"]);
  });

  test("there must be time for the answer, before and after the intent is written", async () => {
    let calls = 0;
    const { gate, steps } = createGate();
    expect(await gate.before(plain, conditions({ inTime: () => false }))).toEqual({ late: true });
    expect(steps).toEqual([]);
    const inTime = (): boolean => (calls += 1) === 1;
    expect(await gate.before(plain, conditions({ inTime }))).toEqual({ late: true });
    expect(steps).toEqual(["intent over 7", "withdrawn by me"]);
  });

  test("a store that fails to write the intent may have written it: it is withdrawn", async () => {
    const error = new StoreError({ message: "disk full" });
    const { gate, steps } = createGate({
      outcome: () => {
        throw error;
      },
    });
    expect(await failure(gate.before(plain, conditions()))).toBe(error);
    expect(steps).toEqual(["intent over 7", "withdrawn by me"]);
  });

  test.each<[string, TokenRecord | undefined]>([
    ["no record", undefined],
    [
      "a record without a refresh token",
      { ...plain, token: { ...token, refreshToken: undefined } as never },
    ],
  ])("with %s no intent is written, and the conditions hold all the same", async (_, record) => {
    const { gate, lease, steps } = createGate();
    expect(await gate.before(record, conditions())).toEqual({ go: true });
    expect(await gate.before(record, conditions({ inTime: () => false }))).toEqual({ late: true });
    lease.held = false;
    expect(await gate.before(record, conditions())).toEqual({ again: true });
    expect(steps).toEqual([]);
  });
});

describe("T-14 the intent of another owner", () => {
  test("that may be alive is waited for, as long as patience lasts by the monotonic clock", async () => {
    const { gate, clock, steps, replays } = createGate();
    const record = await by("other", clock.now());
    const first = await gate.before(record, conditions());
    expect(first).toMatchObject({ wait: PATIENCE });
    expect("wait" in first && first.error).toMatchObject({
      kind: "store",
      code: "rotation_in_doubt",
      provider: "vendor",
      retryable: true,
      retryAt: clock.now() + PATIENCE,
    });
    await clock.advance(1000);
    clock.jump(-5000); // The wall clock has no say.
    expect(await gate.before(record, conditions())).toMatchObject({ wait: PATIENCE - 1000 });
    await clock.advance(PATIENCE - 1001);
    expect(await gate.before(record, conditions())).toMatchObject({ wait: 1 });
    expect(steps).toEqual([]);
    await clock.advance(1);
    expect(await gate.before(record, conditions())).toEqual({ go: true });
    expect([steps, replays]).toEqual([["intent over 7"], ["owner_silent"]]);
  });

  test("a later intent is waited for anew", async () => {
    const { gate, clock } = createGate();
    await gate.before(await by("other", clock.now()), conditions());
    await clock.advance(PATIENCE);
    const later = await by("other", clock.now());
    expect(await gate.before(later, conditions())).toMatchObject({ wait: PATIENCE });
  });

  test("that is older than patience and the largest difference of clocks is not waited for", async () => {
    const { gate, clock, replays } = createGate();
    const at = clock.now() - PATIENCE - SKEW;
    expect(await gate.before(await by("other", at), conditions())).toMatchObject({
      wait: PATIENCE,
    });
    expect(await gate.before(await by("other", at - 1), conditions())).toEqual({ go: true });
    expect(replays).toEqual(["owner_silent"]);
  });

  test("that is dead is not waited for: the refresh token is sent again, and that is reported", async () => {
    const { gate, clock, replays } = createGate();
    expect(await gate.before(await by("dead", clock.now()), conditions())).toEqual({ go: true });
    expect(replays).toEqual(["owner_dead"]);
  });

  test("is replaced only while the lease is held", async () => {
    const { gate, clock, lease, steps, replays } = createGate();
    lease.held = false;
    expect(await gate.before(await by("dead", clock.now()), conditions())).toEqual({ again: true });
    expect([steps, replays]).toEqual([[], []]);
  });

  test("is not replaced, and no replay reported, if the record has changed", async () => {
    const { gate, clock, replays } = createGate({ outcome: () => false });
    expect(await gate.before(await by("dead", clock.now()), conditions())).toEqual({ again: true });
    expect(replays).toEqual([]);
  });

  test("about another refresh token says nothing", async () => {
    const { gate, clock, replays } = createGate();
    const record = await by("other", clock.now(), "another refresh token");
    expect(await gate.before(record, conditions())).toEqual({ go: true });
    expect(replays).toEqual([]);
    expect(await intentOf(record)).toBeUndefined();
    expect(await intentOf(undefined)).toBeUndefined();
    expect(await intentOf(plain)).toBeUndefined();
  });

  test("is not overtaken without the lease, nor is a record without one", async () => {
    const { gate, clock, lease, steps } = createGate();
    lease.held = false;
    const record = await by("other", clock.now());
    for (const [one, login] of [
      [record, true],
      [plain, false],
    ] as const)
      expect(await gate.before(one, conditions({ login }))).toEqual({ again: true });
    expect(steps).toEqual([]);
  });

  test("does not matter where a login can follow", async () => {
    const { gate, clock, steps, replays } = createGate();
    const record = await by("other", clock.now());
    expect(await gate.before(record, conditions({ login: true }))).toEqual({ go: true });
    expect([steps, replays]).toEqual([["intent over 7"], []]);
  });
});

describe("T-13 with `replay: false`", () => {
  test.each(["dead", "other"])(
    "the intent of %s marks a refresh token that is lost",
    async (owner) => {
      const { gate, clock, steps, replays } = createGate({ replay: false });
      const at = clock.now() - PATIENCE - SKEW - 1;
      for (const login of [false, true])
        expect(await gate.before(await by(owner, at), conditions({ login }))).toEqual({
          lost: true,
        });
      expect(steps).toEqual([]);
      // `reset()` permits one try.
      expect(await gate.before(await by(owner, at), conditions({ afresh: true }))).toEqual({
        go: true,
      });
      expect([steps, replays]).toEqual([["intent over 7"], []]);
    },
  );

  test("an intent of one's own marks a lost refresh token only after an answer was lost", async () => {
    const { gate, clock, steps } = createGate({ replay: false });
    const own = await by("me", clock.now());
    expect(await gate.before(own, conditions())).toEqual({ go: true });
    await gate.failed(true);
    expect(await gate.before(own, conditions())).toEqual({ lost: true });
    expect(steps).toEqual(["intent over 7"]);
    expect(await gate.before(own, conditions({ afresh: true }))).toEqual({ go: true });
    // That try is not lost yet.
    expect(await gate.before(own, conditions())).toEqual({ go: true });
  });
});

test("T-14 a request that failed without a lost answer leaves no intent", async () => {
  const { gate, steps } = createGate();
  await gate.failed(false);
  expect(steps).toEqual(["withdrawn by me"]);
});

test("T-14 a refresh token is sent again at once only while the lease is held", () => {
  const { gate, lease } = createGate();
  expect(gate.mayResend()).toBe(true);
  lease.held = false;
  expect(gate.mayResend()).toBe(false);
});

describe("the gate of a process that shares its store with no other", () => {
  test("T-08 asks for time only, and writes nothing", async () => {
    const { record, steps } = createRecord();
    const gate = createSoleGate(record, { replay: true, now: () => 5 });
    expect(await gate.before(await by("other", 5), conditions())).toEqual({ go: true });
    expect(await gate.before(plain, conditions({ inTime: () => false }))).toEqual({ late: true });
    expect(gate.mayResend()).toBe(true);
    await gate.failed(true);
    expect(steps).toEqual([]);
  });

  test("T-13 with `replay: false` it marks what it sends", async () => {
    const { record, steps, written } = createRecord();
    const gate = createSoleGate(record, { replay: false, now: () => 5 });
    expect(gate.mayResend()).toBe(true);
    expect(await gate.before(plain, conditions({ inTime: () => false }))).toEqual({ late: true });
    expect(steps).toEqual([]);
    expect(await gate.before(plain, conditions())).toEqual({ go: true });
    const [own] = written;
    expect(own).toEqual({
      refreshTokenHash: await sha256("r"),
      owner: expect.stringMatching(/^unknown\/0\/0\/[\w-]{36}$/),
      at: 5,
    });
    // The intent is its own, and no answer was lost.
    const marked: TokenRecord = { ...plain, intent: own! };
    expect(await gate.before(marked, conditions())).toEqual({ go: true });
    await gate.failed(true);
    expect(await gate.before(marked, conditions())).toEqual({ lost: true });
    expect(await gate.before(marked, conditions({ afresh: true }))).toEqual({ go: true });
    await gate.failed(false);
    expect(steps.slice(-2)).toEqual(["intent over 7", `withdrawn by ${own!.owner}`]);
  });

  test("T-13 with `replay: false` the mark of an earlier process is a lost refresh token", async () => {
    const { record, steps } = createRecord();
    const gate = createSoleGate(record, { replay: false, now: () => 5 });
    expect(await gate.before(await by("earlier", 5), conditions())).toEqual({ lost: true });
    expect(steps).toEqual([]);
  });
});

test("T-13 an owner's intent is lost from the lost answer until the next intent", async () => {
  const { record } = createRecord();
  const intents = new Intents("me", record, () => 5);
  expect(intents.lost).toBe(false);
  await intents.failed(true);
  expect(intents.lost).toBe(true);
  await intents.failed(false);
  expect(intents.lost).toBe(true);
  await intents.declare(plain, conditions(), () => true);
  expect(intents.lost).toBe(false);
});
