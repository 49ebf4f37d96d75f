/**
 * The coordinator against a model: random interleavings of callers, aborts, refusals, failures, slow answers, expiry and clock
 * jumps. Clock, chance and timers are the test's own. MODEL_RUNS and MODEL_SEED make longer and repeatable runs.
 */
import fc from "fast-check";
import { createMemoryStore, isCorrigendaError, type Connection, type Provider, type Token } from "../src/index.ts";
import { assemble, readBearer } from "../src/token-answer.ts";
import { createKnownSecrets } from "../src/known-secrets.ts";
import { createTokenSource } from "../src/token-source.ts";
import type { GrantedTokenSource } from "../src/source.ts";
import { createOwners } from "../src/owner.ts";
import type { Runtime } from "../src/runtime.ts";
import type { Scheduler } from "../src/scheduler.ts";
import { createServerClock } from "../src/server-clock.ts";
import { expiryAfter, freshness, parseInteger } from "../src/token.ts";

const RUNS = Number(process.env["MODEL_RUNS"] ?? 2000);
const SEED = process.env["MODEL_SEED"] === undefined ? {} : { seed: Number(process.env["MODEL_SEED"]) };
const TIMEOUTS = { attempt: 10_000, total: 30_000 };
const LEASES = { ttl: 5000, heartbeat: 1667, poll: 100, patience: 60_000 };

interface Caller {
  readonly abort: AbortController;
  readonly since: number;
  aborted: boolean;
  settled: "no" | "token" | "error";
}
interface Pending { readonly form: URLSearchParams; readonly sentAt: number; readonly answer: (response: Response | Error) => void; done: boolean }

/** The world that the coordinator lives in, and what is known of it from outside: the model. */
class World {
  monotonic = 0;
  wall = Date.UTC(2026, 0, 1);
  timers: { at: number; run: () => void }[] = [];
  callers: Caller[] = [];
  requests: Pending[] = [];
  /** Tokens that the vendor refused and the coordinator was told of. */
  refused = new Set<string>();
  forcedAt = -Infinity;
  issued = 0;
  current: Token | undefined;
  /** Refresh tokens and other secrets that the vendor refused, and when. */
  dead = new Map<string, number>();
  /** The clock jumped, or everything was reset, while a request was under way: its retries belong to a time when the token was due. */
  excused = false;
  problems: string[] = [];
  readonly source: GrantedTokenSource;

  readonly rotating: boolean;

  constructor(rotating: boolean) {
    this.rotating = rotating;
    this.source = createTokenSource(provider, connection(rotating), this.runtime());
  }

  now = (): number => this.wall + this.monotonic;

  private runtime(): Runtime {
    const scheduler: Scheduler = {
      random: () => 0,
      monotonic: () => this.monotonic,
      after: (ms, run) => {
        const timer = { at: this.monotonic + ms, run };
        this.timers.push(timer);
        return { clear: () => { this.timers = this.timers.filter((one) => one !== timer); }, keepAlive: () => undefined };
      },
    };
    return { fetch: this.fetch, now: this.now, store: createMemoryStore(), binds: false, emit: () => undefined, secrets: createKnownSecrets(), timeouts: TIMEOUTS, background: () => undefined, scheduler, serverClock: createServerClock(scheduler.monotonic), replay: true, maxAnswerBytes: Infinity, leases: LEASES, owners: createOwners() };
  }

  fetch = (_: unknown, init?: RequestInit): Promise<Response> => {
    const form = new URLSearchParams(init?.body as string);
    if (this.requests.some(({ done }) => !done)) this.problems.push("two token requests at once");
    if (!this.excused && this.current && !this.refused.has(this.current.accessToken) && freshness(this.current, this.now()) === "fresh") this.problems.push("a token request while the token is fresh");
    // One single try every 15 minutes, and after reset() (T-10).
    const at = this.dead.get(secretOf(form));
    if (at !== undefined && this.now() >= at && this.now() - at < 15 * 60_000) this.problems.push("what the vendor refused was sent again");
    else this.dead.delete(secretOf(form)); // The retries belong to this try, whatever the clock says by then.
    return new Promise((resolve, reject) => {
      const pending: Pending = { form, sentAt: this.now(), done: false, answer: (response) => {
        pending.done = true;
        if (response instanceof Response) resolve(response);
        else reject(response);
      } };
      init?.signal?.addEventListener("abort", () => {
        pending.done = true;
        reject(init.signal?.reason as Error);
      });
      this.requests.push(pending);
    });
  };

  /** Lets everything run that can run without time passing. */
  async flush(): Promise<void> {
    for (let i = 0; i < 3; i += 1) await new Promise(setImmediate);
  }

