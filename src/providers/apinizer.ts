/**
 * Apinizer: OAuth 2.0 client credentials at the manager, or a token made by hand in its console.
 * Errata AP-*.
 */
import type { paths } from "../../generated/apinizer.ts";
import { meta } from "../../generated/apinizer.meta.ts";
import { createClient, type ApiClient } from "../client/create-client.ts";
import { ConfigurationError } from "../errors.ts";
import { namesOf } from "../parts/option-names.ts";
import { requireSecret, requireText, requireUrl } from "../parts/check-options.ts";
import { firstText, isRecord } from "../parts/parse-error.ts";
import type { Connection, Problem, Provider } from "../provider.ts";
import type { CommonOptions } from "../client/options.ts";
import type { Secret } from "../secret.ts";
import { expiryAfter, expiryAt, parseInteger, type Moment } from "../token.ts";
import { assemble, readBearer } from "../parts/parse-token.ts";

export type { paths as ApinizerPaths };

export type ApinizerOptions = {
  /**
   * Address of the manager's console, with or without `/apiops` or `/apiops/auth/token`, with or
   * without a slash. Instead of `baseUrl`.
   */
  readonly managerUrl?: string;
} & (
  | {
      /** Name of a console user. It travels as `client_id`. */
      readonly username: string;
      /** That user's password. It travels as `client_secret`. */
      readonly password: Secret;
      readonly token?: never;
    }
  | {
      /** A token created in the console under My Profile. It cannot be renewed. */
      readonly token: Secret;
      readonly username?: never;
      readonly password?: never;
    }
);

export type ApinizerClient = ApiClient<paths>;

const CREATE = "POST /auth/token";

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
    if (baseUrl !== undefined && managerUrl !== undefined) {
      throw new ConfigurationError({
        option: "baseUrl",
        message:
          "Option `baseUrl` does not go with `managerUrl`: both are the manager's address. Give `managerUrl` alone.",
      });
    }
    const option = baseUrl === undefined ? "managerUrl" : "baseUrl";
    const url = requireUrl(baseUrl ?? managerUrl, option, allowHttpHost);
    const common = { baseUrl: apiUrl(url), tokenOperation: CREATE };
    if (token !== undefined && (username !== undefined || password !== undefined)) {
      throw new ConfigurationError({
        option: "token",
        message:
          "Option `token` does not go with `username` and `password`. Give one or the others.",
      });
    }
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

  // Both envelopes can say so with status 200 (erratum AP-21).
  isFailure: (body) =>
    isRecord(body) && (body["status"] === "FAILURE" || body["success"] === false),
};

/** @throws ConfigurationError */
export function createApinizerClient(
  options: ApinizerOptions & { readonly managerUrl: string } & CommonOptions,
): ApinizerClient {
  return createClient(apinizer, options);
}

/**
 * Out of the console's address, the API's, or the token endpoint's, which the vendor's page has for
 * it to be copied.
 */
function apiUrl(url: string): string {
  const manager = url.endsWith("/apiops/auth/token") ? url.slice(0, -"/auth/token".length) : url;
  return manager.endsWith("/apiops") ? manager : `${manager}/apiops`;
}

const DAY = 86_400_000;
/** From here on a lifetime is in ms: in seconds it would be longer than eleven days. */
const FIRST_IN_MS = 1_000_000;

/**
 * Documented as seconds, as a lifetime in ms and as an epoch in ms (rule T-03). An epoch lies near
 * the present, by the server's clock where it is known; a lifetime that is taken for too short
 * costs a login, for too long a 401. Zero and less say nothing.
 */
function readExpiry(value: unknown, moment: Moment): number | undefined {
  const number = parseInteger(value);
  if (number === undefined || number <= 0) return undefined;
  if (number < FIRST_IN_MS) return expiryAfter(number, moment);
  const now = moment.serverTime ?? moment.sentAt;
  if (number >= now - DAY && number <= now + 10 * 365.25 * DAY) return expiryAt(number, moment);
  return expiryAfter(Math.floor(number / 1000), moment);
}
