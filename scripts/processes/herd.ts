/**
 * Many callers in many processes use one credential over many expiries of its token. Each expiry
 * must cost one token request.
 */
import { bundleWorker, openPlaces, startWorker, type TokenServer } from "./controller.ts";

export interface HerdReport {
  readonly stores: Readonly<
    Record<
      string,
      { readonly expiries: number; readonly tokenRequests: number; readonly failed: number }
    >
  >;
}

export interface Herd {
  readonly processes: number;
  readonly callers: number;
  readonly expiries: number;
}

/** ms; the defaults, because no worker is killed. */
const LEASES = { ttl: 5000, heartbeat: 1500, poll: 50, patience: 60_000 };
const TIMEOUTS = { attempt: 10_000, total: 30_000 };

export async function herd(
  { processes, callers, expiries }: Herd,
  startServer: () => Promise<TokenServer>,
): Promise<HerdReport> {
  const file = await bundleWorker();
  const places = await openPlaces();
  const stores: Record<string, { expiries: number; tokenRequests: number; failed: number }> = {};
  try {
    for (const place of places) {
      const server = await startServer();
      const key = crypto.randomUUID();
      const workers = await Promise.all(
        Array.from({ length: processes }, () =>
          startWorker(file, {
            store: place.name,
            at: place.at,
            client: server.client,
            leases: LEASES,
            timeouts: TIMEOUTS,
          }),
        ),
      );
      try {
        await server.consent(place.store, key);
        const first = server.requests();
        let failed = 0;
        for (let expiry = 0; expiry < expiries; expiry += 1) {
          server.expire();
          const outcomes = await Promise.all(
            workers.map((worker) => worker.call(key, server.offset, { callers })),
          );
          // If the server refuses the token, all callers of the worker have failed.
          failed += outcomes.reduce(
            (sum, outcome) => sum + (outcome.works ? 0 : Math.max(outcome.failed, callers)),
            0,
          );
        }
        stores[place.name] = { expiries, tokenRequests: server.requests() - first, failed };
        const keys = (await place.store.list()).flatMap((entry) =>
          "key" in entry ? [entry.key] : [],
        );
        await place.store.delete(keys.find((name) => name.endsWith(key)) ?? key);
      } finally {
        for (const worker of workers) await worker.kill();
        await server.close();
      }
    }
  } finally {
    for (const place of places) await place.close();
  }
  return { stores };
}
