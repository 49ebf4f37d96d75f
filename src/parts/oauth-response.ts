/** Reads the standard responses of a token endpoint (RFC 6749 5). */
import type { Problem, TokenAnswer } from "../provider.ts";
import { expiryAfter, parseInteger, type ParsedToken } from "../token.ts";
import { firstText, isRecord } from "./parse-error.ts";
import { assemble, isString, readBearer, readOptional, readToken, VSCHAR } from "./parse-token.ts";

/**
 * Reads a token response of RFC 6749 5.1: `access_token`, `token_type`, `expires_in` (seconds),
 * `refresh_token` and `scope`. For `Provider.parseToken`.
 * @throws ContractError naming the JSON pointer of the member that breaks the contract
 * @example
 * const acme: Provider<paths, AcmeOptions> = { ...rest, parseToken: parseTokenResponse };
 */
export function parseTokenResponse({ body, ...moment }: TokenAnswer): ParsedToken {
  const bearer = readBearer(body);
  const refreshToken =
    body["refresh_token"] === undefined ? undefined : readToken(body, "refresh_token", VSCHAR);
  const scope = readOptional(body, "scope", isString, "a string");
  const lifetime = parseInteger(body["expires_in"]);
  return assemble(
    {
      ...bearer,
      ...(refreshToken === undefined ? {} : { refreshToken }),
      ...(scope === undefined ? {} : { scope: scope.split(/\s+/).filter(Boolean) }),
    },
    moment,
    {
      at: lifetime === undefined ? undefined : expiryAfter(lifetime, moment),
      pointer: "/expires_in",
    },
  );
}

/**
 * Reads an error response of RFC 6749 5.2: `error` and `error_description`. For
 * `Provider.readProblem`.
 * @example
 * const acme: Provider<paths, AcmeOptions> = { ...rest, readProblem: readErrorResponse };
 */
export const readErrorResponse = (body: unknown): Problem =>
  isRecord(body)
    ? { code: firstText(body["error"]), message: firstText(body["error_description"]) }
    : {};
