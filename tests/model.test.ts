/**
 * The token lifecycle against a model. Random sequences mix callers, aborts, refusals, failures,
 * slow answers, expiry, clock changes, consent, revocation, and a record that is deleted from
 * outside. Clock, randomness and timers belong to the test. MODEL_RUNS makes the run longer, and
 * MODEL_SEED repeats a run.
 */
import fc from "fast-check";
import { createMemoryStore, isCorrigendaError, type Token, type TokenStore } from "../src/index.ts";
import { createLeasedStore } from "./support/leased-store.ts";
import { createGrantedTokenSource } from "../src/client/granted-token-source.ts";
import type { GrantedTokenSource } from "../src/client/granted-token-source.ts";
import { createRuntime } from "../src/client/options.ts";
import { createServerClock } from "../src/http/server-clock.ts";
import { storeKey } from "../src/tokens/store-key.ts";
import { freshness } from "../src/token.ts";
import { createManualClock, settle } from "./support/manual-clock.ts";
import { plainConnection, plainProvider, type Ways } from "./support/plain-provider.ts";

const RUNS = Number(process.env["MODEL_RUNS"] ?? 3000);
/** For each kind of credential and store. */
const EACH = Math.ceil(RUNS / 6);
const SEED =
  process.env["MODEL_SEED"] === undefined ? {} : { seed: Number(process.env["MODEL_SEED"]) };
const TIMEOUTS = { attempt: 10_000, total: 30_000 };
const LEASES = { ttl: 5000, heartbeat: 1667, poll: 100, patience: 60_000 };

interface Caller {
  readonly abort: AbortController;
  aborted: boolean;
  settled: "no" | "token" | "error";
}
interface Pending {
  readonly form: URLSearchParams;
  readonly sentAt: number;
  readonly began: number;
  readonly answer: (response: Response | Error) => void;
  done: boolean;
}

/** From a login or a consent on, through every rotation. */
interface Session {
  over: boolean;
  /** Its consent waits, and comes after whatever runs before it. */ coming?: boolean;
}
interface Known {
  readonly session: Session;
  /** Nobody may get it any more. */ withdrawn: boolean;
}

/** The world that the coordinator lives in, and what is known of it from outside: the model. */
class World {
  readonly clock = createManualClock();
  readonly store: TokenStore;
  readonly key: string;
  callers: Caller[] = [];
  requests: Pending[] = [];
  /** Tokens that the vendor refused and the coordinator was told of. */
  refused = new Set<string>();
  forcedAt = -Infinity;
  issued = 0;
  current: Token | undefined;
  /**
   * Every token that was ever issued, by what goes over the wire: access tokens and refresh tokens.
   */
  known = new Map<string, Known>();
  /** Refresh tokens and other secrets that the vendor refused, and when. */
  dead = new Map<string, { readonly at: number; readonly until: number }>();
  /** Consents and revocations that wait for the request under way. */
  waiting = 0;
  /**
   * The clock jumped, or everything was reset, while a request was under way: its retries belong to
   * a time when the token was due.
   */
  excused = false;
  /**
   * Of a renewal during which its record was deleted or replaced: its refresh token may be sent
   * again until it ends.
   */
  spared: string | undefined;
  /** Whether the record of the renewal under way was deleted or replaced. */
  outdated = false;
  /** What another process stored last, and what it stored during the renewal under way. */
  adoptable: Token | undefined;
  theirs: Token | undefined;
  problems: string[] = [];
  readonly source: GrantedTokenSource;

  readonly ways: Ways;

  constructor(ways: Ways, store: TokenStore) {
    this.ways = ways;
    this.store = store;
    const connection = plainConnection(ways);
    this.key = storeKey(plainProvider.name, connection);
    const runtime = createRuntime(
      { store: this.store, fetch: this.fetch, now: this.now, timeouts: TIMEOUTS, leases: LEASES },
      undefined,
    );
    this.source = createGrantedTokenSource(plainProvider, connection, {
      ...runtime,
      scheduler: this.clock.scheduler,
      serverClock: createServerClock(this.clock.scheduler.monotonic),
      binds: false,
    });
  }

