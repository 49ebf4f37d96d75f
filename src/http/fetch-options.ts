/**
 * The options of `fetch` that a caller sets and this package does not need to know: `dispatcher`,
 * `cache`, `keepalive`, `priority`, and whatever a `fetch` of the caller's own understands.
 */
import { memberOf } from "../platform/safe-access.ts";

/**
 * Members of the second argument of `fetch`. They are used each time the request is sent, also
 * after a redirect and after a 401.
 */
export type FetchOptions = Readonly<Record<string, unknown>>;

/** Options that this package sets itself. */
const OWN = new Set(["method", "headers", "body", "redirect", "signal", "duplex"]);

/** The options that a `Request` has as members, and their defaults (Fetch Standard 5.4). */
const REQUEST_MEMBERS: FetchOptions = {
  cache: "default",
  credentials: "same-origin",
  integrity: "",
  keepalive: false,
  mode: "cors",
  referrer: "about:client",
  referrerPolicy: "",
};

/**
 * The options to send a request with.
 * @param request its members take precedence, since a middleware may have changed them
 * @param init what the caller gave with the request: a `Request` does not show options such as
 *   `dispatcher`
 */
export function fetchOptionsOf(request: Request, init: object = {}): FetchOptions {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(init as FetchOptions))
    if (value !== undefined && !OWN.has(name) && !(name in REQUEST_MEMBERS)) options[name] = value;
  for (const [name, byDefault] of Object.entries(REQUEST_MEMBERS)) {
    const value = memberOf(request, name) ?? memberOf(init, name);
    if (value !== undefined && value !== byDefault) options[name] = value;
  }
  return options;
}
