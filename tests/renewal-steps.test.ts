/**
 * The steps of one renewal, each by itself (T-07 to T-17, T-20): what a look at the store leads to,
 * which grant is sent, and what is saved. Clock, store, gate and vendor belong to the test.
 */
import {
  CredentialsError,
  NetworkError,
  RateLimitError,
  ReauthorizationRequiredError,
  StoreError,
} from "../src/errors.ts";
import { createDeadline } from "../src/platform/deadline.ts";
import type { Grant } from "../src/provider.ts";
import type { Token } from "../src/token.ts";
import { Forbidden, Latch } from "../src/tokens/latch.ts";
import type { FailedTokenRequest } from "../src/tokens/renewal-settings.ts";
import { RenewalSteps, type RenewalPlan } from "../src/tokens/renewal-steps.ts";
import type { Gate, GateConditions, GateDecision } from "../src/tokens/renewer.ts";
import { SharedLatch } from "../src/tokens/shared-latch.ts";
import { createStoreAccess } from "../src/tokens/store-access.ts";
import { CredentialRecord } from "../src/tokens/token-record.ts";
import type { LatchRecord, TokenRecord, TokenStore } from "../src/tokens/token-store.ts";
import { failure } from "./support/clients.ts";
import { sleep } from "./support/coordinator.ts";
import { createManualClock, settle } from "./support/manual-clock.ts";

const HOUR = 3_600_000;
const TOTAL = 30_000;
const ROOM = 10_000;
const LATCH = "key:latch";
const down = new StoreError({ message: "down", provider: "vendor" });
const tokenOf = (n: number, more: Partial<Token> = {}): Token => ({
  accessToken: `access-${n}`,
  tokenType: "Bearer",
  issuedAt: n,
  refreshToken: `refresh-${n}`,
  ...more,
});
const withoutRefresh = (n: number): Token => ({
  accessToken: `access-${n}`,
  tokenType: "Bearer",
  issuedAt: n,
});
const recordOf = (n: number, more: Partial<TokenRecord> = {}): TokenRecord => ({
  token: tokenOf(n),
  generation: 40 + n,
  ...more,
});

interface Setup {
  stored?: TokenRecord;
  latched?: Omit<LatchRecord, "generation">;
  /** In the order in which they are tried. */
  ways?: readonly ("refresh" | "login")[];
  /** A provider that names its refresh grant although no refresh token is stored. */
  always?: boolean;
  shared?: boolean;
  current?: Token;
  refused?: Token;
  afresh?: boolean;
  replay?: boolean;
  binding?: string;
  adopt?: (token: Token) => Token | undefined;
  /** What the vendor answers to the n-th request, counted from 1. */
  answer?: (n: number) => Token | FailedTokenRequest | Promise<Token | FailedTokenRequest>;
  decide?: (conditions: GateConditions) => GateDecision | Promise<GateDecision>;
  mayResend?: boolean;
  beforeGet?: (key: string) => void | Promise<void>;
  beforeSet?: (key: string) => void | Promise<void>;
  noSharedLatch?: boolean;
  tag?: string | undefined;
  isRefused?: (refreshToken: string | undefined) => boolean;
  until?: number;
}

