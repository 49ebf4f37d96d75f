/** What it means when `fetch` fails, and when it returns something else than a response. */
import {
  ConfigurationError,
  ContractError,
  NetworkError,
  type CorrigendaError,
  type ErrorDetails,
} from "../errors.ts";
import { memberOf } from "../platform/safe-access.ts";
import { withContext, type RequestContext } from "./request-context.ts";

/**
 * Codes of failures that happen before there is a connection. Only after these is it certain that
 * the server did not use up a code or a refresh token, so that it may be sent again (rule T-13).
 */
const NEVER_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/**
 * The shape of an error code: as `ECONNRESET`, or as `UND_ERR_SOCKET`. A secret does not have this
 * shape, so a code can be shown.
 */
const CODE = /^(?=.{3,60}$)(?:E[A-Z]+|[A-Z]+(?:_+[A-Z0-9]+)+)$/;

interface Misconfiguration {
  readonly code: RegExp;
  /** Whether the server may have received a request before the failure was noticed. */
  readonly maybeReceived: boolean;
  /** What is wrong with the server. */
  readonly problem: string;
  /** What the user can do. */
  readonly cure: string;
}

/**
 * Failures that another try cannot cure. The first entry whose pattern matches is used. The client
 * checks the server's certificate before it sends anything. The server may check the client's
 * certificate after it received the request (TLS 1.3), so the other TLS codes do not tell whether
 * the request was received.
 */
const MISCONFIGURATIONS: readonly Misconfiguration[] = [
  {
    code: /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/,
    maybeReceived: false,
    problem: "has a certificate that is not valid at this time",
    cure: "Look at the certificate's dates, and at the clock of this machine.",
  },
  {
    code: /^(?:ERR_TLS_CERT_|HOSTNAME_MISMATCH$)/,
    maybeReceived: false,
    problem: "has a certificate for another host",
    cure: "Look at `baseUrl`, and at any proxy.",
  },
  {
    code: /^(?:CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERROR_IN_C|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/,
    maybeReceived: false,
    problem: "has a certificate that is not trusted",
    cure: "If the certificate is of a CA of your own, name the CA in NODE_EXTRA_CA_CERTS or in the `fetch` option.",
  },
  {
    code: /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|HTTPS_PROXY_REQUEST)$/,
    maybeReceived: true,
    problem: "does not speak TLS at this address",
    cure: "Look at host, port and `http://` or `https://` in `baseUrl`, and at any proxy.",
  },
  {
    code: /^ERR_SSL_.*(?:CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/,
    maybeReceived: true,
    problem: "refused the certificate of this client, or requires one",
    cure: "Give the certificate with the `fetch` option.",
  },
  {
    code: /^(?:ERR_SSL_|EPROTO$)/,
    maybeReceived: true,
    problem: "and this client have no version or cipher of TLS in common",
    cure: "Look at `baseUrl`, at any proxy, and at the versions of TLS that both sides allow.",
  },
  {
    code: /^(?:UND_)?ERR_INVALID_(?!STATE)/,
    maybeReceived: true,
    problem: "cannot be called in this way",
    cure: "Look at the `fetch` option, and at its agent or dispatcher.",
  },
];

/** TLS codes of a single connection that failed. They do not show a wrong configuration. */
const TRANSIENT =
  /^ERR_SSL_(?:.*BAD_RECORD_MAC|UNEXPECTED_EOF.*|.*INTERNAL_ERROR|.*CLOSE_NOTIFY.*)$/;

/** Error codes of zlib, brotli and zstd: a body cannot be decompressed. */
const DECOMPRESSION = /^(?:Z_|ZSTD_|ERR__ERROR_|ERR_BROTLI_|ERR_ZLIB_)/;

/** The first code of an error and its cause that has the shape of a code. */
function codeOf(error: unknown): string {
  const codes = [error, memberOf(error, "cause")].map((one) => memberOf(one, "code"));
  // Only the codes of zstd have small letters.
  return (
    codes
      .map((code) =>
        typeof code === "string"
          ? code.replace(/^ZSTD_error_[a-z_]+$/i, (name) => name.toUpperCase())
          : "",
      )
      .find((code) => CODE.test(code)) ?? "network_error"
  );
}

/**
 * The details of an error that `fetch` threw. The platform's error is not passed on, since it may
 * hold parts of the request and of the response (rule S-03). The error is recognised by its code
 * and not by its class, since it may come from another realm.
 * @param server names the server in the message
 */
function describeFailure(code: string, server: string): ErrorDetails {
  const found = TRANSIENT.test(code)
    ? undefined
    : MISCONFIGURATIONS.find((one) => one.code.test(code));
  return found
    ? {
        code,
        maybeReceived: found.maybeReceived,
        retryable: false,
        message: `${server} ${found.problem} (${code}). ${found.cure}`,
      }
    : {
        code,
        maybeReceived: !NEVER_CONNECTED.has(code),
        message: `${server} could not be reached, or the connection was cut (${code}).`,
      };
}

/**
 * The typed error for an error that `fetch`, or reading a body, threw: a ContractError if the body
 * cannot be decompressed, otherwise a NetworkError.
 * @param status of the response, if there is one already
 * @param server names the server in the message
 */
export function fetchError(
  error: unknown,
  status: number | undefined,
  context: RequestContext,
  server = "The API",
): CorrigendaError {
  const code = codeOf(error);
  if (!DECOMPRESSION.test(code))
    return new NetworkError(withContext(describeFailure(code, server), context));
  return new ContractError(
    withContext(
      { pointer: "", code, status, message: `The answer cannot be decompressed (${code}).` },
      context,
    ),
  );
}

/**
 * The result of `fetch`, if it is a response. A response is recognised by its members, since it may
 * be of another library.
 * @throws ConfigurationError if it is no response
 */
export function requireResponse(result: unknown, context: RequestContext): Response {
  if (
    typeof memberOf(result, "status") === "number" &&
    typeof memberOf(memberOf(result, "headers"), "get") === "function"
  )
    return result as Response;
  throw new ConfigurationError(
    withContext(
      {
        option: "fetch",
        message:
          "The `fetch` option gave no Response. Make it return what the platform's `fetch` returns.",
      },
      context,
    ),
  );
}
