/**
 * The authorization code grant (RFC 6749 4.1) up to the token: URL, callback, exchange. Pure but
 * for the exchange.
 */
import { createDeadline } from "../platform/deadline.ts";
import { base64url } from "../platform/encoding.ts";
import { CallbackError, ConfigurationError } from "../errors.ts";
import { createKnownSecrets } from "./known-secrets.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import { requireObject, requireText } from "../parts/check-options.ts";
import { parseUrl } from "../platform/parse-url.ts";
import { prepareAll } from "./prepared-requests.ts";
import type { Grant } from "../provider.ts";
import { roomFor, sendWithRetries } from "./token-retry.ts";
import { redact } from "./redact.ts";
import type { Scheduler } from "../platform/scheduler.ts";
import { LONGEST_SECRET, type Reveal } from "../secret.ts";
import type { Token } from "../token.ts";
import type { TokenEndpoint } from "./token-request.ts";

export interface AuthorizationUrlOptions {
  /** Scopes, as a list or separated by spaces. */
  readonly scope: string | readonly string[];
  /**
   * Where the person comes back to. Optional with the vendor; if given here, it must be given to
   * `exchange` too (RFC 6749 4.1.3).
   */
  readonly redirectUri?: string | undefined;
}

const URL_OPTIONS = namesOf<AuthorizationUrlOptions>({ scope: true, redirectUri: true });

/** 256 random bits, base64url. */
export function createState(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

export function buildAuthorizationUrl(
  page: string,
  clientId: string,
  state: string,
  options: AuthorizationUrlOptions,
): string {
  requireObject(options, "options");
  requireKnown(options, URL_OPTIONS);
  const { scope, redirectUri } = options;
  const url = new URL(page);
  const scopes = requireText(Array.isArray(scope) ? scope.join(" ") : scope, "scope");
  const parameters = {
    response_type: "code",
    client_id: clientId,
    scope: scopes,
    state,
    ...(redirectUri === undefined ? {} : { redirect_uri: requireRedirectUri(redirectUri) }),
  };
  url.search = Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
  return url.href;
}

/** Schemes of what no person can come back to, or of what runs in the page. */
const NO_CALLBACK = ["javascript:", "data:", "vbscript:", "blob:", "file:", "about:"];

/**
 * A redirection endpoint (RFC 6749 3.1.2): absolute, without a fragment. An app's own scheme is
 * fine, as in `com.example.app:/callback`.
 * @throws ConfigurationError for option `redirectUri`
 */
export function requireRedirectUri(value: unknown): string {
  const refuse = (what: string): never => {
    throw new ConfigurationError({
      option: "redirectUri",
      message: `Option \`redirectUri\` ${what}`,
    });
  };
  const text = requireText(value, "redirectUri");
  // The parser passes over these, and the vendor compares the text as it is.
  if (/[\s\p{Cc}]/u.test(text))
    return refuse("holds a space or a line break. Give it as it is registered with the vendor.");
  const url = parseUrl(text);
  if (!url || /^[^/?#]*:\d+(?:[/?#]|$)/.test(text))
    return refuse(
      "is not a full URL: give it with http:// or https://, or with your app's own scheme.",
    );
  if (NO_CALLBACK.includes(url.protocol))
    return refuse(
      "has a scheme that nobody can come back by. Give it with https://, or with your app's own scheme.",
    );
  return text.includes("#")
    ? refuse("holds a fragment, which RFC 6749 (3.1.2) does not allow. Give it without.")
    : text;
}

/**
 * The URL that was called, its path and query, its query alone, or the query as a web framework
 * parsed it.
 */
export type Callback = string | URL | URLSearchParams | Readonly<Record<string, unknown>>;

/**
 * The code in a callback (rule S-06). The state is looked at first: without it nothing else in the
 * callback is worth reading.
 * @param secrets must not be repeated
 * @throws CallbackError with code `state_missing`, `state_mismatch`, `ambiguous`, `code_missing`,
 *   `code_too_long`, or the vendor's, e.g. `access_denied`
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
    // RFC 6749 3.1: no parameter more than once.
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
    // RFC 6749 4.1.2.1 gives the alphabet of `error`; its description is free text and is left out.
    // Whoever made the callback may have put a secret there.
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
  return url?.searchParams ?? new URLSearchParams(text.replace(/^\/[^?]*\?/, ""));
}

/** Takes as long for a wrong text as for the right one. */
function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i += 1) difference |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i);
  return difference === 0;
}

/**
 * Sends the code, once: again only where no connection was made (rule T-13). Secrets are had within
 * the same deadline. @throws CorrigendaError
 */
export async function exchangeCode(
  grant: Pick<Grant, "request">,
  reveal: Reveal,
  client: TokenEndpoint,
  {
    timeouts,
    scheduler,
  }: {
    readonly timeouts: { readonly attempt: number; readonly total: number };
    readonly scheduler: Scheduler;
  },
): Promise<Token> {
  const deadline = createDeadline(timeouts.total, scheduler);
  // The code comes from outside, and is worth nothing afterwards: whoever sends many of them must
  // not fill the client's set.
  const endpoint = { ...client, secrets: createKnownSecrets(client.secrets) };
  try {
    const prepared = (await prepareAll([grant], endpoint, reveal, deadline)).take(0);
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => void scheduler.after(ms, resolve));
    const outcome = await sendWithRetries(prepared, { grantType: "authorization_code" }, endpoint, {
      attempt: timeouts.attempt,
      total: deadline,
      room: roomFor(timeouts),
      scheduler,
      rest: pause,
      replay: false,
      maySend: () => true,
    });
    if ("token" in outcome) return outcome.token;
    throw outcome.error;
  } finally {
    deadline.clear();
  }
}