function createSteps(setup: Setup = {}) {
  const { ways = ["refresh"], shared = true, replay = true, afresh = false } = setup;
  const clock = createManualClock();
  const { scheduler, now } = clock;
  const content = new Map<string, unknown>([
    ...(setup.stored ? [["key", setup.stored] as const] : []),
    ...(setup.latched ? [[LATCH, { generation: 1, ...setup.latched }] as const] : []),
  ]);
  const log: string[] = [];
  const memory: TokenStore = {
    async get(key) {
      await setup.beforeGet?.(key);
      return content.get(key) as TokenRecord | undefined;
    },
    async set(key, record, expected) {
      await setup.beforeSet?.(key);
      const stored = content.get(key) as TokenRecord | undefined;
      if ((stored?.generation ?? 0) !== expected) return false;
      content.set(key, record);
      return true;
    },
    delete: async (key) => void content.delete(key),
    ...(shared ? { renewer: () => undefined as never } : {}),
  };
  const store = createStoreAccess(memory, "vendor", 1e6, scheduler);
  const login = ways.includes("login");
  const record = new CredentialRecord({
    ...{ store, key: "key", login, report: () => log.push("save failed") },
  });
  const latch = new Latch(now);
  const sharedLatch = new SharedLatch({
    ...{ store, key: "key", provider: "vendor", consentOnly: !login, secrets: [], now },
  });
  const grantOf = (grantType: Grant["grantType"]): Grant => ({
    name: grantType,
    grantType,
    request: () => undefined as never,
    proceeds: (status, { code }) => status !== 401 && code === "go_on",
  });
  const deadline = createDeadline(TOTAL, scheduler);
  deadline.keepAlive(false);
  const rest = (ms: number): Promise<void> => {
    log.push(`rest ${ms}`);
    return sleep(clock, ms);
  };
  const options: unknown[] = [];
  const refusals: unknown[][] = [];
  let [requests, prepared] = [0, 0];
  const steps = new RenewalSteps(
    {
      ...{ provider: "vendor", record, latch, scheduler, now, replay },
      renewer: undefined as never,
      credentials: undefined as never,
      sharedLatch: setup.noSharedLatch ? undefined : sharedLatch,
      timeouts: { total: TOTAL },
      leases: { poll: 100 },
      grantsFor: (token) =>
        ways
          .filter((way) => way === "login" || setup.always || token?.refreshToken !== undefined)
          .map((way) => grantOf(way === "login" ? "client_credentials" : "refresh_token")),
      requests: {
        room: ROOM,
        async send(request, { grantType }, more) {
          log.push(`${grantType} with ${request as unknown as string}`);
          options.push(more);
          const answer = (await setup.answer?.((requests += 1))) ?? tokenOf(9);
          return "accessToken" in answer ? { token: answer } : answer;
        },
      },
      onRefusal(...args) {
        refusals.push(args);
        return setup.until;
      },
      onDoubt: () => log.push("doubt"),
      onLateSave: () => log.push("late save"),
    },
    {
      deadline,
      flight: { rest, result: undefined as never, wait: undefined as never },
      state: {
        ...{ current: setup.current, refused: setup.refused, afresh },
        adopt(token) {
          log.push(`adopt ${token.accessToken} of ${token.issuedAt}`);
          return setup.adopt?.(token);
        },
      },
      revealed: {
        binding: setup.binding,
        async prepare(grants, refreshToken) {
          prepared += 1;
          const token = refreshToken ?? "nothing";
          return {
            take: (index: number) => `${token} as grant ${index}` as never,
            fingerprint: `fingerprint of ${token}`,
            tag: "tag" in setup ? setup.tag : "tag",
          };
        },
      },
      isRefused: (token) => setup.isRefused?.(token) ?? false,
      onRefreshRefused: (token) => log.push(`refused ${token}`),
    },
  );
  const gate: Gate = {
    async before(stored, { inTime, ...conditions }) {
      log.push(`gate of ${stored?.token.refreshToken} ${JSON.stringify(conditions)}`);
      return setup.decide?.({ inTime, ...conditions }) ?? { go: true };
    },
    mayResend: () => setup.mayResend ?? true,
    failed: async (lost) => void log.push(lost ? "failed, lost" : "failed"),
  };
  const look = async (): Promise<RenewalPlan> => {
    const found = await steps.look();
    if (!("plan" in found)) throw new Error("It is done.");
    return found.plan;
  };
  return {
    ...{ steps, gate, clock, content, log, record, latch, options, refusals, look, deadline, rest },
    prepared: () => prepared,
    send: async () => steps.send(await look(), gate),
    latched: () => content.get(LATCH) as LatchRecord | undefined,
  };
}
const GATE = 'gate of refresh-1 {"login":false,"afresh":false}';
const SENT = "refresh_token with refresh-1 as grant 0";
const LOGIN = "client_credentials with nothing as grant 0";
const BOTH = ["refresh", "login"] as const;
const failed = (error: FailedTokenRequest["error"], more = {}): FailedTokenRequest => ({
  error,
  lost: false,
  ...more,
});
const refusal = new CredentialsError({ message: "refused", status: 401, vendorCode: "bad" });
const dead = new ReauthorizationRequiredError({ message: "dead", status: 400 });