  async advance(ms: number): Promise<void> {
    const end = this.monotonic + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.monotonic = Math.max(this.monotonic, next.at);
      this.timers = this.timers.filter((one) => one !== next);
      next.run();
      await this.flush();
    }
    this.monotonic = end;
    await this.flush();
  }

  async call(rejected?: Token): Promise<void> {
    const caller: Caller = { abort: new AbortController(), since: this.monotonic, aborted: false, settled: "no" };
    this.callers.push(caller);
    this.source.getToken({ signal: caller.abort.signal, rejected }).then(
      (token) => {
        caller.settled = "token";
        if (freshness(token, this.now()) === "stale") this.problems.push("an expired token was handed out");
        if (this.refused.has(token.accessToken)) this.problems.push("a refused token was handed out");
      },
      (error: unknown) => {
        caller.settled = "error";
        const own = error === caller.abort.signal.reason && caller.aborted;
        if (!own && !isCorrigendaError(error)) this.problems.push(`an untyped failure: ${String(error)}`);
        if (caller.aborted && !own) this.problems.push("an aborted caller got something else than its own reason");
      },
    );
    await this.flush();
  }

  /** Answers the request under way. */
  async answer(kind: Answer): Promise<void> {
    const pending = this.requests.find(({ done }) => !done);
    if (!pending) return;
    if (kind.type === "token") {
      this.issued += 1;
      this.excused = false;
      const body = { access_token: `access-${this.issued}`, expires_in: kind.lifetime, ...(this.rotating ? { refresh_token: `refresh-${this.issued}` } : {}) };
      this.current = { accessToken: body.access_token, tokenType: "Bearer", issuedAt: pending.sentAt, expiresAt: pending.sentAt + kind.lifetime * 1000 };
      pending.answer(Response.json(body));
    } else if (kind.type === "status") {
      if (kind.status === 400 || kind.status === 401) this.dead.set(secretOf(pending.form), this.now());
      const headers = kind.retryAfter === undefined ? {} : { "retry-after": String(kind.retryAfter) };
      pending.answer(Response.json({ error: kind.status === 400 ? "invalid_grant" : "other" }, { status: kind.status, headers }));
    } else if (kind.type === "garbage") pending.answer(new Response("<html>"));
    else pending.answer(Object.assign(new TypeError("fetch failed"), { cause: { code: kind.code } }));
    await this.flush();
  }

  /** A caller says that the vendor refused this token. Within 30 s of a forced renewal it stays (T-20). */
  refuse(token: Token): void {
    if (freshness(token, this.now()) === "stale" || this.refused.has(token.accessToken)) return;
    if (this.now() >= this.forcedAt && this.now() - this.forcedAt < 30_000) return;
    this.forcedAt = this.now();
    this.refused.add(token.accessToken);
  }

  async check(): Promise<void> {
    if (this.timers.length > 0 && !(await this.source.explain()).inFlight) this.problems.push("a timer was left behind");
    if (this.problems.length > 0) throw new Error(this.problems.join("; "));
  }

  /** Every promise settles by its deadline, whatever is under way. */
  async end(): Promise<void> {
    await this.advance(TIMEOUTS.total);
    if (this.callers.some(({ settled }) => settled === "no")) this.problems.push("a caller was left waiting beyond the deadline");
    await this.source.close();
    await this.check();
  }
}

type Answer = { readonly type: "token"; readonly lifetime: number } | { readonly type: "status"; readonly status: number; readonly retryAfter?: number } | { readonly type: "garbage" } | { readonly type: "fault"; readonly code: string };

const secretOf = (form: URLSearchParams): string => form.get("refresh_token") ?? form.get("secret") ?? "";

const OPERATION = "POST /token";
const provider: Provider<object, never> = {
  name: "model", tokenScheme: "bearer",
  meta: { servers: [], schemes: { bearer: { header: "Authorization" } }, security: [], operations: { [OPERATION]: { id: "token", security: [], request: "application/x-www-form-urlencoded" } } },
  connect: () => { throw new Error("not used"); },
  parseToken({ body, ...moment }) {
    const lifetime = parseInteger(body["expires_in"]);
    const refreshToken = body["refresh_token"];
    return assemble({ ...readBearer(body), ...(typeof refreshToken === "string" ? { refreshToken } : {}) }, moment, { at: lifetime === undefined ? undefined : expiryAfter(lifetime, moment), pointer: "/expires_in" });
  },
  readProblem: (body) => ({ code: (body as { error?: string } | undefined)?.error }),
};
const connection = (rotating: boolean): Connection => ({
  baseUrl: "https://model.example", identity: ["someone"], tokenOperation: OPERATION,
  grants: ({ refreshToken }) => rotating
    ? refreshToken === undefined ? [] : [{ name: "refresh", grantType: "refresh_token", request: async () => ({ operation: OPERATION, body: { refresh_token: refreshToken }, secrets: [refreshToken] }) }]
    : [{ name: "mint", grantType: "client_credentials", request: async () => ({ operation: OPERATION, body: { secret: "s" }, secrets: ["s"] }) }],
});

