/** GenLogs' API, as its errata GL-* say that it behaves. */
import { document } from "../../../generated/genlogs.document.ts";
import { document as queryForm } from "../../../generated/genlogs-query.document.ts";
import type { SandboxClock } from "../clock.ts";
import { createTokenBook, random, type Issued, type TokenBook } from "../token-book.ts";
import type { Call, Reply, Vendor } from "../vendor.ts";
import type { Responses } from "./common.ts";
import { genLogsFaults, invalid, type GenLogsFaultName } from "./genlogs-faults.ts";

/** Options of a client that the sandbox's GenLogs lets in. */
export interface GenLogsSandboxOptions {
  readonly apiKey: string;
  readonly email: string;
  readonly password: string;
  readonly baseUrl: string;
}

/** What a test may change of the sandbox's GenLogs. */
export interface GenLogsSandboxSettings {
  /**
   * Lifetime of access tokens, seconds.
   * @defaultValue 3600
   */
  tokenLifetime: number;
  /**
   * Where a login carries its credentials: in the body, as today, or in the query, as in the
   * vendor's older documents.
   * @defaultValue "body"
   */
  credentialsIn: "body" | "query";
  /**
   * Whether the refresh endpoint takes the refresh tokens of a login. The vendor's documents
   * contradict each other.
   * @defaultValue "usable"
   */
  refreshTokens: "usable" | "unusable";
  /**
   * Which members successes have: all, null for those that may be null, or the required ones only.
   * @defaultValue "full"
   */
  responses: Responses;
}

const CREDENTIALS = {
  apiKey: "sandbox-api-key-0001",
  email: "sandbox+user@example.com",
  password: "sandbox+password & 100%",
};
/** Lifetime of the refresh token beyond that of the access token, ms. */
const REFRESH_LIFETIME = 30 * 86_400_000;

export function createGenLogs(
  clock: SandboxClock,
): Vendor<GenLogsSandboxOptions, GenLogsSandboxSettings, GenLogsFaultName> {
  const tokens = createTokenBook(clock, () => `sandbox.genlogs.${random()}`);
  const settings: GenLogsSandboxSettings = {
    tokenLifetime: 3600,
    credentialsIn: "body",
    refreshTokens: "usable",
    responses: "full",
  };
  return {
    name: "genlogs",
    document,
    alternative: { document: queryForm, applies: () => settings.credentialsIn === "query" },
    prefix: "",
    settings,
    options: (root) => ({ ...CREDENTIALS, baseUrl: root }),
    handlers: {
      createToken: withApiKey((call) => createToken(call, tokens, settings)),
      refreshToken: withApiKey((call) => refreshToken(call, tokens, settings)),
      getCarrierRecommendations: withApiKey((call) => recommend(call, tokens, settings)),
    },
    refuse,
    faults: genLogsFaults,
    notFound: () => ({ status: 404, body: { detail: "Not Found" } }),
    tokens,
  };
}

const withApiKey =
  (handler: (call: Call) => Reply) =>
  (call: Call): Reply =>
    call.headers.get("x-api-key") === CREDENTIALS.apiKey
      ? handler(call)
      : { status: 403, body: { detail: "Invalid API key" } };

function createToken(
  { query, body }: Call,
  tokens: TokenBook,
  { credentialsIn, tokenLifetime, responses }: GenLogsSandboxSettings,
): Reply {
  const given =
    credentialsIn === "query" ? Object.fromEntries(query) : (body as Record<string, string>);
  if (given["email"] !== CREDENTIALS.email || given["password"] !== CREDENTIALS.password)
    return { status: 401, body: { detail: "Incorrect email or password" } };
  const issued = tokens.issue({ subject: CREDENTIALS.email, scope: "" }, tokenLifetime);
  return tokenReply(issued, responses);
}

function refreshToken(
  { query }: Call,
  tokens: TokenBook,
  { refreshTokens, tokenLifetime, responses }: GenLogsSandboxSettings,
): Reply {
  const next =
    refreshTokens === "usable"
      ? tokens.rotate(query.get("refresh_token") ?? "", tokenLifetime)
      : undefined;
  return next
    ? tokenReply(next, responses)
    : { status: 401, body: { detail: "Invalid refresh token" } };
}

function recommend(
  { headers, query }: Call,
  tokens: TokenBook,
  { responses }: GenLogsSandboxSettings,
): Reply {
  const { state } = tokens.check(headers.get("access-token") ?? "");
  if (state !== "live") {
    const message = state === "expired" ? "Token expired" : "Invalid token";
    return { status: 401, body: { detail: { message, subcode: "AUTH-1" } } };
  }
  const number = { dot_number: "1234567" };
  const carrier = {
    full: {
      ...number,
      legal_name: "Example Carrier LLC",
      phy_state: query.get("origin_state") ?? "TN",
      carrier_score_scaled: 0.87,
    },
    nulls: { ...number, dba_name: null, lat: null, lon: null },
    minimal: number,
  }[responses];
  return { status: 200, body: { real_time_locs: {}, recommendations: [carrier] } };
}

function refuse({ violations }: Call): Reply {
  const missing = violations.filter((violation) => violation.in === "security");
  if (missing.some(({ at }) => at === "apiKey"))
    return { status: 403, body: { detail: "Not authenticated" } };
  if (missing.length > 0) return { status: 401, body: { detail: "Missing Access-Token" } };
  return invalid(
    violations.map(({ in: place, at, message, rule }) => ({
      loc: [place, ...at.split("/").filter(Boolean)],
      ...(rule === "required"
        ? { msg: "Field required", type: "missing" }
        : { msg: message, type: rule }),
    })),
  );
}

function tokenReply(
  { accessToken, refreshToken: token, expiresAt }: Issued,
  responses: Responses,
): Reply {
  const access = { access_token_data: { token: accessToken, expires: timestamp(expiresAt) } };
  const refresh = {
    refresh_token_data: { token, expires: timestamp(expiresAt + REFRESH_LIFETIME) },
    user_id: 1001,
  };
  const body = {
    full: { ...access, ...refresh, company_id: 42, customer_name: "Example Freight" },
    nulls: { ...access, ...refresh, company_id: null, customer_name: null },
    minimal: access,
  }[responses];
  return { status: 200, body };
}

/** The vendor's form of a time: UTC with microseconds and without a zone. */
const timestamp = (at: number): string => `${new Date(at).toISOString().slice(0, -1)}000`;