describe("a look at the store", () => {
  test("T-14 takes the stored token, if it may be served and is usable", async () => {
    const { steps, log } = createSteps({ stored: recordOf(1), adopt: (token) => token });
    expect(await steps.look()).toEqual({ done: { token: tokenOf(1) } });
    expect(log).toEqual(["adopt access-1 of 1"]);
  });

  test("T-14 otherwise plans to renew it", async () => {
    const { look, log } = createSteps({ stored: recordOf(1) });
    expect(await look()).toMatchObject({
      record: recordOf(1),
      storeFailed: false,
      previous: tokenOf(1),
      grants: [{ grantType: "refresh_token" }],
      servable: true,
      restore: undefined,
    });
    expect(log).toEqual(["adopt access-1 of 1"]);
  });

  test("T-07 uses nothing of a record of other credentials where there is a login", async () => {
    const { look, log } = createSteps({
      ...{ stored: recordOf(1, { binding: "theirs" }), binding: "mine", ways: BOTH },
      adopt: (token) => token,
    });
    expect(await look()).toMatchObject({
      ...{ record: undefined, previous: undefined, servable: false },
      grants: [{ grantType: "client_credentials" }],
    });
    expect(log).toEqual([]);
  });

  test("T-07 does not serve a record that is bound otherwise, and may refresh it", async () => {
    const stored = recordOf(1, { binding: "theirs" });
    const { look, log } = createSteps({ stored, binding: "mine", adopt: (token) => token });
    expect(await look()).toMatchObject({ record: stored, previous: tokenOf(1), servable: false });
    expect(log).toEqual([]);
  });

  test("T-14 what a shared store no longer holds was revoked, also in memory", async () => {
    const { steps } = createSteps({ current: tokenOf(1) });
    expect(await failure(steps.look())).toMatchObject({
      ...{ kind: "reauthorization_required", provider: "vendor" },
      message: expect.stringMatching(/^vendor: No refresh token is stored/),
    });
    const own = createSteps({ current: tokenOf(1), shared: false });
    expect(await own.look()).toMatchObject({ previous: tokenOf(1), record: undefined });
  });

  test("T-18 a store that fails ends a refresh, and says nothing about the token in memory", async () => {
    const beforeGet = (): never => {
      throw down;
    };
    const { steps } = createSteps({ beforeGet });
    expect([steps.hasRepeatableGrant, await failure(steps.look())]).toEqual([false, down]);
    const login = createSteps({ beforeGet, ways: BOTH, current: tokenOf(1) });
    expect(login.steps.hasRepeatableGrant).toBe(true);
    expect(await login.look()).toMatchObject({
      ...{ record: undefined, storeFailed: true, previous: tokenOf(1), servable: false },
    });
  });

  test("T-14 a store that was set back to a used refresh token gets its successor again", async () => {
    const created = createSteps({ stored: recordOf(1), adopt: (token) => token });
    const { record, content, look, log, steps, gate } = created;
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    content.set("key", recordOf(1, { generation: 70 }));
    const plan = await look();
    expect(plan).toMatchObject({
      previous: tokenOf(2),
      restore: { token: tokenOf(2), sent: "refresh-1" },
    });
    expect(log).toEqual([]);
    expect(await steps.send(plan, gate)).toEqual({ again: true });
    expect([content.get("key"), log]).toEqual([recordOf(2, { generation: 71 }), []]);
  });

  test("T-16 a token that is not saved comes before what the store holds", async () => {
    let broken = true;
    const { record, look } = createSteps({
      stored: recordOf(1),
      beforeSet: () => {
        if (broken) throw down;
      },
    });
    await record.load();
    await record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    expect(await look()).toMatchObject({ previous: tokenOf(2), restore: undefined });
    broken = false;
  });

  test("T-07 prepares the requests once for a refresh token", async () => {
    const { look, content, prepared } = createSteps({ stored: recordOf(1) });
    await look();
    await look();
    expect(prepared()).toBe(1);
    content.set("key", recordOf(2));
    expect((await look()).prepared.fingerprint).toBe("fingerprint of refresh-2");
    expect(prepared()).toBe(2);
  });

  test("T-10 throws what the latch forbids, and takes no turn for it", async () => {
    const { steps, latch, clock } = createSteps({ stored: recordOf(1) });
    latch.note(refusal, "fingerprint of refresh-1", clock.now() + 1000);
    const thrown = await failure(steps.look());
    expect(thrown).toBeInstanceOf(Forbidden);
    expect(thrown["error"]).toBe(refusal);
  });

  test("T-17 a marked record asks for consent, except once after `reset()` and after a refusal of one's own", async () => {
    const stored = recordOf(1, { reauthorizationRequired: true });
    const { steps, refusals } = createSteps({ stored });
    const error = await failure(steps.look());
    expect(error).toMatchObject({ kind: "reauthorization_required" });
    expect(refusals).toEqual([[error, "fingerprint of refresh-1"]]);

    const afresh = createSteps({ stored, afresh: true });
    expect(await afresh.look()).toMatchObject({ record: stored });
    expect(afresh.refusals).toEqual([]);

    const own = createSteps({ stored });
    own.latch.note(dead, "fingerprint of refresh-1", own.clock.now() - 1);
    expect(await own.look()).toMatchObject({ record: stored });
  });

  test("T-08 comes too late once the deadline is over", async () => {
    const { steps, clock } = createSteps({ stored: recordOf(1) });
    await clock.advance(TOTAL - 1);
    await steps.look();
    await clock.advance(1);
    expect(await failure(steps.look())).toMatchObject({
      ...{ kind: "store", code: "turn_taken", retryable: true, provider: "vendor" },
      message: expect.stringMatching(/^vendor: another process/),
    });
    // A login could do without the store, and not without time.
    const login = createSteps({ ways: ["login"] });
    await login.clock.advance(TOTAL);
    expect(await failure(login.steps.look())).toMatchObject({ code: "turn_taken" });
  });
});

