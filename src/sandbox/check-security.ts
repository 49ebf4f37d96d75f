/** Whether a request carries the credentials that an operation needs. Values are not checked. */
import type { ContractRequest, Violation } from "./contract.ts";
import { parseQuery } from "./query.ts";
import type { Described, Scheme, Spec } from "./spec.ts";

/**
 * Empty if the request carries all credentials of one of the operation's alternatives. Otherwise
 * the violations are those of the first alternative.
 */
export function checkSecurity(
  { schemes }: Spec,
  { security }: Described,
  request: ContractRequest,
): Violation[] {
  const missing = security.map((alternative) =>
    Object.keys(alternative).filter((name) => !isPresent(schemes[name], request)),
  );
  if (missing.some((names) => names.length === 0)) return [];
  return (missing[0] ?? []).map((name) => ({
    in: "security",
    at: name,
    rule: "required",
    message: "is required",
  }));
}

/** Names of the query parameters that carry an API key of the operation. */
export const queryKeys = ({ schemes }: Spec, { security }: Described): string[] =>
  security
    .flatMap((alternative) => Object.keys(alternative))
    .flatMap((name) => {
      const { type, in: place, name: parameter } = schemes[name] ?? { type: "" };
      return type === "apiKey" && place === "query" && parameter ? [parameter] : [];
    });

function isPresent(scheme: Scheme | undefined, { headers, query }: ContractRequest): boolean {
  const { type, in: place, name = "", scheme: kind = "bearer" } = scheme ?? { type: "oauth2" };
  if (type === "mutualTLS") return true; // Part of the connection: a request does not show it.
  if (type !== "apiKey") {
    // RFC 9110 11.4: the scheme in upper or lower case, then spaces, then the credentials.
    const [given = "", ...credentials] = (headers.get("authorization") ?? "").split(" ");
    return given.toLowerCase() === kind.toLowerCase() && credentials.some(Boolean);
  }
  if (place === "query")
    return parseQuery(query).some((entry) => entry.name === name && entry.value !== "");
  if (place === "cookie")
    return (headers.get("cookie") ?? "")
      .split(";")
      .some((cookie) => cookie.trim().startsWith(`${name}=`));
  return (headers.get(name) ?? "") !== "";
}
