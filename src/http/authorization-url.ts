/** Makes authorization URLs (RFC 6749 4.1.1), with PKCE (RFC 7636). */
import { refuseOption, requireObject, requireText } from "../parts/check-options.ts";
import { base64url, sha256 } from "../platform/encoding.ts";
import { parseUrl } from "../platform/parse-url.ts";
import type { AuthorizationFlow } from "../provider.ts";

/** What an authorization URL asks for. */
export interface AuthorizationUrlOptions {
  /** Scopes, as a list or as the vendor separates them. */
  readonly scope?: string | readonly string[] | undefined;
  /**
   * The URL that the person returns to, as it is registered with the vendor. If it is given here,
   * `exchange` needs it too (RFC 6749 4.1.3).
   */
  readonly redirectUri?: string | undefined;
  /** Further parameters of this URL, such as `{ prompt: "consent" }`. Not yet percent-encoded. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/** 256 random bits as base64url, 43 characters. */
const randomText = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** A new `state` (RFC 6749 10.12): 256 random bits as base64url. */
export const createState = randomText;

/** A new code verifier (RFC 7636 4.1): 256 random bits as base64url. */
export const createCodeVerifier = randomText;

/** The code challenge of a verifier, by the method S256 (RFC 7636 4.2). */
export const codeChallengeOf = (codeVerifier: string): Promise<string> => sha256(codeVerifier);

/** Parameters that the client sets itself. */
const RESERVED = [
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method",
];

interface AuthorizationRequest {
  /** URL of the authorization page. */
  readonly page: string;
  readonly clientId: string;
  readonly state: string;
  readonly codeChallenge?: string | undefined;
  readonly flow?: AuthorizationFlow | undefined;
}

/**
 * The URL to send a person to.
 * @throws ConfigurationError naming the option that is not usable
 */
export function buildAuthorizationUrl(
  { page, clientId, state, codeChallenge, flow = {} }: AuthorizationRequest,
  { scope, redirectUri, parameters }: AuthorizationUrlOptions,
): string {
  const scopes = Array.isArray(scope) ? scope.join(flow.scopeSeparator ?? " ") : scope;
  const all = {
    response_type: "code",
    client_id: clientId,
    ...(scope === undefined ? {} : { scope: requireText(scopes, "scope") }),
    state,
    ...(redirectUri === undefined ? {} : { redirect_uri: requireRedirectUri(redirectUri) }),
    ...(codeChallenge === undefined
      ? {}
      : { code_challenge: codeChallenge, code_challenge_method: "S256" }),
    ...furtherParameters({ ...flow.parameters, ...checked(parameters) }),
  };
  const url = new URL(page);
  url.search = Object.entries(all)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join("&");
  return url.href;
}

function checked(parameters: AuthorizationUrlOptions["parameters"]): Record<string, string> {
  if (parameters !== undefined) requireObject(parameters, "parameters");
  return { ...parameters };
}

function furtherParameters(parameters: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(parameters)) {
    requireText(name, "parameters");
    requireText(value, `parameters.${name}`);
    if (RESERVED.includes(name))
      refuseOption("parameters", `holds \`${name}\`, which the client sets itself. Leave it out.`);
  }
  return parameters;
}

/** Schemes of URLs that no person can return to, or that run code in the page. */
const NO_CALLBACK = ["javascript:", "data:", "vbscript:", "blob:", "file:", "about:"];

/**
 * Checks a redirection endpoint (RFC 6749 3.1.2): an absolute URL without a fragment. An app's own
 * scheme is accepted, as in `com.example.app:/callback`.
 * @throws ConfigurationError for option `redirectUri`
 */
export function requireRedirectUri(value: unknown): string {
  const refuse = (what: string): never => refuseOption("redirectUri", what);
  const text = requireText(value, "redirectUri");
  // The URL parser ignores these, but the vendor compares the text as it is.
  if (/[\s\p{Cc}]/u.test(text))
    return refuse("holds a space or a line break. Give it as it is registered with the vendor.");
  const url = parseUrl(text);
  if (!url || /^[^/?#]*:\d+(?:[/?#]|$)/.test(text))
    return refuse(
      "is not a full URL: give it with http:// or https://, or with your app's own scheme.",
    );
  if (NO_CALLBACK.includes(url.protocol))
    return refuse(
      "has a scheme that no person can return to. Give it with https://, or with your app's own scheme.",
    );
  return text.includes("#")
    ? refuse("holds a fragment, which RFC 6749 (3.1.2) does not allow. Give it without.")
    : text;
}