describe("T-14 a pause", () => {
  test("is kept to the deadline, whose error says for whom the renewal waited", async () => {
    const error = new StoreError({ message: "in doubt", code: "rotation_in_doubt" });
    let decision: GateDecision = { wait: 5, error };
    const { steps, send, clock, log } = createSteps({
      stored: recordOf(1),
      decide: () => decision,
    });
    expect(await send()).toEqual({ wait: 5, error });
    expect(steps.late()).toBe(error);
    decision = { again: true };
    expect(await send()).toEqual({ again: true });
    expect(steps.late()).toMatchObject({ code: "turn_taken" });
    await clock.advanceUntil(steps.rest(TOTAL - 1));
    expect(log.at(-1)).toBe(`rest ${TOTAL - 1}`);
    expect(await failure(steps.rest(1))).toMatchObject({ code: "turn_taken" });
    expect(log.at(-1)).toBe(`rest ${TOTAL - 1}`);
  });

  test("a store that changes at every look is an error that can be tried again", () => {
    expect(createSteps().steps.changing()).toMatchObject({
      ...{ kind: "store", code: "changes", retryable: true, provider: "vendor" },
    });
  });
});

describe("sending a refresh token", () => {
  test("T-14 asks the gate, sends, and saves the new token over the record", async () => {
    const { send, log, content, options, deadline, rest, refusals } = createSteps({
      ...{ stored: recordOf(1, { binding: "b" }), binding: "b" },
    });
    expect(await send()).toEqual({
      done: {
        ...{ token: tokenOf(9), previous: tokenOf(1) },
        grant: expect.objectContaining({ grantType: "refresh_token" }),
      },
    });
    expect(log).toEqual(["adopt access-1 of 1", GATE, SENT]);
    expect(content.get("key")).toEqual(recordOf(9, { generation: 42, binding: "b" }));
    expect(options).toEqual([{ deadline, rest, mayResend: expect.any(Function) }]);
    expect([refusals, content.has(LATCH)]).toEqual([[], false]);
  });

  test.each([true, false])("T-14 whether it may be sent again is the gate's: %s", async (yes) => {
    const { send, options } = createSteps({ stored: recordOf(1), mayResend: yes });
    await send();
    expect((options[0] as { mayResend: () => boolean }).mayResend()).toBe(yes);
  });

  test("T-15 keeps the old refresh token if the response has none; a login keeps nothing", async () => {
    const answer = () => withoutRefresh(9);
    const { send, content } = createSteps({ stored: recordOf(1), answer });
    await send();
    expect(content.get("key")).toMatchObject({ token: tokenOf(9, { refreshToken: "refresh-1" }) });
    const login = createSteps({ stored: recordOf(1), answer, ways: ["login"] });
    await login.send();
    expect((login.content.get("key") as TokenRecord).token).toEqual(withoutRefresh(9));
  });

  test.each<[string, GateDecision]>([
    ["again", { again: true }],
    ["wait", { wait: 5, error: down }],
  ])("T-14 a gate that says %s has the last word", async (_, decision) => {
    const { send, log } = createSteps({ stored: recordOf(1), decide: () => decision });
    expect(await send()).toBe(decision);
    expect(log.at(-1)).toBe(GATE);
  });

  test("T-08 needs time for its answer", async () => {
    const times: boolean[] = [];
    const decide = ({ inTime }: GateConditions): GateDecision => {
      times.push(inTime());
      return { late: true };
    };
    const { send, clock } = createSteps({ stored: recordOf(1), decide });
    await clock.advance(TOTAL - ROOM);
    expect(await failure(send())).toMatchObject({ code: "turn_taken" });
    await clock.advance(1);
    await failure(send());
    expect(times).toEqual([true, false]);
  });

  test("T-13 a lost one is an error without a login, and costs one where there is one", async () => {
    const decide = (): GateDecision => ({ lost: true });
    const { send, log } = createSteps({ stored: recordOf(1), decide });
    expect(await failure(send())).toMatchObject({
      ...{ kind: "reauthorization_required", code: "rotation_in_doubt", provider: "vendor" },
    });
    expect(log.at(-1)).toBe(GATE);
    const both = createSteps({ stored: recordOf(1), decide, ways: BOTH, afresh: true });
    expect(await both.send()).toMatchObject({ done: { grant: { name: "client_credentials" } } });
    expect(both.log.slice(1)).toEqual([
      'gate of refresh-1 {"login":true,"afresh":true}',
      "client_credentials with refresh-1 as grant 1",
    ]);
  });

  test("T-18 a gate whose store fails ends a refresh, and costs a login where there is one", async () => {
    for (const [error, ways, logs] of [
      [down, ["refresh"], false],
      [down, BOTH, true],
      [new TypeError("a bug"), BOTH, false],
    ] as const) {
      const decide = () => Promise.reject(error);
      const { send, log } = createSteps({ stored: recordOf(1), decide, ways });
      if (logs) expect(await send()).toMatchObject({ done: { token: tokenOf(9) } });
      else expect(await failure(send())).toBe(error);
      expect(log.at(-1)?.startsWith(logs ? "client" : "gate")).toBe(true);
    }
  });

  test("T-10 one that was refused before is not sent where a login can follow", async () => {
    const isRefused = (token: string | undefined): boolean => token === "refresh-1";
    const both = { stored: recordOf(1), isRefused, ways: BOTH };
    const { send, log } = createSteps(both);
    await send();
    expect(log.slice(1)).toEqual(["client_credentials with refresh-1 as grant 1"]);
    for (const more of [{ afresh: true }, { ways: ["refresh"] as const }]) {
      const sent = createSteps({ ...both, ...more });
      await sent.send();
      expect(sent.log.at(-1)).toBe(SENT);
    }
  });

  test("T-10 only a login after it counts, not one that was tried before it", async () => {
    const { send, log } = createSteps({
      ...{ stored: recordOf(1), ways: ["login", "refresh"] },
      answer: (n) =>
        n === 1 ? failed(refusal, { problem: { code: "go_on" }, status: 400 }) : tokenOf(9),
    });
    expect(await send()).toMatchObject({ done: { grant: { name: "refresh_token" } } });
    expect(log.slice(1)).toEqual([
      "client_credentials with refresh-1 as grant 0",
      GATE,
      "refresh_token with refresh-1 as grant 1",
    ]);
  });

  test("of a provider that keeps it itself brings a token like a login", async () => {
    const { send, content, log } = createSteps({ ways: BOTH, always: true });
    expect(await send()).toEqual({
      done: {
        ...{ token: tokenOf(9), previous: undefined },
        grant: expect.objectContaining({ name: "refresh_token" }),
      },
    });
    expect(content.get("key")).toMatchObject({ token: tokenOf(9) });
    expect(log).toEqual([
      'gate of undefined {"login":true,"afresh":false}',
      "refresh_token with nothing as grant 0",
    ]);
    const refused = createSteps({
      ...{ ways: BOTH, always: true },
      answer: (n) =>
        n === 1 ? failed(refusal, { problem: { code: "go_on" }, status: 400 }) : tokenOf(9),
    });
    await refused.send();
    expect(refused.log.slice(2)).toEqual([
      "refused undefined",
      "client_credentials with nothing as grant 1",
    ]);
  });

  test("T-18 is not sent while the store fails", async () => {
    const { steps, gate, look, log } = createSteps({ stored: recordOf(1), ways: BOTH });
    await steps.send({ ...(await look()), storeFailed: true }, gate);
    expect(log.slice(1)).toEqual(["client_credentials with refresh-1 as grant 1"]);
  });

  test("T-17 asks for consent if no grant is left", async () => {
    const { steps, gate, look, log } = createSteps({ stored: recordOf(1) });
    expect(await failure(steps.send({ ...(await look()), storeFailed: true }, gate))).toMatchObject(
      { kind: "reauthorization_required" },
    );
    expect(log).toEqual(["adopt access-1 of 1"]);
  });
});

