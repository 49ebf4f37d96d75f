/** Answers of the sandbox's Apinizer to failures. */
import type { NamedFault } from "../fault.ts";
import type { Reply } from "../vendor.ts";

export const failure = (status: number, resultMessage?: string | null): Reply => ({
  status,
  body: { status: "FAILURE", resultMessage },
});

export const oauthError = (
  status: number,
  error: string,
  error_description: string | null,
  more: object = {},
): Reply => ({ status, body: { error, error_description, ...more } });

const tooMany = oauthError(429, "rate_limit_exceeded", "Too many requests", { retry_after: 60 });
const unavailable: Reply = { ...failure(503, null), headers: { "retry-after": "3600" } };

/**
 * Failures that a test can switch on by name at the sandbox's Apinizer:
 * - `wrong-grant-type`: 400, the grant type is not the one that the endpoint takes.
 * - `no-permission`: 400, a permission is missing, as newer managers say it.
 * - `token-refused`: 401, the access token has expired.
 * - `forbidden`: 403, a permission is missing, as older managers say it.
 * - `not-found`: 404, which a few endpoints have.
 * - `rate-limited`: 429, with a wait in the body, and for API calls in `Retry-After` too.
 * - `server-error`: 500.
 * - `unavailable`: 503, the manager starts.
 */
export type ApinizerFaultName =
  | "wrong-grant-type"
  | "no-permission"
  | "token-refused"
  | "forbidden"
  | "not-found"
  | "rate-limited"
  | "server-error"
  | "unavailable";

export const apinizerFaults: Readonly<Record<ApinizerFaultName, NamedFault>> = {
  "wrong-grant-type": {
    createToken: oauthError(
      400,
      "unsupported_grant_type",
      "GrantType value must be client_credentials!",
    ),
  },
  "no-permission": {
    listProjects: failure(400, "User does not have required permission for this operation!"),
  },
  "token-refused": { listProjects: failure(401, "Token was expired!") },
  forbidden: { listProjects: oauthError(403, "forbidden", "Permission required") },
  "not-found": { listProjects: failure(404) },
  "rate-limited": {
    createToken: tooMany,
    listProjects: { ...tooMany, headers: { "retry-after": "30" } },
  },
  "server-error": {
    createToken: oauthError(500, "server_error", null),
    listProjects: failure(500, "An unexpected error occurred"),
  },
  unavailable: {
    createToken: unavailable,
    listProjects: unavailable,
    getHealth: failure(503, "Starting"),
  },
};
