/** Apinizer's management API, as its errata AP-* say that it behaves. */
import { document } from "../../../generated/apinizer.document.ts";
import type { SandboxClock } from "../clock.ts";
import { createTokenBook, random, type TokenBook } from "../token-book.ts";
import type { Call, Reply, Vendor } from "../vendor.ts";
import { bearerOf, listed } from "./common.ts";

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
}

const CREDENTIALS = { username: "sandbox_user", password: "sandbox+password & 100%" };

export function createApinizer(
  clock: SandboxClock,
): Vendor<ApinizerSandboxOptions, ApinizerSandboxSettings> {
  const tokens = createTokenBook(clock, () => `apnz_sandbox_${random()}`);
  const settings: ApinizerSandboxSettings = { tokenLifetime: 3600, expiresIn: "seconds" };
  return {
    name: "apinizer",
    document,
    prefix: "/apiops",
    settings,
    options: (root) => ({ ...CREDENTIALS, managerUrl: root }),
    handlers: {
      createToken: (call) => createToken(call, tokens, settings),
      listProjects: (call) => listProjects(call, tokens),
      getHealth: () => ({ status: 200, body: "OK" }),
    },
    refuse,
    notFound: () => failure(404, "Not found"),
    tokens,
  };
}

function createToken(
  { body }: Call,
  tokens: TokenBook,
  { tokenLifetime, expiresIn }: ApinizerSandboxSettings,
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
  return { status: 200, body: { access_token: accessToken, token_type: "Bearer", ...expiry } };
}

function listProjects(call: Call, tokens: TokenBook): Reply {
  const { state } = tokens.check(bearerOf(call));
  if (state !== "live")
    return failure(401, state === "expired" ? "Token was expired!" : "Token is not valid!");
  const resultList = [{ name: "ExampleProject", description: "A project" }];
  return { status: 200, body: { status: "SUCCESS", resultList, resultCount: 1 } };
}

function refuse({ operation, violations }: Call): Reply {
  if (violations.some((violation) => violation.in === "security"))
    return failure(401, "Empty Key! Token is required!");
  if (operation.id !== "createToken") return failure(400, listed(violations));
  return violations.some(({ at }) => at === "/grant_type")
    ? oauthError(400, "unsupported_grant_type", "GrantType value must be client_credentials!")
    : oauthError(400, "invalid_request", listed(violations));
}

const failure = (status: number, resultMessage: string): Reply => ({
  status,
  body: { status: "FAILURE", resultMessage },
});

const oauthError = (status: number, error: string, error_description: string): Reply => ({
  status,
  body: { error, error_description },
});
