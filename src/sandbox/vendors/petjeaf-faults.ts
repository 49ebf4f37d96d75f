/** Answers of the sandbox's Petje.af to failures. The vendor's own clients read three shapes. */
import type { NamedFault } from "../fault.ts";
import type { Reply } from "../vendor.ts";

export const problem = (status: number, title: string, detail: string): Reply => ({
  status,
  body: {
    status,
    title,
    detail,
    _links: { documentation: { href: "https://docs.petje.af", type: "text/html" } },
  },
});

const withoutScope = (scope: string): Reply => ({
  status: 403,
  body: { detail: `The scope ${scope} was not granted`, field: "scope" },
});
const slowDown: Reply = {
  status: 429,
  body: { message: "Slow down" },
  headers: { "retry-after": "90" },
};
const failed: Reply = {
  status: 500,
  body: {
    error: "server_error",
    error_description: "Something failed",
    error_uri: "https://docs.petje.af",
  },
};
const tokenRefused = problem(401, "Unauthorized", "The access token is invalid");
const everywhere = (reply: Reply) => ({
  createToken: reply,
  revokeToken: reply,
  getCurrentUser: reply,
  listMemberships: reply,
});

/**
 * Failures that a test can switch on by name at the sandbox's Petje.af:
 * - `token-refused`: 401, the access token is refused.
 * - `scope-missing`: 403, the person did not grant the scope.
 * - `not-found`: 404.
 * - `rate-limited`: 429, with `Retry-After`.
 * - `server-error`: 500.
 */
export type PetjeafFaultName =
  "token-refused" | "scope-missing" | "not-found" | "rate-limited" | "server-error";

export const petjeafFaults: Readonly<Record<PetjeafFaultName, NamedFault>> = {
  "token-refused": {
    revokeToken: tokenRefused,
    getCurrentUser: tokenRefused,
    listMemberships: tokenRefused,
  },
  "scope-missing": {
    getCurrentUser: withoutScope("profile.read"),
    listMemberships: withoutScope("memberships.read"),
  },
  "not-found": { revokeToken: { status: 404, body: { error: "not_found" } } },
  "rate-limited": everywhere(slowDown),
  "server-error": everywhere(failed),
};
