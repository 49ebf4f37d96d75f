/** GenLogs: a login with e-mail, password and API key. Errata GL-*. */
import type { paths } from "../../generated/genlogs.ts";
import { meta } from "../../generated/genlogs.meta.ts";
import { createUncheckedClient, type ApiClient } from "../client/create-client.ts";
import { namesOf } from "../parts/option-names.ts";
import { requireOneOf, requireSecret, requireText, requireUrl } from "../parts/check-options.ts";
import { firstText, isRecord } from "../parts/parse-error.ts";
import type { Grant, Problem, Provider } from "../provider.ts";
import type { CommonOptions } from "../client/options.ts";
import type { Secret } from "../secret.ts";
import { expiryAt, parseInteger, parseTimestamp } from "../token.ts";
import {
  assemble,
  either,
  isInteger,
  isNull,
  isString,
  readObject,
  readOptional,
  readToken,
  VISIBLE_ASCII,
  type Members,
} from "../parts/parse-token.ts";

export type { paths as GenLogsPaths };

/** An account of GenLogs. */
export interface GenLogsOptions {
  /** The API key. Every request carries it in the header `x-api-key`. */
  readonly apiKey: Secret;
  /** The user's e-mail address. */
  readonly email: string;
  /** The user's password. */
  readonly password: Secret;
  /**
   * Where the login sends e-mail and password. `auto`: in the JSON body; after a 422 which says
   * that they are missing in the query, the client sends them there, and from then on tries the
   * query first. `query` puts the password into a URL, which proxies and servers write to their
   * logs.
   * @defaultValue `"auto"`
   */
  readonly credentialsIn?: "auto" | "body" | "query";
  /**
   * How the client gets a new token. `login`: with e-mail and password, since the vendor says that
   * the refresh token is not usable. `refresh-token`: with the refresh token first, and with a
   * login after a refusal (any 4xx but 408, 425 and 429).
   * @defaultValue `"login"`
   */
  readonly renew?: "login" | "refresh-token";
}

/** A typed client of GenLogs. */
export type GenLogsClient = ApiClient<paths>;

const CREATE = "POST /auth/token";
const REFRESH = "POST /auth/token/refresh";

/** The provider behind `createGenLogsClient`. */
export const genlogs: Provider<paths, GenLogsOptions> = {
  name: "genlogs",
  meta,
  tokenScheme: "accessToken",
  options: namesOf<GenLogsOptions>({
    apiKey: true,
    email: true,
    password: true,
    credentialsIn: true,
    renew: true,
  }),

  connect({ baseUrl, allowHttpHost, apiKey, email, password, credentialsIn, renew }) {
    const user = requireText(email, "email");
    const secret = requireSecret(password, "password");
    const place = requireOneOf(credentialsIn, "credentialsIn", ["auto", "body", "query"], "auto");
    const renewal = requireOneOf(renew, "renew", ["login", "refresh-token"], "login");
    const login = (name: "body" | "query"): Grant => ({
      name,
      grantType: "password",
      request: async (reveal) => {
        const values = { email: user, password: await reveal("password") };
        return {
          operation: CREATE,
          secrets: [values.password],
          ...(name === "body" ? { body: values } : { query: values }),
        };
      },
      // The other place is tried if the vendor's 422 names it as the one where it expects e-mail
      // and password.
      proceeds: (status, { locations = [] }) =>
        status === 422 &&
        locations.some(([first]) => first === (name === "body" ? "query" : "body")),
    });
    const refresh = (refreshToken: string): Grant => ({
      name: "refresh",
      grantType: "refresh_token",
      request: async () => ({
        operation: REFRESH,
        query: { refresh_token: refreshToken },
        secrets: [refreshToken],
      }),
      proceeds: (status) => status >= 400 && status < 500 && ![408, 425, 429].includes(status),
    });
    return {
      baseUrl: requireUrl(baseUrl ?? meta.servers[0]?.url, "baseUrl", allowHttpHost),
      identity: [user],
      identityOption: "email",
      apiKeys: { apiKey: requireSecret(apiKey, "apiKey") },
      tokenOperation: CREATE,
      credentials: { password: secret },
      grants: ({ refreshToken, worked }) => [
        ...(renewal === "refresh-token" && refreshToken !== undefined
          ? [refresh(refreshToken)]
          : []),
        ...(place !== "auto"
          ? [login(place)]
          : worked("query")
            ? [login("query"), login("body")]
            : [login("body"), login("query")]),
      ],
    };
  },

  parseToken({ body, ...moment }) {
    const access = readObject(body, "access_token_data");
    const accessToken = readToken(access, "token", VISIBLE_ASCII, "/access_token_data");
    // The client does not use these members. But a response that breaks the contract in them is not
    // trusted with the others.
    readOptional(body, "user_id", either(isString, isInteger), "a string or an integer");
    readOptional(body, "company_id", either(isInteger, isNull), "an integer or null");
    readOptional(body, "customer_name", either(isString, isNull), "a string or null");
    const refresh =
      body["refresh_token_data"] === undefined ? undefined : readObject(body, "refresh_token_data");
    const instant = readInstant(access);
    const refreshInstant = refresh && readInstant(refresh);
    return assemble(
      {
        accessToken,
        tokenType: "Access-Token",
        ...(refresh
          ? { refreshToken: readToken(refresh, "token", VISIBLE_ASCII, "/refresh_token_data") }
          : {}),
        ...(refreshInstant === undefined
          ? {}
          : { refreshExpiresAt: expiryAt(refreshInstant, moment) }),
      },
      moment,
      {
        at: instant === undefined ? undefined : expiryAt(instant, moment),
        instant,
        pointer: "/access_token_data/expires",
      },
    );
  },

  readProblem(body): Problem {
    if (!isRecord(body)) return { message: firstText(body) }; // Some errors are a JSON string.
    const { detail } = body;
    if (Array.isArray(detail)) {
      const entries = detail.filter(isRecord);
      return {
        message: entries
          .map(({ msg }) => firstText(msg))
          .filter(Boolean)
          .join("; "),
        code: firstText(entries[0]?.["type"]),
        locations: entries.map(({ loc }) => (Array.isArray(loc) ? (loc as unknown[]) : [])),
      };
    }
    const nested = isRecord(detail) ? detail : {};
    return {
      message: firstText(detail, nested["message"], body["message"], body["error"]),
      code: firstText(nested["subcode"], body["subcode"], body["code"]),
    };
  },

  // Some endpoints answer an expired token with 403 (rule T-21).
  refusesToken: (status, ended) => status === 403 && ended,
};

/**
 * A client of GenLogs.
 * @throws ConfigurationError naming the option that is missing or not usable
 * @example
 * const genlogs = createGenLogsClient({ apiKey, email, password });
 * const result = await genlogs.GET("/carrier/recommendations", { params: { query } });
 * if (result.data === undefined) throw genlogs.toError(result);
 */
export function createGenLogsClient(options: GenLogsOptions & CommonOptions): GenLogsClient {
  return createUncheckedClient(genlogs, options);
}

/**
 * Reads `expires`: an absolute timestamp, or an epoch in s or ms (rule T-02).
 * @returns epoch ms by the server's clock; undefined: not known
 */
function readInstant({ expires }: Members): number | undefined {
  const epoch = parseInteger(expires);
  if (epoch === undefined) return typeof expires === "string" ? parseTimestamp(expires) : undefined;
  return epoch < 1e9 ? undefined : epoch > 1e11 ? epoch : epoch * 1000;
}
