/** Petje.af's API, as its errata PJ-* say that it behaves, and its consent page. */
import { document } from "../../../generated/petjeaf.document.ts";
import type { SandboxClock } from "../clock.ts";
import {
  createTokenBook,
  random,
  type Holder,
  type Issued,
  type TokenBook,
} from "../token-book.ts";
import type { Call, Reply, Vendor } from "../vendor.ts";
import { bearerOf, listed, type Responses } from "./common.ts";
import { createConsentPage, type Code } from "./petjeaf-consent.ts";
import { petjeafFaults, problem, type PetjeafFaultName } from "./petjeaf-faults.ts";

/** Options of a client that the sandbox's Petje.af lets in. */
export interface PetjeafSandboxOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly baseUrl: string;
  readonly authorizeUrl: string;
}

/** What a test may change of the sandbox's Petje.af. */
export interface PetjeafSandboxSettings {
  /**
   * Lifetime of access tokens, seconds.
   * @defaultValue 3599
   */
  tokenLifetime: number;
  /**
   * What the user does on the consent page.
   * @defaultValue "grant"
   */
  consent: "grant" | "deny";
  /** The user. With an `id` of undefined the access token has none. */
  user: { id: string | undefined; name: string; email: string };
  /** Where the consent page redirects to if the authorization URL has no `redirect_uri`. */
  redirectUri: string;
  /**
   * Whether the user has a membership.
   * @defaultValue "active"
   */
  membership: "active" | "none";
  /**
   * What a revocation is answered with: 204, or 200 with an empty object. No document says which.
   * @defaultValue "no-content"
   */
  revocation: "no-content" | "ok";
  /**
   * Which members the user and the list of memberships have: all, null for those that may be null,
   * or the required ones only.
   * @defaultValue "full"
   */
  responses: Responses;
}

const CREDENTIALS = { clientId: "sandbox-client", clientSecret: "sandbox+secret & 100%" };

/** What the handlers share. */
interface State {
  readonly settings: PetjeafSandboxSettings;
  readonly tokens: TokenBook;
  readonly codes: Map<string, Code>;
  readonly clock: SandboxClock;
}

export function createPetjeaf(
  clock: SandboxClock,
): Vendor<PetjeafSandboxOptions, PetjeafSandboxSettings, PetjeafFaultName> {
  const settings: PetjeafSandboxSettings = {
    tokenLifetime: 3599,
    consent: "grant",
    redirectUri: "https://app.example/callback",
    user: {
      id: "sandboxUser00000000000000001",
      name: "Sandbox Pérson",
      email: "person@example.com",
    },
    membership: "active",
    revocation: "no-content",
    responses: "full",
  };
  const tokens = createTokenBook(clock, mintJwt);
  const codes = new Map<string, Code>();
  const state = { settings, tokens, codes, clock };
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
      createToken: (call) => createToken(call, state),
      revokeToken: withToken(tokens, undefined, (_, call) => {
        tokens.revoke(bearerOf(call));
        return settings.revocation === "ok" ? { status: 200, body: {} } : { status: 204 };
      }),
      getCurrentUser: withToken(tokens, "profile.read", (holder) => currentUser(holder, settings)),
      listMemberships: withToken(tokens, "memberships.read", (holder) =>
        memberships(holder, settings),
      ),
    },
    refuse,
    faults: petjeafFaults,
    notFound: () => problem(404, "Not Found", "There is nothing here"),
    pages: {
      "/oauth2/authorize": createConsentPage({
        ...state,
        clientId: CREDENTIALS.clientId,
        refuse: (detail) => problem(400, "Bad Request", detail),
      }),
    },
    tokens,
  };
}

function createToken({ body }: Call, { settings, tokens, codes, clock }: State): Reply {
  const form = body as Readonly<Record<string, string>>;
  if (
    form["client_id"] !== CREDENTIALS.clientId ||
    form["client_secret"] !== CREDENTIALS.clientSecret
  )
    return problem(401, "Unauthorized", "Invalid client: client authentication failed");
  if (form["grant_type"] === "refresh_token") {
    const next = tokens.rotate(form["refresh_token"] ?? "", settings.tokenLifetime);
    return next
      ? tokenReply(next, next.holder, settings)
      : problem(400, "Bad Request", "Invalid grant: refresh token is invalid");
  }
  const code = codes.get(form["code"] ?? "");
  codes.delete(form["code"] ?? "");
  const valid =
    code && clock.now() < code.expiresAt && code.redirectUri === (form["redirect_uri"] ?? null);
  return valid
    ? tokenReply(tokens.issue(code.holder, settings.tokenLifetime), code.holder, settings)
    : problem(400, "Bad Request", "Invalid grant: authorization code is invalid");
}

/** A handler for requests whose token is live and has the scope. */
const withToken =
  (tokens: TokenBook, scope: string | undefined, handler: (holder: Holder, call: Call) => Reply) =>
  (call: Call): Reply => {
    const found = tokens.check(bearerOf(call));
    if (found.state !== "live") {
      const why = found.state === "expired" ? "has expired" : "is invalid";
      return problem(401, "Unauthorized", `The access token ${why}`);
    }
    return scope === undefined || found.holder.scope.split(" ").includes(scope)
      ? handler(found.holder, call)
      : problem(403, "Forbidden", `The scope ${scope} was not granted`);
  };

const userOf = ({ subject }: Holder): { readonly id?: string } =>
  JSON.parse(subject) as { readonly id?: string };

function currentUser(holder: Holder, { responses }: PetjeafSandboxSettings): Reply {
  const user = { id: "unknown", ...userOf(holder) };
  return { status: 200, body: responses === "full" ? user : { id: user.id } };
}

function memberships(holder: Holder, { membership, responses }: PetjeafSandboxSettings): Reply {
  const id = { id: "sandboxMembership001" };
  const details = {
    resource: "memberships",
    userId: userOf(holder).id ?? "unknown",
    amount: 3,
    interval: "month",
    plan: "Example plan",
    status: "active",
  };
  const one = {
    full: { ...id, ...details },
    nulls: { ...id, intervalLabel: null },
    minimal: id,
  }[responses];
  const list = membership === "active" ? [one] : [];
  const self = { href: "https://api.petje.af/memberships", type: "application/hal+json" };
  const rest = { count: list.length, _links: { self, next: null } };
  return {
    status: 200,
    body: { ...(responses === "minimal" ? {} : rest), _embedded: { memberships: list } },
  };
}

const refuse = ({ violations }: Call): Reply =>
  violations.some((violation) => violation.in === "security")
    ? problem(401, "Unauthorized", "An access token is required")
    : problem(400, "Bad Request", listed(violations));

const tokenReply = (
  { accessToken, refreshToken }: Issued,
  { scope }: Holder,
  { tokenLifetime }: PetjeafSandboxSettings,
): Reply => ({
  status: 200,
  body: {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: tokenLifetime,
    refresh_token: refreshToken,
    scope,
  },
});

/** The vendor's access tokens are JWTs with the user's claims. The signature is random. */
function mintJwt({ subject }: Holder, expiresAt: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { exp: Math.floor(expiresAt / 1000), jti: random() };
  return [
    part({ alg: "HS256", typ: "JWT" }),
    part({ ...(JSON.parse(subject) as object), ...claims }),
    random(),
  ].join(".");
}