  now = (): number => this.clock.now();

  fetch = (_: unknown, init?: RequestInit): Promise<Response> => {
    const form = new URLSearchParams(init?.body as string);
    if (this.requests.some(({ done }) => !done)) this.problems.push("two token requests at once");
    if (
      !this.excused &&
      this.current &&
      !this.refused.has(this.current.accessToken) &&
      freshness(this.current, this.now()) === "fresh"
    )
      this.problems.push("a token request while the token is fresh");
    // One single try every 15 minutes, and after reset() (T-10).
    const refusal = this.dead.get(secretOf(form));
    if (refusal && this.now() >= refusal.at && this.now() < refusal.until)
      this.problems.push("what the vendor refused was sent again");
    // The retries belong to this try, whatever the clock says by then.
    else this.dead.delete(secretOf(form));
    const sent = form.get("refresh_token");
    if (sent !== null && this.known.get(sent)?.session.over && sent !== this.spared)
      this.problems.push("a refresh token was sent whose record is gone");
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        form,
        sentAt: this.now(),
        began: this.clock.scheduler.monotonic(),
        done: false,
        answer: (response) => {
          pending.done = true;
          if (response instanceof Response) resolve(response);
          else reject(response);
        },
      };
      init?.signal?.addEventListener("abort", () => {
        pending.done = true;
        reject(init.signal?.reason as Error);
      });
      this.requests.push(pending);
    });
  };

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  async call(rejected?: Token): Promise<void> {
    const caller: Caller = { abort: new AbortController(), aborted: false, settled: "no" };
    this.callers.push(caller);
    this.source.getToken({ signal: caller.abort.signal, rejected }).then(
      (token) => {
        caller.settled = "token";
        if (freshness(token, this.now()) === "stale")
          this.problems.push("an expired token was handed out");
        if (this.refused.has(token.accessToken))
          this.problems.push("a refused token was handed out");
        if (token.accessToken === this.adoptable?.accessToken) this.current = this.adoptable;
        if (this.known.get(token.accessToken)?.withdrawn !== false)
          this.problems.push(
            "a token was handed out that was revoked, or that a new consent took the place of",
          );
      },
      (error: unknown) => {
        caller.settled = "error";
        const own = error === caller.abort.signal.reason && caller.aborted;
        if (!own && !isCorrigendaError(error))
          this.problems.push(`an untyped failure: ${String(error)}`);
        if (caller.aborted && !own)
          this.problems.push("an aborted caller got something else than its own reason");
      },
    );
    await settle();
  }

  /** Answers the request under way. */
  async answer(kind: Answer): Promise<void> {
    const pending = this.requests.find(({ done }) => !done);
    if (!pending) return;
    if (kind.type === "token") {
      // By the clock as it goes now, if it was set while the answer was on its way (T-02).
      const passed = this.clock.scheduler.monotonic() - pending.began;
      const sentAt =
        Math.abs(this.now() - pending.sentAt - passed) > 1000
          ? this.now() - passed
          : pending.sentAt;
      // A rotation goes on with the session of its refresh token; a login begins one.
      const sent = pending.form.get("refresh_token");
      const session = (sent === null ? undefined : this.known.get(sent)?.session) ?? {
        over: false,
      };
      const token = this.issue(session, sentAt, kind.lifetime);
      const stored = await this.store.get(this.key);
      const theirs =
        stored?.token.accessToken === this.theirs?.accessToken ? this.theirs : undefined;
      if (session.over || (sent === null && theirs && theirs.issuedAt >= sentAt)) {
        // Its record is gone, or another one holds: it is not saved, and nobody gets it.
        this.withdraw(token);
        session.over = true;
        this.current = theirs ?? this.current;
      } else {
        this.excused = false;
        this.current = token;
      }
      this.theirs = undefined; // What they stored is known to the next flight.
      pending.answer(
        Response.json({
          access_token: token.accessToken,
          expires_in: kind.lifetime,
          ...(token.refreshToken === undefined ? {} : { refresh_token: token.refreshToken }),
        }),
      );
    } else if (kind.type === "status") {
      // Where a login follows, the refusal of a refresh token is not the end, and latches nothing.
      // Nor does a refused login latch what is sent without that refresh token, once its record has
      // gone or been replaced (T-10).
      const goesOn = this.ways === "both" && (pending.form.has("refresh_token") || this.outdated);
      if (!goesOn && (kind.status === 400 || kind.status === 401))
        this.refuseSecret(pending.form, kind.status);
      const headers =
        kind.retryAfter === undefined ? {} : { "retry-after": String(kind.retryAfter) };
      pending.answer(
        Response.json(
          { error: kind.status === 400 ? "invalid_grant" : "other" },
          { status: kind.status, headers },
        ),
      );
    } else if (kind.type === "garbage") pending.answer(new Response("<html>"));
    else
      pending.answer(Object.assign(new TypeError("fetch failed"), { cause: { code: kind.code } }));
    await settle();
  }

  issue(session: Session, issuedAt: number, lifetime: number): Token {
    this.issued += 1;
    const token: Token = {
      accessToken: `access-${this.issued}`,
      tokenType: "Bearer",
      issuedAt,
      expiresAt: issuedAt + lifetime * 1000,
      ...(this.ways === "login" ? {} : { refreshToken: `refresh-${this.issued}` }),
    };
    for (const text of [token.accessToken, token.refreshToken ?? ""])
      this.known.set(text, { session, withdrawn: false });
    return token;
  }

  withdraw({ accessToken }: Token): void {
    const known = this.known.get(accessToken);
    if (known) known.withdrawn = true;
  }

  /** Whatever was issued so far is over: withdrawn, unless it is served from memory to its end. */
  endSessions(served: boolean): void {
    for (const known of this.known.values()) {
      if (known.session.coming) continue;
      known.session.over = true;
      known.withdrawn ||= !served;
    }
  }

  /**
   * It is not sent again for 15 minutes; where the token still works and the grant is not dead, to
   * the token's end at most (T-10).
   */
  refuseSecret(form: URLSearchParams, status: number): void {
    const { current } = this;
    const [at, dead] = [this.now(), status === 400 && form.has("refresh_token")];
    const early =
      !dead &&
      current &&
      !this.refused.has(current.accessToken) &&
      freshness(current, at) !== "stale";
    this.dead.set(secretOf(form), {
      at,
      until: Math.min(at + 15 * 60_000, early ? (current.expiresAt ?? Infinity) : Infinity),
    });
  }

  /**
   * A caller says that the vendor refused this token. Within 30 s of a forced renewal it stays
   * (T-20).
   */
  refuse(token: Token): void {
    if (freshness(token, this.now()) === "stale" || this.refused.has(token.accessToken)) return;
    if (this.now() >= this.forcedAt && this.now() - this.forcedAt < 30_000) return;
    this.forcedAt = this.now();
    this.refused.add(token.accessToken);
  }

  /** Starts what runs alone: after the request that is under way, and before any other. */
  alone(work: Promise<void>, done: () => void): void {
    this.waiting += 1;
    this.excused = true;
    work
      .then(done, (error: unknown) =>
        this.problems.push(`a consent or a revocation failed: ${String(error)}`),
      )
      .finally(() => {
        this.waiting -= 1;
      });
  }

  /** A person gives consent: its token takes the place of anything. */
  async consent(lifetime: number): Promise<void> {
    const session: Session = { over: false, coming: true };
    const token = this.issue(session, this.now(), lifetime);
    this.alone(this.source.adopt(token, "authorization_code", undefined), () => {
      this.endSessions(false);
      this.dead.clear(); // A success ends every latch, and a deletion takes them along (T-10).
      session.coming = false;
      this.current = token;
      this.excused = false;
    });
    await settle();
  }

  /** The session is given up: no token of it is served, sent or stored again. */
  async revoke(): Promise<void> {
    this.alone(this.source.forget(), () => {
      this.endSessions(false);
      this.dead.clear();
      this.current = undefined;
    });
    await settle();
  }

  /**
   * The record goes, and this client is not told: what is in memory works on, and is not renewed
   * from.
   */
  async remove(): Promise<void> {
    this.endSessions(true);
    this.dead.clear();
    await this.spare();
    await this.store.delete(this.key);
    await settle();
  }

  /**
   * A person gives consent in another process, whose clock may be ahead. This client is not told
   * either.
   */
  async consentElsewhere(lifetime: number, ahead: number): Promise<void> {
    const session: Session = { over: false, coming: true };
    const token = this.issue(session, this.now() + ahead, lifetime);
    this.endSessions(true);
    session.coming = false;
    this.adoptable = token;
    if (await this.spare()) this.theirs = token;
    const { generation } = (await this.store.get(this.key)) ?? { generation: 0 };
    // The first generation of a record is like none before it.
    await this.store.set(
      this.key,
      { token, generation: generation === 0 ? 1000 * this.issued : generation + 1 },
      generation,
    );
    await settle();
  }

  /** @returns whether a renewal is under way */
  async spare(): Promise<boolean> {
    const { inFlight } = await this.source.explain();
    this.outdated ||= inFlight;
    if (inFlight) this.spared = this.requests.at(-1)?.form.get("refresh_token") ?? undefined;
    return inFlight;
  }

  async check(): Promise<void> {
    const { inFlight } = await this.source.explain();
    if (!inFlight) {
      this.spared = this.theirs = undefined;
      this.outdated = false;
    }
    if (this.clock.pending > 0 && !inFlight) this.problems.push("a timer was left behind");
    const record = await this.store.get(this.key);
    if (record && this.known.get(record.token.accessToken)?.session.over !== false)
      this.problems.push("what was deleted or revoked was saved again");
    if (this.problems.length > 0) throw new Error(this.problems.join("; "));
  }

  /**
   * Every promise settles by its deadline, whatever is under way; whatever runs alone may have to
   * wait for one before it.
   */
  async end(): Promise<void> {
    await this.advance(TIMEOUTS.total * (1 + this.waiting));
    if (this.callers.some(({ settled }) => settled === "no"))
      this.problems.push("a caller was left waiting beyond the deadline");
    if (this.waiting > 0)
      this.problems.push("a consent or a revocation was left waiting beyond the deadline");
    await this.source.close();
    await this.check();
  }
}

