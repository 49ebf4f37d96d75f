/**
 * Token endpoints that have moved for good (308). Each client remembers their new addresses in
 * memory, until a new address fails. Only the path of an address is remembered: a query may hold
 * credentials, and each request has its own query.
 */
type Fetch = typeof globalThis.fetch;

/** One map for each client's `fetch`, since that function decides where a request goes. */
const moved = new WeakMap<Fetch, Map<string, string>>();

const nameOf = ({ origin, pathname }: URL): string => origin + pathname;

/** The new address of an endpoint. Undefined: the endpoint has not moved. */
export function movedTo(fetch: Fetch, url: URL): URL | undefined {
  const path = moved.get(fetch)?.get(nameOf(url));
  if (path === undefined) return undefined;
  const target = new URL(url);
  target.pathname = path;
  return target;
}

/**
 * Remembers that an endpoint has moved. A target with a query of its own is not remembered.
 * @param target of the same origin (rule S-02)
 */
export function noteMove(fetch: Fetch, url: URL, target: URL): void {
  if (target.search !== url.search) return;
  const known = moved.get(fetch) ?? new Map<string, string>();
  moved.set(fetch, known.set(nameOf(url), target.pathname));
}

/** Forgets a move, so that the next request goes to the endpoint's own address again. */
export function forgetMove(fetch: Fetch, url: URL): void {
  moved.get(fetch)?.delete(nameOf(url));
}