describe("T-16 a token that the store failed to save", () => {
  const unsaved = async (setup: Setup) => {
    const store = { broken: true };
    const created = createSteps({
      stored: recordOf(1),
      beforeSet: (key) => {
        if (store.broken && key === "key") throw down;
      },
      ...setup,
    });
    await created.record.load();
    await created.record.save(tokenOf(2), { sent: "refresh-1" }, undefined);
    created.log.splice(0);
    return { ...created, store };
  };

  test("is saved before its refresh token is sent, and then the store is looked at again", async () => {
    const { send, store, content, log } = await unsaved({});
    store.broken = false;
    expect(await send()).toEqual({ again: true });
    expect(content.get("key")).toMatchObject({ token: tokenOf(2) });
    expect(log).toEqual([]);
  });

  test("is not renewed further while it cannot be saved", async () => {
    const { send, log } = await unsaved({});
    expect(await failure(send())).toBe(down);
    expect(log).toEqual(["save failed"]);
  });

  test("costs a login where there is one", async () => {
    const { send, log } = await unsaved({ ways: BOTH });
    expect(await send()).toMatchObject({ done: { token: tokenOf(9) } });
    expect(log.filter((step) => step.includes("with"))).toEqual([
      "client_credentials with refresh-2 as grant 1",
    ]);
  });

  test("does not keep a login that comes first", async () => {
    const { send, log } = await unsaved({ ways: ["login"] });
    expect(await send()).toMatchObject({ done: { token: tokenOf(9) } });
    expect(log.filter((step) => step === "save failed")).toHaveLength(1); // That of the new token.
  });
});

