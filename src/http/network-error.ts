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
 * Failures before a connection was made: the only ones after which a single-use grant may be sent
 * again freely (rule T-13).
 */
const NEVER_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** What codes look like, and keys of a vault do not: `ECONNRESET`, or words between underscores. */
const CODE = /^(?=.{3,60}$)(?:E[A-Z]+|[A-Z]+(?:_+[A-Z0-9]+)+)$/;

interface Mistake {
  readonly code: RegExp;
  /** Whether a request may have gone out before it was noticed. */
  readonly maybeReceived: boolean;
  /** What is wrong with the server, and the cure. */
  readonly says: readonly [what: string, cure: string];
}

/**
 * Mistakes of configuration, the first that fits: trying again changes nothing. The server's
 * certificate is looked at before anything is sent. A server may refuse the client's own after the
 * request was sent (TLS 1.3), so a code of TLS says nothing of what was received.
 */
const MISTAKES: readonly Mistake[] = [
  {
    code: /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/,
    maybeReceived: false,
    says: [
      "has a certificate that is not valid at this time",
      "Look at the certificate's dates, and at the clock of this machine.",
    ],
  },
  {
    code: /^(?:ERR_TLS_CERT_|HOSTNAME_MISMATCH$)/,
    maybeReceived: false,
    says: ["has a certificate for another host", "Look at `baseUrl`, or whatever stands between."],
  },
  {
    code: /^(?:CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERROR_IN_C|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/,
    maybeReceived: false,
    says: [
      "has a certificate that is not trusted",
      "If it is of a CA of your own, name that in NODE_EXTRA_CA_CERTS or in the `fetch` option.",
    ],
  },
  {
    code: /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|HTTPS_PROXY_REQUEST)$/,
    maybeReceived: true,
    says: [
      "does not speak TLS at this address",
      "Look at host, port and `http://` or `https://` in `baseUrl`, and at the proxy.",
    ],
  },
  {
    code: /^ERR_SSL_.*(?:CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/,
    maybeReceived: true,
    says: [
      "refused the certificate of this client, or misses one",
      "Give it with the `fetch` option.",
    ],
  },
  {
    code: /^(?:ERR_SSL_|EPROTO$)/,
    maybeReceived: true,
    says: [
      "and this client agree on no TLS",
      "Look at the address, at the proxy, and at the versions of TLS that both allow.",
    ],
  },
  {
    code: /^(?:UND_)?ERR_INVALID_(?!STATE)/,
    maybeReceived: true,
    says: [
      "cannot be asked in this way",
      "Look at the `fetch` option, and at the agent or dispatcher in it.",
    ],
  },
];
/** Codes of TLS that speak of one connection and not of the configuration. */
const PASSING = /^ERR_SSL_(?:.*BAD_RECORD_MAC|UNEXPECTED_EOF.*|.*INTERNAL_ERROR|.*CLOSE_NOTIFY.*)$/;

/** Codes of zlib, brotli and zstd. */
const DECOMPRESSION = /^(?:Z_|ZSTD_|ERR__ERROR_|ERR_BROTLI_|ERR_ZLIB_)/;

/** The platform's code, and that of what caused it: the first that looks like one. */
function codeOf(cause: unknown): string {
  const codes = [cause, memberOf(cause, "cause")].map((error) => memberOf(error, "code"));
  // Those of zstd alone have small letters.
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
 * What went wrong on the way, from what `fetch` threw. The platform's error itself is left behind:
 * it may hold pieces of the request and of the answer (rule S-03). Told by code, since the error
 * may come from another realm.
 */
export function describeNetworkFailure(cause: unknown, whom: string): ErrorDetails {
  const code = codeOf(cause);
  const mistake = PASSING.test(code) ? undefined : MISTAKES.find((one) => one.code.test(code));
  return mistake
    ? {
        code,
        maybeReceived: mistake.maybeReceived,
        retryable: false,
        message: `${whom} ${mistake.says[0]} (${code}). ${mistake.says[1]}`,
      }
    : {
        code,
        maybeReceived: !NEVER_CONNECTED.has(code),
        message: `${whom} could not be reached, or the connection was cut (${code}).`,
      };
}

/** What went wrong while an answer was read. */
export function fetchError(
  cause: unknown,
  status: number | undefined,
  context: RequestContext,
  whom = "The API",
): CorrigendaError {
  const code = codeOf(cause);
  if (!DECOMPRESSION.test(code))
    return new NetworkError(withContext(describeNetworkFailure(cause, whom), context));
  return new ContractError(
    withContext(
      { pointer: "", code, status, message: `The answer cannot be decompressed (${code}).` },
      context,
    ),
  );
}

/**
 * What a `fetch` gave, if it is an answer; by its members, since it may be of another library.
 * @throws ConfigurationError
 */
export function requireResponse(given: unknown, context: RequestContext): Response {
  if (
    typeof memberOf(given, "status") === "number" &&
    typeof memberOf(memberOf(given, "headers"), "get") === "function"
  )
    return given as Response;
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
