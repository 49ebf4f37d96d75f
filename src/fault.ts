import type { ErrorDetails } from "./errors.ts";
import { memberOf } from "./foreign.ts";

/** Failures before a connection was made: the only ones after which a single-use grant may be sent again freely (rule T-13). */
const NEVER_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);
/** Codes of Node's TLS: the connection ended before a request. Trying again changes nothing. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

/** What codes look like, and keys of a vault do not: `ECONNRESET`, or words between underscores. */
const CODE = /^(?=.{3,60}$)(?:E[A-Z]+|[A-Z]+(?:_+[A-Z0-9]+)+)$/;

/**
 * What went wrong on the way, from what `fetch` threw. The platform's error itself is left behind: it may hold pieces of
 * the request and of the answer (rule S-03). Told by code, since the error may come from another realm.
 */
export function describeFault(cause: unknown, whom: string): ErrorDetails {
  const codes = [cause, memberOf(cause, "cause")].map((error) => memberOf(error, "code"));
  const code = codes.find((found): found is string => typeof found === "string" && CODE.test(found)) ?? "network_error";
  return CERTIFICATE.test(code)
    ? { code, maybeReceived: false, retryable: false, message: `${whom} has a certificate that is not trusted (${code}).` }
    : { code, maybeReceived: !NEVER_CONNECTED.has(code), message: `${whom} could not be reached, or the connection was cut (${code}).` };
}