describe("T-10 the refusals that the store knows of", () => {
  const noted = (until: number) => ({ latch: [{ tag: "tag", until, status: 401 }] });
  const END = Date.UTC(2026, 0, 1) + 60_000;

  test("forbid the request; `reset()` permits one", async () => {
    const { send, refusals, log } = createSteps({ ways: ["login"], latched: noted(END) });
    const thrown = await failure(send());
    expect(thrown).toBeInstanceOf(Forbidden);
    expect(thrown["error"]).toMatchObject({ kind: "credentials", status: 401 });
    expect(refusals).toEqual([[thrown["error"], "fingerprint of nothing", END]]);
    expect(log).toEqual([]);
    const afresh = createSteps({ ways: ["login"], latched: noted(END), afresh: true });
    await afresh.send();
    expect([afresh.log, afresh.refusals]).toEqual([[LOGIN], []]);
    expect(afresh.latched()).toEqual({ generation: 2, latch: [] }); // A success removes it.
  });

  test("are not looked for without a shared latch, a tag or a store", async () => {
    for (const more of [{ noSharedLatch: true }, { tag: undefined }]) {
      const read: string[] = [];
      const { send, log, latched } = createSteps({
        ...{ ways: ["login"], latched: noted(END), beforeGet: (key) => void read.push(key) },
        ...more,
      });
      await send();
      expect([log, latched()?.generation]).toEqual([[LOGIN], 1]);
      expect(read).toEqual(["key"]);
    }
    const { steps, gate, look, log } = createSteps({ ways: ["login"], latched: noted(END) });
    await steps.send({ ...(await look()), storeFailed: true }, gate);
    expect(log).toEqual([LOGIN]);
  });

  test("do not matter if they cannot be read in time", async () => {
    const created = createSteps({
      ...{ ways: ["login"], latched: noted(END) },
      beforeGet: (key) => (key === LATCH ? new Promise<never>(() => undefined) : undefined),
    });
    await created.clock.advanceUntil(created.send());
    expect(created.log).toEqual([LOGIN]);
    expect(created.clock.scheduler.monotonic()).toBe(TOTAL / 3);
  });

  test("get a new one, until the time that the source decides", async () => {
    const answer = () => failed(refusal);
    const { send, latched, refusals, log } = createSteps({ ways: ["login"], answer, until: END });
    expect(await failure(send())).toBe(refusal);
    expect(refusals).toEqual([[refusal, "fingerprint of nothing"]]);
    expect(latched()?.latch).toEqual([{ tag: "tag", until: END, status: 401, code: "bad" }]);
    expect(log).toEqual([LOGIN]); // No gate, and no doubt.
  });

  test("get none of an error that does not latch, nor without a tag, a latch or a store", async () => {
    const base = { ways: ["login"] as const, answer: () => failed(refusal) };
    for (const more of [
      {},
      { until: END, tag: undefined },
      { until: END, noSharedLatch: true },
    ] as Setup[]) {
      const { send, content } = createSteps({ ...base, ...more });
      expect(await failure(send())).toBe(refusal);
      expect([...content.keys()]).toEqual([]);
    }
    const { steps, gate, look, content } = createSteps({ ...base, until: END });
    await failure(steps.send({ ...(await look()), storeFailed: true }, gate));
    expect([...content.keys()]).toEqual([]);
  });
});

