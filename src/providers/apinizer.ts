/**
 * Apinizer: OAuth 2.0 client credentials at the manager, or a token that a person creates in its
 * console. Errata AP-*.
 */
import type { paths } from "../../generated/apinizer.ts";
import { meta } from "../../generated/apinizer.meta.ts";
import { createUncheckedClient, type ApiClient } from "../client/create-client.ts";
import { namesOf } from "../parts/option-names.ts";
import { refuseOption, requireSecret, requireText, requireUrl } from "../parts/check-options.ts";
import { firstText, isRecord } from "../parts/parse-error.ts";
import type { Connection, Problem, Provider } from "../provider.ts";
import type { CommonOptions } from "../client/options.ts";
import type { Secret } from "../secret.ts";
import { expiryAfter, expiryAt, parseInteger, type Moment } from "../token.ts";
import { assemble, readBearer } from "../parts/parse-token.ts";

export type { paths as ApinizerPaths };

/** A console user, or a token created in the console. */
export type ApinizerOptions = {
  /**
   * URL of the manager's console, with or without `/apiops` or `/apiops/auth/token`, and with or
   * without a slash at its end. Given instead of `baseUrl`.
   */
  readonly managerUrl?: string;
} & (
  | {
      /** Name of a console user. The token request sends it as `client_id`. */
      readonly username: string;
      /** The user's password. The token request sends it as `client_secret`. */
      readonly password: Secret;
      readonly token?: never;
    }
  | {
      /** A token from the console's page My Profile. It cannot be renewed. */
      readonly token: Secret;
      readonly username?: never;
      readonly password?: never;
    }
);

/** A typed client of Apinizer's management API. */
export type ApinizerClient = ApiClient<paths>;

const CREATE = "POST /auth/token";

/** The provider behind `createApinizerClient`. */
export const apinizer: Provider<paths, ApinizerOptions> = {
  name: "apinizer",
  meta,
  tokenScheme: "bearer",
  options: namesOf<ApinizerOptions>({
    managerUrl: true,
    username: true,
    password: true,
    token: true,
  }),

  connect({ baseUrl, managerUrl, allowHttpHost, username, password, token }) {
    if (baseUrl !== undefined && managerUrl !== undefined)
      refuseOption(
        "baseUrl",
        "does not go with `managerUrl`: both are the manager's address. Give `managerUrl` alone.",
      );
    const option = baseUrl === undefined ? "managerUrl" : "baseUrl";
    const url = requireUrl(baseUrl ?? managerUrl, option, allowHttpHost);
    const common = { baseUrl: apiUrl(url), tokenOperation: CREATE };
    if (token !== undefined && (username !== undefined || password !== undefined))
      refuseOption("token", "does not go with `username` and `password`. Give one or the others.");
    if (token !== undefined)
      return {
        ...common,
        identity: [],
        staticToken: requireSecret(token, "token"),
      } satisfies Connection;
    const user = requireText(username, "username");
    const secret = requireSecret(password, "password");
    return {
      ...common,
      identity: [user],
      identityOption: "username",
      credentials: { password: secret },
      grants: () => [
        {
          name: "client_credentials",
          grantType: "client_credentials",
          request: async (reveal) => {
            const clientSecret = await reveal("password");
            return {
              operation: CREATE,
              secrets: [clientSecret],
              body: {
                grant_type: "client_credentials",
                client_id: user,
                client_secret: clientSecret,
              },
            };
          },
        },
      ],
    };
  },

  parseToken({ body, ...moment }) {
    return assemble(readBearer(body), moment, {
      at: readExpiry(body["expires_in"], moment),
      pointer: "/expires_in",
    });
  },

  readProblem(body): Problem {
    if (!isRecord(body)) return {};
    return {
      message: firstText(body["error_description"], body["resultMessage"]),
      code: firstText(body["error"], body["status"]),
      retryAfter: parseInteger(body["retry_after"]),
    };
  },

  // By the vendor's documents, a 200 can hold `status` FAILURE (erratum AP-21). That `success` can
  // be false is inferred.
  isFailure: (body) =>
    isRecord(body) && (body["status"] === "FAILURE" || body["success"] === false),
};

/**
 * A client of Apinizer's management API.
 * @throws ConfigurationError naming the option that is missing or not usable
 * @example
 * const apinizer = createApinizerClient({
 *   managerUrl: "https://manager.example.com",
 *   username: "ci",
 *   password: () => vault.read("apinizer"),
 * });
 * const { data } = await apinizer.GET("/projects/");
 */
export function createApinizerClient(
  options: ApinizerOptions & { readonly managerUrl: string } & CommonOptions,
): ApinizerClient {
  return createUncheckedClient(apinizer, options);
}

/**
 * URL of the API, from the URL of the console, of the API, or of the token endpoint, which the
 * vendor's page shows for copying.
 */
function apiUrl(url: string): string {
  const manager = url.endsWith("/apiops/auth/token") ? url.slice(0, -"/auth/token".length) : url;
  return manager.endsWith("/apiops") ? manager : `${manager}/apiops`;
}

const DAY = 86_400_000;
/** A lifetime of this number or more is read as ms: in s it would be longer than eleven days. */
const FIRST_IN_MS = 1_000_000;

/**
 * Reads `expires_in`. The vendor's documents contradict each other: it is a lifetime in seconds, a
 * lifetime in ms, or an epoch in ms (rule T-03). A number near the present is read as an epoch, by
 * the server's clock if that is known. A lifetime that is read too short costs a login, and one
 * that is read too long a 401. Zero and negative numbers say nothing.
 * @returns epoch ms by this machine's clock; undefined: not known
 */
function readExpiry(value: unknown, moment: Moment): number | undefined {
  const number = parseInteger(value);
  if (number === undefined || number <= 0) return undefined;
  if (number < FIRST_IN_MS) return expiryAfter(number, moment);
  const now = moment.serverTime ?? moment.sentAt;
  if (number >= now - DAY && number <= now + 10 * 365.25 * DAY) return expiryAt(number, moment);
  return expiryAfter(Math.floor(number / 1000), moment);
}
