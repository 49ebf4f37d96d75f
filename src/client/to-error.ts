/** A client's `toError`: a typed error from a result without data. */
import { ConfigurationError, ContractError, type AnyCorrigendaError } from "../errors.ts";
import { apiRefusal, quote, readProblem, withoutSecrets } from "../http/error-response.ts";
import type { KnownSecrets } from "../http/known-secrets.ts";
import { withContext, contextOf } from "../http/request-context.ts";
import { requireObject } from "../parts/check-options.ts";
import { parseUrl } from "../platform/parse-url.ts";
import type { Provider } from "../provider.ts";

/** The result of a call, as openapi-fetch gives it. */
export interface CallResult {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: Response;
}

interface ToErrorParts {
  readonly provider: Pick<Provider<object, never>, "name" | "readProblem">;
  readonly secrets: KnownSecrets;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Makes the `toError` of a client. */
export function createToError({
  provider,
  secrets,
  now,
}: ToErrorParts): (result: CallResult) => AnyCorrigendaError {
  return (result) => {
    requireObject(result, "result");
    requireObject(result.response, "result.response");
    requireObject(result.response.headers, "result.response.headers");
    const { data, error, response } = result;
    const { status, headers, ok } = response;
    // A response that this client did not receive may have any URL.
    const context = contextOf(response) ?? {
      provider: provider.name,
      host: quote(parseUrl(response.url)?.host, secrets, 253),
    };
    if (ok && data !== undefined) {
      const message =
        "The call succeeded, and its result holds data: there is no error to make of it.";
      throw new ConfigurationError(withContext({ option: "result", message }, context));
    }
    if (ok && error === undefined) {
      const message = `The answer is empty (${status}).`;
      return new ContractError(withContext({ pointer: "", status, message }, context));
    }
    // A text that is not JSON, such as a proxy's HTML page, is no error of the vendor's.
    const json = typeof error !== "string" || mediaTypeOf(headers) === "application/json";
    const problem = readProblem(provider, json ? error : undefined, headers);
    return apiRefusal({
      context,
      status,
      headers,
      problem: withoutSecrets(problem, secrets),
      now: now(),
    }) as AnyCorrigendaError;
  };
}

const mediaTypeOf = (headers: Headers): string | undefined =>
  headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
