/** Answers of the sandbox's GenLogs to failures. Their shapes differ, as those of the vendor do. */
import type { NamedFault } from "../fault.ts";
import type { Reply } from "../vendor.ts";

/** One complaint of the vendor's framework about a request. */
export interface Complaint {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

/** FastAPI's answer to a request that it cannot validate. */
export const invalid = (detail: readonly Complaint[], status = 422): Reply => ({
  status,
  body: { detail },
});

const slowDown: Reply = {
  status: 429,
  body: { message: "Slow down", code: 9 },
  headers: { "retry-after": "120" },
};
const failed: Reply = {
  status: 500,
  body: JSON.stringify("Internal Server Error"),
  headers: { "content-type": "application/json" },
};

/**
 * Failures that a test can switch on by name at the sandbox's GenLogs:
 * - `malformed-request`: 400, in the shape of a 422.
 * - `login-refused`: 401, e-mail and password are refused, with a code.
 * - `token-refused`: 401, the access token is refused.
 * - `no-permission`: 403, a permission is missing.
 * - `not-found`: 404.
 * - `invalid-request`: 422, a value is missing.
 * - `rate-limited`: 429, with `Retry-After`.
 * - `server-error`: 500, a text, or the shape of a `detail`.
 * - `unexpected-failure`: 500, in the shape of an `error`.
 */
export type GenLogsFaultName =
  | "malformed-request"
  | "login-refused"
  | "token-refused"
  | "no-permission"
  | "not-found"
  | "invalid-request"
  | "rate-limited"
  | "server-error"
  | "unexpected-failure";

export const genLogsFaults: Readonly<Record<GenLogsFaultName, NamedFault>> = {
  "malformed-request": {
    refreshToken: invalid([{ loc: ["query"], msg: "Malformed", type: "value_error" }], 400),
  },
  "login-refused": {
    createToken: {
      status: 401,
      body: { detail: { message: "Incorrect email or password", subcode: "AUTH-2" } },
    },
  },
  "token-refused": {
    getCarrierRecommendations: { status: 401, body: { detail: { message: "Invalid token" } } },
  },
  "no-permission": {
    getCarrierRecommendations: {
      status: 403,
      body: { message: "Permission required", subcode: 1203 },
    },
  },
  "not-found": { getCarrierRecommendations: { status: 404, body: { message: "Not found" } } },
  "invalid-request": {
    createToken: invalid([{ loc: ["body", 0, "email"], msg: "Field required", type: "missing" }]),
    refreshToken: invalid([
      { loc: ["query", "refresh_token"], msg: "Field required", type: "missing" },
    ]),
  },
  "rate-limited": {
    createToken: slowDown,
    refreshToken: slowDown,
    getCarrierRecommendations: slowDown,
  },
  "server-error": {
    createToken: failed,
    refreshToken: { status: 500, body: { detail: "Internal error" } },
    getCarrierRecommendations: failed,
  },
  "unexpected-failure": { createToken: { status: 500, body: { error: "Unexpected failure" } } },
};
