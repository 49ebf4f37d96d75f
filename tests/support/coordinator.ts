/**
 * A token source whose clocks, timers and vendor belong to the test, so that hours pass in no time.
 */
import {
  createMemoryStore,
  type Connection,
  type SharedTokenStore,
  type TokenStore,
} from "../../src/index.ts";
import { createRuntime, type CommonOptions } from "../../src/client/options.ts";
import { createServerClock } from "../../src/http/server-clock.ts";
import type { GrantedTokenSource } from "../../src/client/granted-token-source.ts";
import { createGrantedTokenSource } from "../../src/client/granted-token-source.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { plainConnection, plainProvider, type Ways } from "./plain-provider.ts";

export interface World extends ManualClock {
  readonly source: GrantedTokenSource;
  /** Token requests so far. */
  readonly requests: readonly URLSearchParams[];
}

export interface WorldOptions extends Omit<CommonOptions, "store" | "fetch" | "now"> {
  readonly ways?: Ways;
  readonly connection?: Partial<Connection>;
  readonly store?: (clock: ManualClock) => TokenStore | SharedTokenStore;
  /** The clock of another world, in which this one lives as well. */
  readonly clock?: ManualClock;
  /** What the vendor answers to the n-th token request, counted from 1. */
  readonly vendor: (n: number, world: World) => Promise<Response>;
}

export function createWorld({
  ways = "login",
  connection,
  store = () => createMemoryStore(),
  vendor,
  clock: given,
  ...options
}: WorldOptions): World {
  const clock = given ? (Object.create(given) as ManualClock) : createManualClock(() => 0.5);
  const requests: URLSearchParams[] = [];
  const runtime = createRuntime(
    {
      ...options,
      store: store(clock),
      now: clock.now,
      fetch: async (_, init) =>
        vendor(requests.push(new URLSearchParams(init?.body as string)), world),
    },
    undefined,
  );
  const { scheduler } = clock;
  const source = createGrantedTokenSource(
    plainProvider,
    { ...plainConnection(ways), ...connection },
    { ...runtime, scheduler, serverClock: createServerClock(scheduler.monotonic), binds: false },
  );
  const world: World = Object.assign(clock, { source, requests });
  return world;
}

/** For a suite: the platform's digest runs on other threads, whose end no test can order. */
export function withOwnDigest(): void {
  beforeAll(
    () =>
      void jest
        .spyOn(crypto.subtle, "digest")
        .mockImplementation(async (_, data) => data as ArrayBuffer),
  );
  afterAll(() => jest.restoreAllMocks());
}

/** A pause in the test's own time. */
export const sleep = ({ scheduler }: ManualClock, ms: number): Promise<void> =>
  new Promise((resolve) => void scheduler.after(ms, resolve));
