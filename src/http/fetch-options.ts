/**
 * What a caller asks of one request besides what this package sees to: `dispatcher`, `cache`,
 * `keepalive`, `priority`, and whatever a `fetch` of the caller's knows.
 */
import { memberOf } from "../platform/safe-access.ts";

/**
 * Members of an init. They go along with every sending: a redirect, or a call that is sent again
 * after a 401, takes no other way.
 */
export type FetchOptions = Readonly<Record<string, unknown>>;

/** Set for each sending by this package. */
const OWN = new Set(["method", "headers", "body", "redirect", "signal", "duplex"]);
/**
 * What a Request shows, and what stands there if the caller asked for nothing (Fetch Standard 5.4).
 */
const SHOWN: FetchOptions = {
  cache: "default",
  credentials: "same-origin",
  integrity: "",
  keepalive: false,
  mode: "cors",
  referrer: "about:client",
  referrerPolicy: "",
};

/**
 * @param request says what it shows, since a middleware may have changed it
 * @param init what the caller gave beside it: a Request hides the rest, such as `dispatcher`
 */
export function fetchOptionsOf(request: Request, init: object = {}): FetchOptions {
  const extras: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(init as FetchOptions))
    if (value !== undefined && !OWN.has(name) && !(name in SHOWN)) extras[name] = value;
  for (const [name, otherwise] of Object.entries(SHOWN)) {
    const value = memberOf(request, name) ?? memberOf(init, name);
    if (value !== undefined && value !== otherwise) extras[name] = value;
  }
  return extras;
}
