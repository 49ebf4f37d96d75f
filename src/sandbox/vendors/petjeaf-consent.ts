/** Petje.af's consent page, with a user who answers at once. */
import { parseUrl } from "../../platform/parse-url.ts";
import type { SandboxClock } from "../clock.ts";
import { random, type Holder } from "../token-book.ts";
import type { Reply } from "../vendor.ts";
import type { PetjeafSandboxSettings } from "./petjeaf.ts";

/** What an authorization code was given for. */
export interface Code {
  readonly holder: Holder;
  /** Null: the authorization URL had none. */
  readonly redirectUri: string | null;
  /** Epoch ms. */
  readonly expiresAt: number;
}

interface Page {
  readonly settings: PetjeafSandboxSettings;
  /** Codes that were given and not used, by their text. */
  readonly codes: Map<string, Code>;
  readonly clock: SandboxClock;
  readonly clientId: string;
  readonly refuse: (detail: string) => Reply;
}

/** ms. RFC 6749 4.1.2 recommends at most ten minutes. */
const CODE_LIFETIME = 60_000;

export const createConsentPage =
  (page: Page) =>
  (query: URLSearchParams): Reply => {
    const { settings, refuse } = page;
    const redirectUri = query.get("redirect_uri");
    const address = parseUrl(redirectUri ?? settings.redirectUri);
    const invalid = invalidParameter(query, page) ?? (address ? undefined : "redirect_uri");
    // A request with such a mistake is not redirected (RFC 6749 4.1.2.1).
    if (invalid !== undefined || !address)
      return refuse(`The parameter ${invalid ?? "redirect_uri"} is not valid`);
    address.searchParams.set("state", query.get("state") ?? "");
    if (settings.consent === "deny") address.searchParams.set("error", "access_denied");
    else address.searchParams.set("code", giveCode(query, redirectUri, page));
    return { status: 302, headers: { location: address.href } };
  };

function invalidParameter(query: URLSearchParams, { clientId }: Page): string | undefined {
  if (query.get("client_id") !== clientId) return "client_id";
  if (query.get("response_type") !== "code") return "response_type";
  return ["scope", "state"].find((name) => !query.get(name));
}

function giveCode(
  query: URLSearchParams,
  redirectUri: string | null,
  { settings, codes, clock }: Page,
): string {
  const code = `sandbox-code-${random()}`;
  codes.set(code, {
    holder: { subject: JSON.stringify(settings.user), scope: query.get("scope") ?? "" },
    redirectUri,
    expiresAt: clock.now() + CODE_LIFETIME,
  });
  return code;
}
