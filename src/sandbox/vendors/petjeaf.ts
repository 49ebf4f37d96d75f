import { document } from "../../../generated/petjeaf.document.ts";
import { parseUrl } from "../../platform/parse-url.ts";
import type { SandboxClock } from "../clock.ts";
import { createTokenBook, random, type Holder, type Issued } from "../token-book.ts";
import type { Call, Reply, Vendor } from "../vendor.ts";

export interface PetjeafSandboxOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly baseUrl: string;
  readonly authorizeUrl: string;
}
export interface PetjeafSandboxSettings {
  /** Seconds. */
  tokenLifetime: number;
  /** What the person does on the consent page. */
  consent: "grant" | "deny";
  /** The person: `id` is left out of the access token when undefined. */
  user: { id: string | undefined; name: string; email: string };
  /** Where the person goes when the authorization URL names no `redirect_uri`. */
  redirectUri: string;
}

const CREDENTIALS = { clientId: "sandbox-client", clientSecret: "sandbox+secret & 100%" };
const CODE_LIFETIME = 60_000;

export function createPetjeaf(
  clock: SandboxClock,
): Vendor<PetjeafSandboxOptions, PetjeafSandboxSettings> {
  const settings: PetjeafSandboxSettings = {
    tokenLifetime: 3599,
    consent: "grant",
    redirectUri: "https://app.example/callback",
    user: {
      id: "sandboxUser00000000000000001",
      name: "Sandbox Pérson",
      email: "person@example.com",
    },
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const book = createTokenBook(clock, (holder, expiresAt) =>
    [
      part({ alg: "HS256", typ: "JWT" }),
      part({
        ...(JSON.parse(holder.subject) as object),
        exp: Math.floor(expiresAt / 1000),
        jti: random(),
      }),
      random(),
    ].join("."),
  );
  const codes = new Map<
    string,
    { holder: Holder; redirectUri: string | null; expiresAt: number }
  >();

  const problem = (status: number, title: string, detail: string): Reply => ({
    status,
    body: {
      status,
      title,
      detail,
      _links: { documentation: { href: "https://docs.petje.af", type: "text/html" } },
    },
  });
  const tokens = ({ accessToken, refreshToken }: Issued, { scope }: Holder): Reply => ({
    status: 200,
    body: {
      access_token: accessToken,
      token_type: "Bearer",
      expires_in: settings.tokenLifetime,
      refresh_token: refreshToken,
      scope,
    },
  });
  const bearer = ({ headers }: Call): string =>
    (headers.get("authorization") ?? "").replace(/^bearer +/i, "");
  const withToken =
    (scope: string | undefined, handler: (holder: Holder, call: Call) => Reply) =>
    (call: Call): Reply => {
      const found = book.check(bearer(call));
      if (found.state !== "live")
        return problem(
          401,
          "Unauthorized",
          found.state === "expired"
            ? "The access token has expired"
            : "The access token is invalid",
        );
      if (scope !== undefined && !found.holder.scope.split(" ").includes(scope))
        return problem(403, "Forbidden", `The scope ${scope} was not granted`);
      return handler(found.holder, call);
    };

  return {
    name: "petjeaf",
    document,
    prefix: "/v1",
    settings,
    options: (root) => ({
      ...CREDENTIALS,
      baseUrl: `${root}/v1`,
      authorizeUrl: `${root}/oauth2/authorize`,
    }),
    handlers: {
      createToken: ({ body }) => {
        const form = body as Record<string, string>;
        if (
          form["client_id"] !== CREDENTIALS.clientId ||
          form["client_secret"] !== CREDENTIALS.clientSecret
        )
          return problem(401, "Unauthorized", "Invalid client: client authentication failed");
        if (form["grant_type"] === "refresh_token") {
          const next = book.rotate(form["refresh_token"] ?? "", settings.tokenLifetime);
          return next
            ? tokens(next, next.holder)
            : problem(400, "Bad Request", "Invalid grant: refresh token is invalid");
        }
        const code = codes.get(form["code"] ?? "");
        codes.delete(form["code"] ?? "");
        const valid =
          code &&
          clock.now() < code.expiresAt &&
          code.redirectUri === (form["redirect_uri"] ?? null);
        if (!valid)
          return problem(400, "Bad Request", "Invalid grant: authorization code is invalid");
        return tokens(book.issue(code.holder, settings.tokenLifetime), code.holder);
      },
      revokeToken: withToken(undefined, (_, call) => {
        book.revoke(bearer(call));
        return { status: 204 };
      }),
      getCurrentUser: withToken("profile.read", ({ subject }) => ({
        status: 200,
        body: { id: "unknown", ...(JSON.parse(subject) as object) },
      })),
      listMemberships: withToken("memberships.read", ({ subject }) => ({
        status: 200,
        body: {
          count: 1,
          _embedded: {
            memberships: [
              {
                resource: "memberships",
                id: "sandboxMembership001",
                userId: (JSON.parse(subject) as { id?: string }).id ?? "unknown",
                amount: 3,
                interval: "month",
                plan: "Example plan",
                status: "active",
              },
            ],
          },
          _links: {
            self: { href: "https://api.petje.af/memberships", type: "application/hal+json" },
            next: null,
          },
        },
      })),
    },
    refuse: ({ violations }) =>
      violations.some((violation) => violation.in === "security")
        ? problem(401, "Unauthorized", "An access token is required")
        : problem(
            400,
            "Bad Request",
            violations.map(({ at, message }) => `${at} ${message}`.trim()).join("; "),
          ),
    notFound: () => problem(404, "Not Found", "There is nothing here"),
    pages: {
      /** The consent page, with a person who answers at once. */
      "/oauth2/authorize": (query) => {
        const wrong =
          query.get("client_id") !== CREDENTIALS.clientId
            ? "client_id"
            : query.get("response_type") !== "code"
              ? "response_type"
              : !query.get("scope")
                ? "scope"
                : !query.get("state")
                  ? "state"
                  : undefined;
        const redirectUri = query.get("redirect_uri");
        // A wrong client is never redirected (RFC 6749 4.1.2.1).
        if (wrong !== undefined || !parseUrl(redirectUri ?? settings.redirectUri))
          return problem(
            400,
            "Bad Request",
            `The parameter ${wrong ?? "redirect_uri"} is not valid`,
          );
        const target = new URL(redirectUri ?? settings.redirectUri);
        target.searchParams.set("state", query.get("state") ?? "");
        if (settings.consent === "deny") target.searchParams.set("error", "access_denied");
        else {
          const code = `sandbox-code-${random()}`;
          codes.set(code, {
            holder: { subject: JSON.stringify(settings.user), scope: query.get("scope") ?? "" },
            redirectUri,
            expiresAt: clock.now() + CODE_LIFETIME,
          });
          target.searchParams.set("code", code);
        }
        return { status: 302, headers: { location: target.href } };
      },
    },
    log: book.log,
    rotation: book.rotation,
    revokeAccessTokens: book.revokeAccessTokens,
    revokeRefreshTokens: book.revokeRefreshTokens,
  };
}
