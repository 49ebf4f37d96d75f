/** Takes a contract case through the real client. */
import { isDeepStrictEqual } from "node:util";
import { createClient, type ApiClient } from "../client/create-client.ts";
import { isCorrigendaError, type CorrigendaError } from "../errors.ts";
import { apinizer } from "../providers/apinizer.ts";
import { genlogs } from "../providers/genlogs.ts";
import { createPetjeafClient, petjeaf } from "../providers/petjeaf.ts";
import type { CommonOptions } from "../client/options.ts";
import type { Provider } from "../provider.ts";
import type { Token } from "../token.ts";
import { storeHolding } from "./store-holding.ts";
import type { ContractCase, Outcome, OutcomeError } from "./case.ts";

/** Where a case is sent, and with what. */
export interface Target {
  readonly provider: string;
  readonly baseUrl: string;
  /** Options of the provider's client: credentials. */
  readonly account: Readonly<Record<string, string>>;
  /** The operation's path in the spec. */
  readonly path: string;
  readonly common?: CommonOptions;
  /** A token that the client starts with. */
  readonly seed?: Token;
  /** For the authorization code grant. */
  readonly code?: string;
}

type AnyClient = ApiClient<Record<string, never>>;

const PROVIDERS: Readonly<Record<string, Provider<object, never>>> = { genlogs, apinizer, petjeaf };

/** Sends the case's request through the client. @returns what came out, as a case writes it */
export async function drive(
  { client, request, variant, operationId }: ContractCase,
  { provider, baseUrl, account, path, common = {}, seed, code }: Target,
): Promise<Outcome> {
  const known = PROVIDERS[provider];
  if (!known) throw new RangeError(`there is no client for ${provider}`);
  const now = common.now ?? Date.now;
  const bare = {
    ...account,
    ...client,
    ...common,
    baseUrl,
    ...(known === petjeaf ? { key: "case" } : {}),
  };
  const options = { ...bare, ...(seed ? { store: storeHolding(known, bare as never, seed) } : {}) };
  try {
    if (variant === "authorization_code") {
      const redirectUri = request.body?.["redirect_uri"];
      const app = createPetjeafClient({ ...options, key: undefined } as never);
      const session = await app.exchange(new URLSearchParams({ code: code ?? "", state: "case" }), {
        state: "case",
        ...(redirectUri === undefined ? {} : { redirectUri }),
      });
      return ofToken(await session.auth.getToken());
    }
    const api = createClient(known, options as never) as unknown as AnyClient;
    if (/Token$/.test(operationId) && request.method === "POST")
      return ofToken(await api.auth.getToken());
    const query = Object.fromEntries(new URLSearchParams(new URL(request.url).search));
    const send = api.request as unknown as (
      method: string,
      path: string,
      init: object,
    ) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
    const result = await send(request.method, path, { params: { query } });
    // A success without a body is one all the same, and one that says it failed is none.
    if (result.response.ok && result.error === undefined) return { data: result.data };
    return { problem: ofError(api.toError(result), now()) };
  } catch (error) {
    if (!isCorrigendaError(error)) throw error;
    return { error: ofError(error, now()) };
  }
}

const ofToken = ({ accessToken, issuedAt, expiresAt, refreshToken, scope }: Token): Outcome => ({
  token: {
    accessToken,
    lifetime: expiresAt === undefined ? null : (expiresAt - issuedAt) / 1000,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(scope === undefined ? {} : { scope }),
  },
});

const ofError = (
  error: CorrigendaError & { readonly pointer?: string },
  now: number,
): OutcomeError => ({
  kind: error.kind,
  retryable: error.retryable,
  message: error.message,
  ...(error.status === undefined ? {} : { status: error.status }),
  ...(error.vendorCode === undefined ? {} : { vendorCode: error.vendorCode }),
  ...(error.pointer === undefined ? {} : { pointer: error.pointer }),
  ...(error.retryAt === undefined ? {} : { retryAfter: Math.round((error.retryAt - now) / 1000) }),
});

/**
 * What of an outcome is not as the case has it. Empty: nothing.
 * @param exact false where another party made up the values: then only their kinds are compared
 */
export function compare(
  { outcome, response }: ContractCase,
  actual: Outcome,
  exact: boolean,
): string[] {
  if (outcome === undefined) return ["the case has no outcome"];
  const wanted = Object.keys(outcome)[0] ?? "";
  if (!(wanted in actual)) return [`expected ${wanted}, got ${JSON.stringify(actual)}`];
  if ("token" in outcome && "token" in actual) {
    if (exact)
      return isDeepStrictEqual(outcome.token, actual.token)
        ? []
        : [
            `expected the token ${JSON.stringify(outcome.token)}, got ${JSON.stringify(actual.token)}`,
          ];
    return (outcome.token.lifetime === null) === (actual.token.lifetime === null)
      ? []
      : [
          `expected a lifetime of ${outcome.token.lifetime ?? "unknown"}, got ${actual.token.lifetime ?? "unknown"}`,
        ];
  }
  if ("data" in outcome && "data" in actual) {
    if (outcome.data !== true)
      return ["the case's `data` must be true: what it is, is the answer's body"];
    const body = response.status === 204 ? undefined : response.body;
    if (exact)
      return isDeepStrictEqual(body, actual.data)
        ? []
        : [`expected the answer's body, got ${JSON.stringify(actual.data)}`];
    return typeof body === typeof actual.data
      ? []
      : [`expected data of type ${typeof body}, got ${typeof actual.data}`];
  }
  const [expected, got] = [outcome, actual].map((side) =>
    "error" in side ? side.error : "problem" in side ? side.problem : undefined,
  );
  if (!expected || !got) return [`expected ${wanted}`];
  const members = (
    exact
      ? ["kind", "status", "vendorCode", "retryable", "retryAfter", "pointer"]
      : ["kind", "status", "retryable"]
  ) as (keyof OutcomeError)[];
  return [
    ...members
      .filter((member) => expected[member] !== got[member])
      .map(
        (member) => `expected ${member} ${String(expected[member])}, got ${String(got[member])}`,
      ),
    ...(exact && expected.message !== undefined && !got.message?.includes(expected.message)
      ? [`expected a message with "${expected.message}", got "${got.message ?? ""}"`]
      : []),
  ];
}
