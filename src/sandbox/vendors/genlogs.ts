/** GenLogs' API, as its errata GL-* say that it behaves. */
import { document } from "../../../generated/genlogs.document.ts";
import { document as queryForm } from "../../../generated/genlogs-query.document.ts";
import type { SandboxClock } from "../clock.ts";
import { createTokenBook, random, type Issued, type TokenBook } from "../token-book.ts";
import type { Call, Reply, Vendor } from "../vendor.ts";

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
): Vendor<GenLogsSandboxOptions, GenLogsSandboxSettings> {
  const tokens = createTokenBook(clock, () => `sandbox.genlogs.${random()}`);
  const settings: GenLogsSandboxSettings = {
    tokenLifetime: 3600,
    credentialsIn: "body",
    refreshTokens: "usable",
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
      getCarrierRecommendations: withApiKey((call) => recommend(call, tokens)),
    },
    refuse,
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
  { credentialsIn, tokenLifetime }: GenLogsSandboxSettings,
): Reply {
  const given =
    credentialsIn === "query" ? Object.fromEntries(query) : (body as Record<string, string>);
  if (given["email"] !== CREDENTIALS.email || given["password"] !== CREDENTIALS.password)
    return { status: 401, body: { detail: "Incorrect email or password" } };
  return tokenReply(tokens.issue({ subject: CREDENTIALS.email, scope: "" }, tokenLifetime));
}

function refreshToken(
  { query }: Call,
  tokens: TokenBook,
  { refreshTokens, tokenLifetime }: GenLogsSandboxSettings,
): Reply {
  const next =
    refreshTokens === "usable"
      ? tokens.rotate(query.get("refresh_token") ?? "", tokenLifetime)
      : undefined;
  return next ? tokenReply(next) : { status: 401, body: { detail: "Invalid refresh token" } };
}

function recommend({ headers, query }: Call, tokens: TokenBook): Reply {
  const { state } = tokens.check(headers.get("access-token") ?? "");
  if (state !== "live") {
    const message = state === "expired" ? "Token expired" : "Invalid token";
    return { status: 401, body: { detail: { message, subcode: "AUTH-1" } } };
  }
  const carrier = {
    dot_number: "1234567",
    legal_name: "Example Carrier LLC",
    phy_state: query.get("origin_state") ?? "TN",
    carrier_score_scaled: 0.87,
  };
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

/** FastAPI's answer to a request that it cannot validate. */
const invalid = (detail: { loc: (string | number)[]; msg: string; type: string }[]): Reply => ({
  status: 422,
  body: { detail },
});

const tokenReply = ({ accessToken, refreshToken: token, expiresAt }: Issued): Reply => ({
  status: 200,
  body: {
    access_token_data: { token: accessToken, expires: timestamp(expiresAt) },
    refresh_token_data: { token, expires: timestamp(expiresAt + REFRESH_LIFETIME) },
    user_id: 1001,
    company_id: 42,
    customer_name: "Example Freight",
  },
});

/** The vendor's form of a time: UTC with microseconds and without a zone. */
const timestamp = (at: number): string => `${new Date(at).toISOString().slice(0, -1)}000`;
