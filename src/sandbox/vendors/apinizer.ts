/** Apinizer's management API, as its errata AP-* say that it behaves. */
import { document } from "../../../generated/apinizer.document.ts";
import type { SandboxClock } from "../clock.ts";
import type { Violation } from "../contract.ts";
import { createTokenBook, random, type TokenBook } from "../token-book.ts";
import type { Call, Reply, Vendor } from "../vendor.ts";
import { apinizerFaults, failure, oauthError, type ApinizerFaultName } from "./apinizer-faults.ts";
import { bearerOf, listed, type Responses } from "./common.ts";

/** Options of a client that the sandbox's Apinizer lets in. */
export interface ApinizerSandboxOptions {
  readonly managerUrl: string;
  readonly username: string;
  readonly password: string;
}

/** What a test may change of the sandbox's Apinizer. */
export interface ApinizerSandboxSettings {
  /**
   * Lifetime of access tokens, seconds.
   * @defaultValue 3600
   */
  tokenLifetime: number;
  /**
   * What `expires_in` holds: a lifetime in seconds or in ms, the end in epoch ms, or nothing. The
   * vendor's documents name each of the three.
   * @defaultValue "seconds"
   */
  expiresIn: "seconds" | "milliseconds" | "epoch-ms" | "absent";
  /**
   * How the list of projects says that it is one: by `status: "SUCCESS"`, or by `success: true`,
   * which many pages print in its place.
   * @defaultValue "status"
   */
  envelope: "status" | "success";
  /**
   * Which members successes have: all, null for those that may be null, or the required ones only.
   * @defaultValue "full"
   */
  responses: Responses;
}

const CREDENTIALS = { username: "sandbox_user", password: "sandbox+password & 100%" };

export function createApinizer(
  clock: SandboxClock,
): Vendor<ApinizerSandboxOptions, ApinizerSandboxSettings, ApinizerFaultName> {
  const tokens = createTokenBook(clock, () => `apnz_sandbox_${random()}`);
  const settings: ApinizerSandboxSettings = {
    tokenLifetime: 3600,
    expiresIn: "seconds",
    envelope: "status",
    responses: "full",
  };
  return {
    name: "apinizer",
    document,
    prefix: "/apiops",
    settings,
    options: (root) => ({ ...CREDENTIALS, managerUrl: root }),
    handlers: {
      createToken: (call) => createToken(call, tokens, settings),
      listProjects: (call) => listProjects(call, tokens, settings),
      getHealth: () => ({ status: 200, body: "OK" }),
    },
    refuse,
    notFound: () => failure(404, "Not found"),
    faults: apinizerFaults,
    tokens,
  };
}

function createToken(
  { body }: Call,
  tokens: TokenBook,
  { tokenLifetime, expiresIn, responses }: ApinizerSandboxSettings,
): Reply {
  const { client_id: username, client_secret: password } = body as Record<string, string>;
  if (username !== CREDENTIALS.username || password !== CREDENTIALS.password)
    return oauthError(401, "unauthorized_client", "Bad credentials");
  const holder = { subject: CREDENTIALS.username, scope: "" };
  const { accessToken, expiresAt } = tokens.issue(holder, tokenLifetime);
  const expiry = {
    seconds: { expires_in: tokenLifetime },
    milliseconds: { expires_in: tokenLifetime * 1000 },
    "epoch-ms": { expires_in: expiresAt },
    absent: {},
  }[expiresIn];
  const more = { token_type: "Bearer", ...expiry, ...(responses === "nulls" && { error: null }) };
  return {
    status: 200,
    body: { access_token: accessToken, ...(responses === "minimal" ? {} : more) },
  };
}

function listProjects(
  call: Call,
  tokens: TokenBook,
  { envelope, responses }: ApinizerSandboxSettings,
): Reply {
  const { state } = tokens.check(bearerOf(call));
  if (state !== "live")
    return failure(401, state === "expired" ? "Token was expired!" : "Token is not valid!");
  const success = envelope === "status" ? { status: "SUCCESS" } : { success: true };
  const resultList = [{ name: "ExampleProject", description: "A project" }];
  const body = {
    full: { ...success, resultList, resultCount: 1 },
    nulls: { ...success, resultMessage: null, resultList: null, resultCount: null },
    minimal: {},
  }[responses];
  return { status: 200, body };
}

function refuse({ operation, violations }: Call): Reply {
  if (violations.some((violation) => violation.in === "security"))
    return failure(401, "Empty Key! Token is required!");
  if (operation.id !== "createToken") return failure(400, listed(violations));
  // A request without a body has no grant type either.
  const noBody = ({ at, rule }: Violation): boolean => at === "" && rule === "required";
  return violations.some((one) => one.at === "/grant_type" || noBody(one))
    ? oauthError(400, "unsupported_grant_type", "GrantType value must be client_credentials!")
    : oauthError(400, "invalid_request", listed(violations));
}
