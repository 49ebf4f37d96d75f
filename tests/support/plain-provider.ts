/** A minimal provider: one token endpoint that takes a login, a refresh token, or both. */
import type { Connection, Grant, Provider } from "../../src/index.ts";
import { expiryAfter, parseInteger } from "../../src/token.ts";
import { assemble, readBearer } from "../../src/parts/parse-token.ts";

const OPERATION = "POST /token";

export const plainProvider: Provider<object, never> = {
  name: "model",
  tokenScheme: "bearer",
  meta: {
    servers: [],
    schemes: { bearer: { header: "Authorization" } },
    security: [],
    operations: {
      [OPERATION]: { id: "token", security: [], request: "application/x-www-form-urlencoded" },
    },
  },
  connect: () => {
    throw new Error("not used");
  },
  parseToken({ body, ...moment }) {
    const lifetime = parseInteger(body["expires_in"]);
    const refreshToken = body["refresh_token"];
    return assemble(
      { ...readBearer(body), ...(typeof refreshToken === "string" ? { refreshToken } : {}) },
      moment,
      {
        at: lifetime === undefined ? undefined : expiryAfter(lifetime, moment),
        pointer: "/expires_in",
      },
    );
  },
  readProblem: (body) => ({ code: (body as { error?: string } | undefined)?.error }),
};

/**
 * `login`: and nothing else. `refresh`: and nothing else, so that a person gives consent. `both`: a
 * refresh token first, then a login.
 */
export type Ways = "login" | "refresh" | "both";

/** @param secret is asked for each request */
export const login = (secret: () => string = () => "s"): Grant => ({
  name: "mint",
  grantType: "client_credentials",
  request: async () => {
    const value = secret();
    return { operation: OPERATION, body: { secret: value }, secrets: [value] };
  },
});
const refreshing = (refreshToken: string): Grant => ({
  name: "refresh",
  grantType: "refresh_token",
  request: async () => ({
    operation: OPERATION,
    body: { refresh_token: refreshToken },
    secrets: [refreshToken],
  }),
  proceeds: (status) => status >= 400 && status < 500 && ![408, 425, 429].includes(status),
});

export const plainConnection = (ways: Ways): Connection => ({
  baseUrl: "https://model.example",
  identity: ["someone"],
  tokenOperation: OPERATION,
  grants: ({ refreshToken }) => [
    ...(ways === "login" || refreshToken === undefined ? [] : [refreshing(refreshToken)]),
    ...(ways === "refresh" ? [] : [login()]),
  ],
});
