/** A token source whose clocks, timers and vendor are the test's own, so that hours pass in no time. */
import { createMemoryStore, type ClientEvent, type Connection, type Grant, type Provider, type TokenStore } from "../../src/index.ts";
import { createKnownSecrets } from "../../src/known-secrets.ts";
import { createOwners } from "../../src/owner.ts";
import type { Runtime } from "../../src/runtime.ts";
import type { Scheduler } from "../../src/scheduler.ts";
import { createServerClock } from "../../src/server-clock.ts";
import type { GrantedTokenSource } from "../../src/source.ts";
import { expiryAfter, parseInteger } from "../../src/token.ts";
import { assemble, readBearer } from "../../src/token-answer.ts";
import { createTokenSource } from "../../src/token-source.ts";

const OPERATION = "POST /token";
const provider: Provider<object, never> = {
  name: "test", tokenScheme: "bearer",
  meta: { servers: [], schemes: { bearer: { header: "Authorization" } }, security: [], operations: { [OPERATION]: { id: "token", security: [], request: "application/x-www-form-urlencoded" } } },
  connect: () => { throw new Error("not used"); },
  parseToken({ body, ...moment }) {
    const lifetime = parseInteger(body["expires_in"]);
    const refreshToken = body["refresh_token"];
    return assemble({ ...readBearer(body), ...(typeof refreshToken === "string" ? { refreshToken } : {}) }, moment, { at: lifetime === undefined ? undefined : expiryAfter(lifetime, moment), pointer: "/expires_in" });
  },
  readProblem: (body) => ({ code: (body as { error?: string } | undefined)?.error }),
};

export const login = (secret: () => string = () => "fake-secret"): Grant => ({
  name: "login", grantType: "client_credentials", request: async () => { const value = secret(); return { operation: OPERATION, body: { secret: value }, secrets: [value] }; },
});
export const refresh = (refreshToken: string): Grant => ({
  name: "refresh", grantType: "refresh_token", request: async () => ({ operation: OPERATION, body: { refresh_token: refreshToken }, secrets: [refreshToken] }),
});

export interface World {
  readonly source: GrantedTokenSource;
  readonly scheduler: Scheduler;
  readonly events: ClientEvent[];
  /** The bodies of the token requests. */
  readonly requests: string[];
  now(): number;
  /** Lets time pass, timer by timer. */
  pass(ms: number): Promise<void>;
  /** Settles with the promise, and lets time pass until then. */
  settle<T>(promise: Promise<T>, most?: number): Promise<T>;
  /** Sets the wall clock alone. */
  jump(ms: number): void;
}

export interface WorldOptions extends Partial<Pick<Runtime, "timeouts" | "leases" | "replay" | "binds">> {
  readonly connection?: Partial<Connection>;
  readonly store?: (world: Pick<World, "scheduler" | "now">) => TokenStore;
  /** The vendor: what it answers to the n-th token request, counted from 1. */
  readonly vendor: (n: number, world: World, body: URLSearchParams) => Promise<Response>;
}

export function createWorld({ connection, store = createMemoryStore, vendor, ...options }: WorldOptions): World {
  let monotonic = 0;
  let wall = Date.UTC(2026, 0, 1);
  let timers: { at: number; run: () => void }[] = [];
  const now = (): number => wall + monotonic;
  const scheduler: Scheduler = {
    random: () => 0.5,
    monotonic: () => monotonic,
    after(ms, run) {
      const timer = { at: monotonic + ms, run };
      timers.push(timer);
      return { clear: () => { timers = timers.filter((other) => other !== timer); }, keepAlive: () => undefined };
    },
  };
  const flush = async (): Promise<void> => { for (let i = 0; i < 3; i += 1) await new Promise(setImmediate); };
  const next = (end: number) => timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  async function fire(timer: { at: number; run: () => void }): Promise<void> {
    monotonic = Math.max(monotonic, timer.at);
    timers = timers.filter((other) => other !== timer);
    timer.run();
    await flush();
  }
  const events: ClientEvent[] = [];
  const requests: string[] = [];
  const runtime: Runtime = {
    fetch: async (_, init) => {
      const body = new URLSearchParams(init?.body as string);
      requests.push(body.toString());
      return vendor(requests.length, world, body);
    },
    now, scheduler, serverClock: createServerClock(scheduler.monotonic), store: store({ scheduler, now }), binds: false, emit: (event) => void events.push(event), secrets: createKnownSecrets(), timeouts: { attempt: 10_000, total: 30_000 },
    background: () => undefined, replay: true, maxAnswerBytes: Infinity, leases: { ttl: 5000, heartbeat: 1667, poll: 100, patience: 60_000 }, owners: createOwners(), ...options,
  };
  const world: World = {
    source: createTokenSource(provider, { baseUrl: "https://vendor.example", identity: ["someone"], tokenOperation: OPERATION, grants: () => [login()], ...connection }, runtime),
    scheduler, events, requests, now,
    async pass(ms) {
      await flush();
      const end = monotonic + ms;
      for (let timer = next(end); timer; timer = next(end)) await fire(timer);
      monotonic = end;
      await flush();
    },
    async settle(promise, most = 600_000) {
      let settled = false;
      const done = (): void => { settled = true; };
      promise.then(done, done);
      const end = monotonic + most;
      await flush();
      while (!settled) {
        const timer = next(end);
        if (timer) await fire(timer);
        else if (timers.length > 0) throw new Error(`It did not settle within ${most} ms.`);
        else throw new Error("It waits for nothing that the test knows of.");
      }
      return promise;
    },
    jump(ms) { wall += ms; },
  };
  return world;
}

/** For a suite: the platform's digest runs on other threads, whose end no test can order. */
export function withOwnDigest(): void {
  beforeAll(() => void jest.spyOn(crypto.subtle, "digest").mockImplementation(async (_, data) => data as ArrayBuffer));
  afterAll(() => jest.restoreAllMocks());
}

/** A pause in the test's own time. */
export const sleep = ({ after }: Scheduler, ms: number): Promise<void> => new Promise((resolve) => void after(ms, resolve));
