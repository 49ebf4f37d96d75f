import { document } from "../../../generated/apinizer.document.ts";
import type { SandboxClock } from "../clock.ts";
import { createTokenBook, random } from "../token-book.ts";
import type { Reply, Vendor } from "../vendor.ts";

export interface ApinizerSandboxOptions {
  readonly managerUrl: string;
  readonly username: string;
  readonly password: string;
}
export interface ApinizerSandboxSettings {
  /** Seconds. */
  tokenLifetime: number;
  /**
   * How `expires_in` is meant: a lifetime in seconds or ms, or an epoch in ms. All three are
   * documented, and it may be absent.
   */
  expiresIn: "seconds" | "milliseconds" | "epoch-ms" | "absent";
}

const CREDENTIALS = { username: "sandbox_user", password: "sandbox+password & 100%" };

export function createApinizer(
  clock: SandboxClock,
): Vendor<ApinizerSandboxOptions, ApinizerSandboxSettings> {
  const book = createTokenBook(clock, () => `apnz_sandbox_${random()}`);
  const settings: ApinizerSandboxSettings = { tokenLifetime: 3600, expiresIn: "seconds" };
  const failure = (status: number, resultMessage: string): Reply => ({
    status,
    body: { status: "FAILURE", resultMessage },
  });
  const oauth = (status: number, error: string, error_description: string): Reply => ({
    status,
    body: { error, error_description },
  });

  return {
    name: "apinizer",
    document,
    prefix: "/apiops",
    settings,
    options: (root) => ({ ...CREDENTIALS, managerUrl: root }),
    handlers: {
      createToken: ({ body }) => {
        const { client_id, client_secret } = body as Record<string, string>;
        if (client_id !== CREDENTIALS.username || client_secret !== CREDENTIALS.password)
          return oauth(401, "unauthorized_client", "Bad credentials");
        const { accessToken, expiresAt } = book.issue(
          { subject: CREDENTIALS.username, scope: "" },
          settings.tokenLifetime,
        );
        const expiry = {
          seconds: { expires_in: settings.tokenLifetime },
          milliseconds: { expires_in: settings.tokenLifetime * 1000 },
          "epoch-ms": { expires_in: expiresAt },
          absent: {},
        }[settings.expiresIn];
        return {
          status: 200,
          body: { access_token: accessToken, token_type: "Bearer", ...expiry },
        };
      },
      listProjects: ({ headers }) => {
        const { state } = book.check(
          (headers.get("authorization") ?? "").replace(/^bearer +/i, ""),
        );
        if (state !== "live")
          return failure(401, state === "expired" ? "Token was expired!" : "Token is not valid!");
        return {
          status: 200,
          body: {
            status: "SUCCESS",
            resultList: [{ name: "ExampleProject", description: "A project" }],
            resultCount: 1,
          },
        };
      },
      getHealth: () => ({ status: 200, body: "OK" }),
    },
    refuse: ({ operation, violations }) => {
      if (violations.some((violation) => violation.in === "security"))
        return failure(401, "Empty Key! Token is required!");
      if (operation.id !== "createToken")
        return failure(400, violations.map(({ at, message }) => `${at} ${message}`).join("; "));
      const grant = violations.some(({ at }) => at === "/grant_type");
      return grant
        ? oauth(400, "unsupported_grant_type", "GrantType value must be client_credentials!")
        : oauth(
            400,
            "invalid_request",
            violations.map(({ at, message }) => `${at} ${message}`.trim()).join("; "),
          );
    },
    notFound: () => failure(404, "Not found"),
    log: book.log,
    rotation: book.rotation,
    revokeAccessTokens: book.revokeAccessTokens,
    revokeRefreshTokens: book.revokeRefreshTokens,
  };
}