type Answer =
  | { readonly type: "token"; readonly lifetime: number }
  | { readonly type: "status"; readonly status: number; readonly retryAfter?: number }
  | { readonly type: "garbage" }
  | { readonly type: "fault"; readonly code: string };

const secretOf = (form: URLSearchParams): string =>
  form.get("refresh_token") ?? form.get("secret") ?? "";

/**
 * A step of a run, as fast-check's commands have it. The model is what the world keeps of itself.
 */
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
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(20, 60, 600, 3600)
      .map((lifetime): Answer => ({ type: "token", lifetime })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Answer>(
      { type: "status", status: 500 },
      { type: "status", status: 503 },
      { type: "status", status: 408 },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Answer>(
      { type: "status", status: 429, retryAfter: 1 },
      { type: "status", status: 429, retryAfter: 120 },
      { type: "status", status: 503, retryAfter: 5 },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Answer>(
      { type: "status", status: 401 },
      { type: "status", status: 404 },
      { type: "status", status: 400 },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Answer>(
      { type: "fault", code: "ECONNRESET" },
      { type: "fault", code: "ECONNREFUSED" },
      { type: "garbage" },
    ),
  },
);
const steps: fc.Arbitrary<Step>[] = [
  fc.integer({ min: 1, max: 5 }).map((n) =>
    step(`${n} callers`, async (world) => {
      for (let i = 0; i < n; i += 1) await world.call();
    }),
  ),
  fc.nat(10).map((n) =>
    step(`abort ${n}`, async (world) => {
      const waiting = world.callers.filter(({ settled }) => settled === "no");
      const caller = waiting[n % Math.max(1, waiting.length)];
      if (!caller) return;
      caller.aborted = true;
      caller.abort.abort(new Error("enough"));
      await settle();
      if (caller.settled !== "error")
        world.problems.push("an abort did not settle its caller at once");
      if (waiting.some((other) => other !== caller && other.settled !== "no"))
        world.problems.push("an abort touched another waiter");
    }),
  ),
  answers.map((kind) => step(`answer ${JSON.stringify(kind)}`, (world) => world.answer(kind))),
  answers.map((kind) => step(`answer ${JSON.stringify(kind)}`, (world) => world.answer(kind))),
  fc
    .constantFrom(100, 1000, 5000, 10_000, 30_000, 60_000, 600_000, 3_600_000, 16 * 60_000)
    .map((ms) => step(`${ms} ms pass`, (world) => world.advance(ms))),
  fc
    .constantFrom(-86_400_000, -600_000, -60_000, -1000, 1000, 60_000, 600_000, 86_400_000)
    .map((ms) =>
      step(`the clock jumps by ${ms} ms`, async (world) => {
        world.clock.jump(ms);
        world.excused = true;
      }),
    ),
  fc.integer({ min: 1, max: 4 }).map((n) =>
    step(`${n} callers report a 401`, async (world) => {
      const { current } = world;
      // What they report would be judged after the consent or the revocation.
      if (!current || world.waiting > 0) return;
      world.refuse(current);
      for (let i = 0; i < n; i += 1) await world.call(current);
    }),
  ),
  fc.constant(
    step("reset", async (world) => {
      world.source.reset();
      world.dead.clear();
      world.refused.clear();
      world.forcedAt = -Infinity;
      world.excused = true;
    }),
  ),
  fc
    .constantFrom(60, 600, 3600)
    .map((lifetime) => step(`consent for ${lifetime} s`, (world) => world.consent(lifetime))),
  fc.constant(step("revocation", (world) => world.revoke())),
  fc.constant(step("the record is deleted from outside", (world) => world.remove())),
  fc
    .tuple(fc.constantFrom(20, 600, 3600), fc.constantFrom(0, -240_000, 240_000))
    .map(([lifetime, ahead]) =>
      step(
        `consent in another process for ${lifetime} s, its clock ahead by ${ahead} ms`,
        (world) => world.consentElsewhere(lifetime, ahead),
      ),
    ),
];

describe.each<[string, Ways, () => TokenStore]>([
  ["minting", "login", createMemoryStore],
  ["rotating", "refresh", createMemoryStore],
  ["rotating, with a login", "both", createMemoryStore],
  ["minting, in a shared store", "login", createLeasedStore],
  ["rotating, in a shared store", "refresh", createLeasedStore],
  ["rotating, with a login, in a shared store", "both", createLeasedStore],
])("a credential: %s", (_, ways, createStore) => {
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

  test(
    `T-04 to T-14, T-20: ${EACH} random sequences keep every invariant`,
    async () => {
      let sequences = 0;
      await fc.assert(
        fc.asyncProperty(fc.commands(steps, { maxCommands: 30, size: "max" }), async (commands) => {
          const world = new World(ways, createStore());
          if (ways === "refresh") await world.consent(60);
          await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
          await world.end();
          sequences += 1;
        }),
        { numRuns: EACH, ...SEED },
      );
      expect(rejections).toEqual([]);
      expect(sequences).toBeGreaterThanOrEqual(EACH);
    },
    Math.max(180_000, RUNS * 60),
  );
});
