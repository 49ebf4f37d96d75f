/** The smallest provider there is: one token endpoint, either to log in at or to rotate at. */
import type { Connection, Provider } from "../../src/index.ts";
import { expiryAfter, parseInteger } from "../../src/token.ts";
import { assemble, readBearer } from "../../src/token-answer.ts";

const OPERATION = "POST /token";

export const plainProvider: Provider<object, never> = {
  name: "model", tokenScheme: "bearer",
  meta: { servers: [], schemes: { bearer: { header: "Authorization" } }, security: [], operations: { [OPERATION]: { id: "token", security: [], request: "application/x-www-form-urlencoded" } } },
  connect: () => { throw new Error("not used"); },
  parseToken({ body, ...moment }) {
    const lifetime = parseInteger(body["expires_in"]);
    const refreshToken = body["refresh_token"];
    return assemble({ ...readBearer(body), ...(typeof refreshToken === "string" ? { refreshToken } : {}) }, moment, { at: lifetime === undefined ? undefined : expiryAfter(lifetime, moment), pointer: "/expires_in" });
  },
  readProblem: (body) => ({ code: (body as { error?: string } | undefined)?.error }),
};

/** @param rotating whether tokens come from refresh tokens, and from nothing else; else from a login, and from nothing else */
export const plainConnection = (rotating: boolean): Connection => ({
  baseUrl: "https://model.example", identity: ["someone"], tokenOperation: OPERATION,
  grants: ({ refreshToken }) => rotating
    ? refreshToken === undefined ? [] : [{ name: "refresh", grantType: "refresh_token", request: async () => ({ operation: OPERATION, body: { refresh_token: refreshToken }, secrets: [refreshToken] }) }]
    : [{ name: "mint", grantType: "client_credentials", request: async () => ({ operation: OPERATION, body: { secret: "s" }, secrets: ["s"] }) }],
});