/** A step of a run, as fast-check's commands have it. The model is what the world keeps of itself. */
class Step implements fc.AsyncCommand<object, World> {
  readonly #label: string;
  readonly #step: (world: World) => Promise<void>;
  constructor(label: string, run: (world: World) => Promise<void>) {
    this.#label = label;
    this.#step = run;
  }
  check = (): boolean => true;
  async run(_: object, world: World): Promise<void> {
    await this.#step(world);
    await world.check();
  }
  toString = (): string => this.#label;
}

const step = (label: string, run: (world: World) => Promise<void>): Step => new Step(label, run);
const answers: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(20, 60, 600, 3600).map((lifetime): Answer => ({ type: "token", lifetime })) },
  { weight: 2, arbitrary: fc.constantFrom<Answer>({ type: "status", status: 500 }, { type: "status", status: 503 }, { type: "status", status: 408 }) },
  { weight: 2, arbitrary: fc.constantFrom<Answer>({ type: "status", status: 429, retryAfter: 1 }, { type: "status", status: 429, retryAfter: 120 }, { type: "status", status: 503, retryAfter: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom<Answer>({ type: "status", status: 401 }, { type: "status", status: 404 }, { type: "status", status: 400 }) },
  { weight: 2, arbitrary: fc.constantFrom<Answer>({ type: "fault", code: "ECONNRESET" }, { type: "fault", code: "ECONNREFUSED" }, { type: "garbage" }) },
);
const steps: fc.Arbitrary<Step>[] = [
  fc.integer({ min: 1, max: 5 }).map((n) => step(`${n} callers`, async (world) => { for (let i = 0; i < n; i += 1) await world.call(); })),
  fc.nat(10).map((n) => step(`abort ${n}`, async (world) => {
    const waiting = world.callers.filter(({ settled }) => settled === "no");
    const caller = waiting[n % Math.max(1, waiting.length)];
    if (!caller) return;
    caller.aborted = true;
    caller.abort.abort(new Error("enough"));
    await world.flush();
    if (caller.settled !== "error") world.problems.push("an abort did not settle its caller at once");
    if (waiting.some((other) => other !== caller && other.settled !== "no")) world.problems.push("an abort touched another waiter");
  })),
  answers.map((kind) => step(`answer ${JSON.stringify(kind)}`, (world) => world.answer(kind))),
  answers.map((kind) => step(`answer ${JSON.stringify(kind)}`, (world) => world.answer(kind))),
  fc.constantFrom(100, 1000, 5000, 10_000, 30_000, 60_000, 600_000, 3_600_000, 16 * 60_000).map((ms) => step(`${ms} ms pass`, (world) => world.advance(ms))),
  fc.constantFrom(-86_400_000, -600_000, -60_000, -1000, 1000, 60_000, 600_000, 86_400_000).map((ms) => step(`the clock jumps by ${ms} ms`, async (world) => {
    world.wall += ms;
    world.excused = true;
  })),
  fc.integer({ min: 1, max: 4 }).map((n) => step(`${n} callers report a 401`, async (world) => {
    const { current } = world;
    if (!current) return;
    world.refuse(current);
    for (let i = 0; i < n; i += 1) await world.call(current);
  })),
  fc.constant(step("reset", async (world) => {
    world.source.reset();
    world.dead.clear();
    world.refused.clear();
    world.forcedAt = -Infinity;
    world.excused = true;
  })),
];

describe.each([["minting", false], ["rotating", true]] as const)("a %s credential", (_, rotating) => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  beforeAll(() => {
    process.on("unhandledRejection", note);
    // The platform's runs on other threads, whose end no test can order.
    jest.spyOn(crypto.subtle, "digest").mockImplementation(async (__, data) => data as ArrayBuffer);
  });
  afterAll(() => {
    process.off("unhandledRejection", note);
    jest.restoreAllMocks();
  });

  test(`T-04 to T-13, T-20: ${RUNS / 2} random sequences keep every invariant`, async () => {
    let sequences = 0;
    await fc.assert(fc.asyncProperty(fc.commands(steps, { maxCommands: 30, size: "max" }), async (commands) => {
      const world = new World(rotating);
      if (rotating) await world.source.adopt({ accessToken: "access-0", tokenType: "Bearer", issuedAt: world.now(), expiresAt: world.now() + 60_000, refreshToken: "refresh-0" }, "authorization_code", undefined);
      await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
      await world.end();
      sequences += 1;
    }), { numRuns: RUNS / 2, ...SEED });
    expect(rejections).toEqual([]);
    expect(sequences).toBeGreaterThanOrEqual(RUNS / 2);
  }, Math.max(60_000, RUNS * 20));
});
