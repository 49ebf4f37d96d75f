import { document } from "../../../generated/genlogs.document.ts";
import type { SandboxClock } from "../clock.ts";
import { createTokenBook, random, type Issued } from "../token-book.ts";
import type { Call, Reply, Vendor } from "../vendor.ts";

export interface GenLogsSandboxOptions {
  readonly apiKey: string;
  readonly email: string;
  readonly password: string;
  readonly baseUrl: string;
}
export interface GenLogsSandboxSettings {
  /** Seconds. */
  tokenLifetime: number;
  /** `body` as the vendor does now, `query` as it did before. */
  credentialsIn: "body" | "query";
  /** Whether the refresh endpoint does what its page says, or what the other page says. */
  refreshTokens: "usable" | "unusable";
}

const CREDENTIALS = {
  apiKey: "sandbox-api-key-0001",
  email: "sandbox+user@example.com",
  password: "sandbox+password & 100%",
};

export function createGenLogs(
  clock: SandboxClock,
): Vendor<GenLogsSandboxOptions, GenLogsSandboxSettings> {
  const book = createTokenBook(clock, () => `sandbox.genlogs.${random()}`);
  const settings: GenLogsSandboxSettings = {
    tokenLifetime: 3600,
    credentialsIn: "body",
    refreshTokens: "usable",
  };

  /** The vendor's timestamps: microseconds, no zone, UTC. */
  const timestamp = (at: number): string => `${new Date(at).toISOString().slice(0, -1)}000`;
  const tokens = ({ accessToken, refreshToken, expiresAt }: Issued): Reply => ({
    status: 200,
    body: {
      access_token_data: { token: accessToken, expires: timestamp(expiresAt) },
      refresh_token_data: { token: refreshToken, expires: timestamp(expiresAt + 30 * 86_400_000) },
      user_id: 1001,
      company_id: 42,
      customer_name: "Example Freight",
    },
  });
  const invalid = (entries: { loc: (string | number)[]; msg: string; type: string }[]): Reply => ({
    status: 422,
    body: { detail: entries },
  });
  const missing = (place: string, names: string[]): Reply =>
    invalid(names.map((name) => ({ loc: [place, name], msg: "Field required", type: "missing" })));
  const guarded =
    (handler: (call: Call) => Reply) =>
    (call: Call): Reply =>
      call.headers.get("x-api-key") === CREDENTIALS.apiKey
        ? handler(call)
        : { status: 403, body: { detail: "Invalid API key" } };

  return {
    name: "genlogs",
    document,
    prefix: "",
    settings,
    options: (root) => ({ ...CREDENTIALS, baseUrl: root }),
    handlers: {
      createToken: guarded(({ query, body }) => {
        const given =
          settings.credentialsIn === "query"
            ? Object.fromEntries(query)
            : ((body as Record<string, string> | undefined) ?? {});
        const absent = ["email", "password"].filter((name) => given[name] === undefined);
        if (absent.length > 0) return missing(settings.credentialsIn, absent);
        if (given["email"] !== CREDENTIALS.email || given["password"] !== CREDENTIALS.password)
          return { status: 401, body: { detail: "Incorrect email or password" } };
        return tokens(
          book.issue({ subject: CREDENTIALS.email, scope: "" }, settings.tokenLifetime),
        );
      }),
      refreshToken: guarded(({ query }) => {
        const next =
          settings.refreshTokens === "usable"
            ? book.rotate(query.get("refresh_token") ?? "", settings.tokenLifetime)
            : undefined;
        return next ? tokens(next) : { status: 401, body: { detail: "Invalid refresh token" } };
      }),
      getCarrierRecommendations: guarded(({ headers, query }) => {
        const { state } = book.check(headers.get("access-token") ?? "");
        if (state !== "live")
          return {
            status: 401,
            body: {
              detail: {
                message: state === "expired" ? "Token expired" : "Invalid token",
                subcode: "AUTH-1",
              },
            },
          };
        const carrier = {
          dot_number: "1234567",
          legal_name: "Example Carrier LLC",
          phy_state: query.get("origin_state") ?? "TN",
          carrier_score_scaled: 0.87,
        };
        return { status: 200, body: { real_time_locs: {}, recommendations: [carrier] } };
      }),
    },
    refuse: ({ violations }) => {
      const unsigned = violations.filter((violation) => violation.in === "security");
      if (unsigned.some(({ at }) => at === "apiKey"))
        return { status: 403, body: { detail: "Not authenticated" } };
      if (unsigned.length > 0) return { status: 401, body: { detail: "Missing Access-Token" } };
      return invalid(
        violations.map(({ in: place, at, message, rule }) => ({
          loc: [place, ...at.split("/").filter(Boolean)],
          msg: message,
          type: rule,
        })),
      );
    },
    notFound: () => ({ status: 404, body: { detail: "Not Found" } }),
    log: book.log,
    rotation: book.rotation,
    revokeAccessTokens: book.revokeAccessTokens,
    revokeRefreshTokens: book.revokeRefreshTokens,
  };
}
