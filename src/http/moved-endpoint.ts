/**
 * Where a token endpoint has moved for good (308): remembered in memory for each client, until the
 * new address fails. Paths only: a query may hold credentials, and each request brings its own.
 */
type Fetch = typeof globalThis.fetch;

/** By the client's `fetch`, which knows best where a request goes. */
const moved = new WeakMap<Fetch, Map<string, string>>();

const nameOf = ({ origin, pathname }: URL): string => origin + pathname;

/** The address to ask instead. Undefined: it has not moved. */
export function movedTo(fetch: Fetch, url: URL): URL | undefined {
  const path = moved.get(fetch)?.get(nameOf(url));
  if (path === undefined) return undefined;
  const target = new URL(url);
  target.pathname = path;
  return target;
}

/**
 * @param target of the same origin (rule S-02). With a query of its own it is asked for each time.
 */
export function noteMove(fetch: Fetch, url: URL, target: URL): void {
  if (target.search !== url.search) return;
  const known = moved.get(fetch) ?? new Map<string, string>();
  moved.set(fetch, known.set(nameOf(url), target.pathname));
}

export function forgetMove(fetch: Fetch, url: URL): void {
  moved.get(fetch)?.delete(nameOf(url));
}