describe("T-20 a token that the vendor refused", () => {
  const NOW = Date.UTC(2026, 0, 1);
  const stored: TokenRecord = {
    token: tokenOf(NOW - 60_000, { accessToken: "access-1", refreshToken: "refresh-1" }),
    generation: 41,
  };
  const forced = { latch: [], renewals: [{ at: NOW - 1, forced: true as const }] };

  test("is served on if a renewal was forced just before", async () => {
    const setup = { stored, refused: stored.token, latched: forced };
    const { send, log } = createSteps(setup);
    expect(await send()).toEqual({ done: { token: stored.token, heldBack: true } });
    expect(log).toHaveLength(1);
    // The refused one is compared by what is sent.
    const same = createSteps({ ...setup, refused: tokenOf(5, { accessToken: "access-1" }) });
    expect(await same.send()).toMatchObject({ done: { heldBack: true } });
  });

  test("is renewed, which is noted, if none was, or after `reset()`", async () => {
    for (const more of [{}, { latched: forced, afresh: true }]) {
      const { send, latched, log } = createSteps({ stored, refused: stored.token, ...more });
      expect(await send()).toMatchObject({ done: { token: tokenOf(9) } });
      expect(latched()?.renewals?.at(-1)).toEqual({ at: 9, forced: true });
      expect(log.at(-1)).toBe(SENT);
    }
  });

  test("is not served on if the record may not be served", async () => {
    const other = { ...stored, binding: "theirs" };
    const { send, log } = createSteps({
      ...{ stored: other, refused: stored.token, latched: forced, binding: "mine" },
    });
    expect(await send()).toMatchObject({ done: { token: tokenOf(9) } });
    expect(log).toEqual([GATE, SENT]);
  });

  test("forces a renewal of no other token", async () => {
    const { send, latched } = createSteps({ stored, refused: tokenOf(5) });
    await send();
    expect(latched()).toBeUndefined();
  });

  test("forces a renewal if the store holds none", async () => {
    const { send, latched } = createSteps({ refused: tokenOf(5), ways: ["login"] });
    await send();
    expect(latched()?.renewals).toEqual([{ at: 9, forced: true }]);
    const none = createSteps({ ways: ["login"] });
    await none.send();
    expect(none.latched()).toBeUndefined();
  });

  test("is noted only in a store that does not fail", async () => {
    const setup = { refused: tokenOf(5), ways: ["login"] as const };
    const { steps, gate, look, content } = createSteps(setup);
    await steps.send({ ...(await look()), storeFailed: true }, gate);
    expect(content.has(LATCH)).toBe(false);
    const without = createSteps({ ...setup, noSharedLatch: true });
    await without.send();
    expect(without.content.has(LATCH)).toBe(false);
  });

  test("T-04 one from a clock that is ahead is served with the times of this clock", async () => {
    const ahead = tokenOf(NOW + HOUR, { accessToken: "ahead", expiresAt: NOW + 2 * HOUR });
    const setup: Setup = {
      stored: { token: ahead, generation: 41 },
      latched: { latch: [], renewals: [{ at: NOW - 5 }] },
    };
    const { send, log } = createSteps({
      ...setup,
      adopt: (token) => (token.issuedAt < NOW ? token : undefined),
    });
    const moved = { ...ahead, issuedAt: NOW - 5, expiresAt: NOW - 5 + HOUR };
    expect(await send()).toEqual({ done: { token: moved } });
    expect(log).toEqual([`adopt ahead of ${NOW + HOUR}`, `adopt ahead of ${NOW - 5}`]);
    // If it cannot be used nevertheless, it is renewed, and that is noted.
    const unusable = createSteps(setup);
    expect(await unusable.send()).toMatchObject({ done: { token: tokenOf(9) } });
    expect(unusable.latched()?.renewals).toEqual([{ at: NOW - 5 }, { at: 9 }]);
    // One that may not be served was not replaced for its time.
    const other = createSteps({
      ...setup,
      ...{ stored: { token: ahead, generation: 41, binding: "theirs" }, binding: "mine" },
    });
    await other.send();
    expect(other.latched()?.renewals).toEqual([{ at: NOW - 5 }]);
  });
});

describe("T-09 the save", () => {
  test("of a token whose session was revoked meanwhile brings nothing: the store is looked at again", async () => {
    const created = createSteps({
      stored: recordOf(1),
      answer: () => {
        created.content.delete("key");
        return tokenOf(9);
      },
    });
    expect(await created.send()).toEqual({ again: true });
    expect(created.content.has("key")).toBe(false);
  });

  test("that takes longer than the deadline is not waited for, and its end is told", async () => {
    const created = createSteps({
      stored: recordOf(1),
      beforeSet: () => sleep(created.clock, TOTAL + 5000),
    });
    const { clock, log, send, content } = created;
    expect(await clock.advanceUntil(send())).toMatchObject({ done: { token: tokenOf(9) } });
    expect(clock.scheduler.monotonic()).toBe(TOTAL);
    expect(log).not.toContain("late save");
    await clock.advance(5000);
    expect(log.at(-1)).toBe("late save");
    expect(content.get("key")).toMatchObject({ token: tokenOf(9) });
  });
});

