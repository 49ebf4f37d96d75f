/** Reads the request that brings a person back from the authorization page (RFC 6749 4.1.2). */
import { CallbackError } from "../errors.ts";
import { requireText } from "../parts/check-options.ts";
import { parseUrl } from "../platform/parse-url.ts";
import { LONGEST_SECRET } from "../secret.ts";
import { redact } from "./redact.ts";

/**
 * A callback: the URL that was called, its path and query, its query alone, or the query as a web
 * framework parsed it.
 */
export type Callback = string | URL | URLSearchParams | Readonly<Record<string, unknown>>;

/**
 * Reads the code from a callback, after a check of its `state` (rule S-06).
 * @param state the `state` that was in the authorization URL
 * @param secrets values that no error may repeat
 * @throws CallbackError with code `state_missing`, `state_mismatch`, `ambiguous`, `code_missing`,
 *   `code_too_long`, or the `error` that the vendor sent, such as `access_denied`
 */
export function readCallback(
  provider: string,
  callback: Callback,
  state: string,
  secrets: Iterable<string> = [],
): string {
  const parameters = queryOf(callback);
  const refuse = (code: string, why: string): never => {
    throw new CallbackError({ provider, code, message: `${provider}: ${why} Nothing was sent.` });
  };
  for (const name of ["state", "code", "error"]) {
    // RFC 6749 3.1 allows each parameter once.
    if (parameters.getAll(name).length > 1)
      return refuse("ambiguous", `The callback holds \`${name}\` more than once.`);
  }
  if (typeof state !== "string" || state === "")
    return refuse(
      "state_missing",
      "There is no `state` to compare the callback's with: the browser session that got the authorization URL is gone. Start again.",
    );
  const returned = parameters.get("state");
  if (returned === null || returned === "")
    return refuse(
      "state_missing",
      "The callback holds no `state`: it does not answer an authorization URL of this client.",
    );
  if (!equalInConstantTime(returned, state))
    return refuse(
      "state_mismatch",
      "The callback's `state` is not the one that was given out: it may have been forged, or belongs to another browser session.",
    );
  const error = parameters.get("error");
  if (error !== null) {
    // RFC 6749 4.1.2.1 limits the characters of `error`. `error_description` is free text and is
    // not shown. A forged callback may hold a secret in either.
    const known = [...secrets, state, ...parameters.getAll("code")];
    const code =
      /^[\w.-]{1,60}$/.test(error) && redact(error, known) === error
        ? error
        : "authorization_error";
    return refuse(
      code,
      code === "access_denied"
        ? "The person did not give consent (access_denied)."
        : `The authorization page answered with an error (${code}).`,
    );
  }
  const code = parameters.get("code");
  if (code === null || code === "") return refuse("code_missing", "The callback holds no `code`.");
  return code.length > LONGEST_SECRET
    ? refuse("code_too_long", "The callback's `code` is longer than 65,536 characters.")
    : code;
}

function queryOf(callback: Callback): URLSearchParams {
  if (callback instanceof URLSearchParams) return callback;
  if (typeof callback === "object" && callback !== null && !(callback instanceof URL)) {
    return new URLSearchParams(
      Object.entries(callback).flatMap(([name, value]) =>
        [value ?? []]
          .flat()
          .map((one: unknown): [string, string] => [name, typeof one === "string" ? one : ""]),
      ),
    );
  }
  const text =
    callback instanceof URL ? callback.href : requireText(callback, "callbackUrlOrQuery");
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? parseUrl(text) : undefined;
  // A path, or an app's own scheme as in `com.example.app:/callback`, may stand before the query.
  const query = text.replace(/^[^?=&#]*\?/, "").split("#", 1)[0];
  return url?.searchParams ?? new URLSearchParams(query);
}

/** Takes the same time for a wrong text as for the right one. */
function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i += 1) difference |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i);
  return difference === 0;
}
