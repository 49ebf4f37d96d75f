/**
 * Kills or freezes a worker at every step of a renewal, and checks that the surviving workers still
 * have a working session.
 */
import {
  bundleWorker,
  openPlaces,
  startWorker,
  type Place,
  type TokenServer,
  type Worker,
} from "./controller.ts";
import { isServerStep, stepsOf, type Setup, type Step, type StoreName } from "./protocol.ts";

export interface CrashCount {
  readonly store: StoreName;
  readonly step: Step;
  readonly harm: "kill" | "freeze";
  /** Whether the server accepts a used refresh token again for a while. */
  readonly grace: boolean;
  runs: number;
  /** Lost sessions: a person would have to log in again. */
  lost: number;
  /**
   * Sessions that no client could have kept: by its log, the server committed a rotation without
   * grace, and the answer reached no living process.
   */
  unavoidable: number;
  /** Refresh tokens that were sent again although a living worker might hold the next one. */
  doubleUse: number;
}

export interface CrashReport {
  readonly runs: number;
  readonly lost: number;
  readonly unavoidable: number;
  readonly doubleUse: number;
  readonly perStep: readonly CrashCount[];
}

/** ms, shorter than in practice. `FREEZE` is longer than `ttl`, and shorter than `patience`. */
const LEASES = { ttl: 800, heartbeat: 80, poll: 15, patience: 30_000 };
const TIMEOUTS = { attempt: 10_000, total: 20_000 };
const FREEZE = 1200;
/**
 * ms that the server takes for a request whose sender is stopped meanwhile. The time is shorter
 * than a lease, because the next owner of the lease assumes that the server has finished the
 * request of a dead owner.
 */
const SLOW = 150;
/** s; longer than any run. */
const GRACE = 3600;
/** Lanes that run concurrently. Each starts its own workers, so that a short run has one lane. */
const lanesFor = (runs: number): number => Math.max(1, Math.min(4, Math.floor(runs / 16)));

/** Every combination occurs once before any is repeated; kills without grace come first. */
function plan(runs: number, stores: readonly StoreName[], canGrace: boolean): CrashCount[] {
  const combinations = [false, ...(canGrace ? [true] : [])].flatMap((grace) =>
    (["kill", "freeze"] as const).flatMap((harm) =>
      stores.flatMap((store) => stepsOf(store).map((step) => ({ store, step, harm, grace }))),
    ),
  );
  const counts = combinations.map((one): CrashCount => ({
    ...one,
    runs: 0,
    lost: 0,
    unavoidable: 0,
    doubleUse: 0,
  }));
  return Array.from({ length: runs }, (_, i) => counts[i % counts.length]!);
}

export async function crash(
  runs: number,
  startServer: () => Promise<TokenServer>,
  note: (line: string) => void,
): Promise<CrashReport> {
  const file = await bundleWorker();
  const places = await openPlaces();
  const probe = await startServer();
  const todo = plan(
    runs,
    places.map(({ name }) => name),
    probe.canGrace,
  );
  await probe.close();
  const counts = [...new Set(todo)];
  const failures: unknown[] = [];
  try {
    await Promise.all(
      Array.from({ length: lanesFor(runs) }, async () => {
        const lane = await openLane(file, places, startServer);
        try {
          for (let next = todo.shift(); next; next = todo.shift()) await lane.run(next, note);
        } catch (error) {
          failures.push(error);
          todo.splice(0);
        } finally {
          await lane.close();
        }
      }),
    );
  } finally {
    for (const place of places) await place.close();
  }
  if (failures.length > 0) throw failures[0];
  const total = (name: "runs" | "lost" | "unavoidable" | "doubleUse"): number =>
    counts.reduce((sum, count) => sum + count[name], 0);
  return {
    runs: total("runs"),
    lost: total("lost"),
    unavoidable: total("unavoidable"),
    doubleUse: total("doubleUse"),
    perStep: counts,
  };
}