describe("a token request that fails", () => {
  const cut = new NetworkError({ message: "cut", provider: "vendor" });

  test.each([
    [true, true, "failed"],
    [true, false, "failed, lost"],
    [false, false, "failed"],
  ])("T-13 lost %s, replay %s: %s", async (lost, replay, told) => {
    const answer = () => failed(cut, { lost });
    const { send, log } = createSteps({ stored: recordOf(1), answer, replay });
    expect(await failure(send())).toBe(cut);
    expect(log.slice(2)).toEqual([SENT, ...(lost ? ["doubt"] : []), told]);
  });

  test("T-13 a login is never lost, and no gate is told", async () => {
    const answer = () => failed(cut, { lost: true });
    const { send, log } = createSteps({ answer, ways: ["login"], mayResend: false });
    expect(await failure(send())).toBe(cut);
    expect(log).toEqual([LOGIN]);
  });

  test("T-14 without the lease another process may have renewed the token: the store is looked at again", async () => {
    const rejected = new CredentialsError({ message: "no" });
    for (const [error, again] of [
      [cut, true],
      [rejected, false],
    ] as const) {
      const answer = () => failed(error);
      const { send } = createSteps({ stored: recordOf(1), answer, mayResend: false });
      if (again) expect(await send()).toEqual({ again: true });
      else expect(await failure(send())).toBe(error);
    }
  });

  test("T-17 a dead grant marks the record, unless the store has another refresh token by now", async () => {
    const created = createSteps({ stored: recordOf(1), answer: () => failed(dead) });
    expect(await failure(created.send())).toBe(dead);
    expect(created.content.get("key")).toMatchObject({ reauthorizationRequired: true });
    expect(created.log.at(-1)).toBe(SENT); // The mark stands for the intent.
    expect(created.refusals).toEqual([[dead, "fingerprint of refresh-1"]]);
    const replaced = createSteps({
      stored: recordOf(1),
      answer: () => {
        replaced.content.set("key", recordOf(5));
        return failed(dead);
      },
    });
    expect(await replaced.send()).toEqual({ again: true });
    expect([replaced.content.get("key"), replaced.refusals]).toEqual([recordOf(5), []]);
  });

  test("T-17 a mark that takes longer than the deadline is not waited for", async () => {
    const created = createSteps({
      stored: recordOf(1),
      answer: () => failed(dead),
      beforeSet: () => new Promise<never>(() => undefined),
    });
    expect(await failure(created.clock.advanceUntil(created.send()))).toBe(dead);
    expect(created.clock.scheduler.monotonic()).toBe(TOTAL);
  });

  test("T-10 a refusal that the grant goes on from is followed by the next grant", async () => {
    const problem = { code: "go_on" };
    const answer = (n: number) =>
      n === 1 ? failed(refusal, { problem, status: 400 }) : tokenOf(9);
    const { send, log, content } = createSteps({ stored: recordOf(1), answer, ways: BOTH });
    expect(await send()).toMatchObject({ done: { grant: { name: "client_credentials" } } });
    expect(log.slice(2)).toEqual([
      SENT,
      "refused refresh-1",
      "client_credentials with refresh-1 as grant 1",
    ]);
    expect(content.get("key")).toMatchObject({ token: tokenOf(9) });
  });

  test.each<[string, Partial<FailedTokenRequest>, Setup["ways"]]>([
    ["for another reason", { problem: { code: "other" }, status: 400 }, BOTH],
    ["with another status", { problem: { code: "go_on" }, status: 401 }, BOTH],
    ["without a status", { problem: { code: "go_on" } }, BOTH],
    ["without a problem", { status: 400 }, BOTH],
    ["with no grant after it", { problem: { code: "go_on" }, status: 400 }, ["refresh"]],
  ])("T-10 a refusal %s ends the renewal", async (_, more, ways) => {
    const answer = () => failed(refusal, more);
    const { send, log } = createSteps({ stored: recordOf(1), answer, ...(ways ? { ways } : {}) });
    expect(await failure(send())).toBe(refusal);
    expect(log.slice(2)).toEqual([SENT, "failed"]);
  });

  test("T-10 a login that goes on is followed by the next one, and refuses no refresh token", async () => {
    const problem = { code: "go_on" };
    const answer = (n: number) =>
      n === 1 ? failed(refusal, { problem, status: 400 }) : tokenOf(9);
    const { send, log } = createSteps({ answer, ways: ["login", "login"] });
    await send();
    expect(log).toEqual([LOGIN, "client_credentials with nothing as grant 1"]);
  });

  test("T-11 a rate limit is remembered, and noted nowhere", async () => {
    const limit = new RateLimitError({ message: "slow down", retryAt: 5 });
    const { send, refusals, content } = createSteps({
      ...{ ways: ["login"], answer: () => failed(limit) },
    });
    expect(await failure(send())).toBe(limit);
    await settle();
    expect(refusals).toEqual([[limit, "fingerprint of nothing"]]);
    expect(content.size).toBe(0);
  });
});