/** A lane has a server, and for each store a worker that is harmed and a worker that survives. */
async function openLane(
  file: string,
  places: readonly Place[],
  startServer: () => Promise<TokenServer>,
) {
  const server = await startServer();
  const crews = new Map<StoreName, { victim: Worker; survivor: Worker }>();
  const setupOf = ({ name, at }: Place): Setup => ({
    store: name,
    at,
    client: server.client,
    leases: LEASES,
    timeouts: TIMEOUTS,
  });
  const startFor = (place: Place): Promise<Worker> => startWorker(file, setupOf(place));

  async function run(count: CrashCount, note: (line: string) => void): Promise<void> {
    const place = places.find(({ name }) => name === count.store)!;
    const crew = crews.get(count.store) ?? {
      victim: await startFor(place),
      survivor: await startFor(place),
    };
    crews.set(count.store, crew);
    const key = crypto.randomUUID();
    server.setGrace(count.grace ? GRACE : 0);
    await server.consent(place.store, key);
    for (const worker of [crew.victim, crew.survivor])
      expectWorks(await worker.call(key, server.offset), "before any harm");
    server.expire();

    // The victim comes to the step and is stopped there; the survivor wants a token meanwhile.
    const from = server.log.length;
    const requests = server.requests();
    if (isServerStep(count.step))
      server.delay(SLOW, count.step === "POST: received" ? "before" : "after");
    const own = crew.victim.call(
      key,
      server.offset,
      isServerStep(count.step) ? {} : { stopAt: count.step },
    );
    const there = isServerStep(count.step)
      ? until(() =>
          count.step === "POST: received" ? server.requests() > requests : server.log.length > from,
        )
      : crew.victim.stopped();
    await Promise.race([there, neverCame(own, count.step)]);
    const victim = crew.victim.userAgent;
    let diedAt = Infinity;
    if (count.harm === "kill") {
      await crew.victim.kill();
      diedAt = server.log.length;
    } else crew.victim.freeze();
    const others = crew.survivor.call(key, server.offset);
    if (count.harm === "freeze") {
      await new Promise((resolve) => setTimeout(resolve, FREEZE));
      crew.victim.thaw();
      crew.victim.go();
    }
    const outcomes = [await others, ...(count.harm === "freeze" ? [await own] : [])];
    if (count.harm === "kill") crew.victim = await startFor(place);
    // Renew once more: the record in the store must work for both workers.
    server.expire();
    outcomes.push(
      ...(await Promise.all(
        [crew.victim, crew.survivor].map((worker) => worker.call(key, server.offset)),
      )),
    );

    const log = server.log.slice(from);
    const lost = outcomes.some(({ works }) => !works);
    // The killed worker asked for a rotation, and no worker has sent the new refresh token since:
    // the answer reached no worker.
    const unavoidable =
      count.harm === "kill" &&
      !count.grace &&
      log.some(
        ({ event, committed, userAgent }) =>
          event === "rotated" &&
          userAgent === victim &&
          !log.some(({ sent }) => sent === committed),
      );
    const doubled = log.filter(
      ({ sent, userAgent }, i) =>
        sent !== undefined &&
        log
          .slice(0, i)
          .some(
            (before) =>
              before.sent === sent &&
              before.userAgent !== userAgent &&
              (before.userAgent !== victim || from + i < diedAt),
          ),
    );
    count.runs += 1;
    count.lost += Number(lost);
    count.unavoidable += Number(unavoidable);
    count.doubleUse += doubled.length;
    if (lost !== unavoidable || doubled.length > 0) {
      note(
        `${count.store}, ${count.harm} at ${count.step}, ${count.grace ? "with" : "without"} grace: lost ${lost}, unavoidable ${unavoidable}, double use ${doubled.length}; ${JSON.stringify(outcomes)}; ${JSON.stringify(log)}; victim ${victim}`,
      );
    }
  }

  return {
    run,
    async close() {
      for (const { victim, survivor } of crews.values())
        for (const worker of [victim, survivor]) await worker.kill();
      await server.close();
    },
  };
}

function expectWorks(
  { works, kinds }: { works: boolean; kinds: readonly string[] },
  when: string,
): void {
  if (!works) throw new Error(`a worker has no working token ${when}: ${kinds.join(", ")}`);
}

/**
 * Rejects if a call has ended and the worker does not reach the step within 10 s: the worker may
 * release the lease after the call.
 */
function neverCame(own: Promise<{ kinds: readonly string[] }>, step: Step): Promise<never> {
  return new Promise(
    (_, reject) =>
      void own.then(({ kinds }) =>
        setTimeout(
          () => reject(new Error(`a worker never reached ${step}: ${kinds.join(", ")}`)),
          10_000,
        ).unref(),
      ),
  );
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
