/**
 * Typed calls, as the vendor's OpenAPI document describes them. openapi-fetch sends JSON and
 * expects JSON unless a call says otherwise. Here the media types come from the document, and every
 * failure is a typed error.
 */
import { ConfigurationError, ContractError, CorrigendaError } from "../errors.ts";
import type { Send } from "../http/auth-fetch.ts";
import { isFailure } from "../http/error-response.ts";
import { requireResponse } from "../http/network-error.ts";
import {
  withContext,
  contextOf,
  setContext,
  type RequestContext,
} from "../http/request-context.ts";
import { HTTP_METHODS } from "../platform/http-methods.ts";
import { parseJson } from "../platform/parse-json.ts";
import { isInstance } from "../platform/safe-access.ts";
import type { OperationMeta, Provider } from "../provider.ts";
import { checkedRequest, unusable } from "./checked-request.ts";
import type { CallResult } from "./to-error.ts";

/** Options of a call, as openapi-fetch takes them. */
interface Init {
  readonly [name: string]: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly bodySerializer?: unknown;
  readonly parseAs?: unknown;
  readonly Request?: typeof Request;
}

/** `request` of an openapi-fetch client, without its types. */
export type RequestFunction = (method: string, path: string, init: Init) => Promise<CallResult>;

interface CallParts {
  readonly provider: Pick<Provider<object, never>, "name" | "meta" | "isFailure" | "readProblem">;
  readonly baseUrl: string;
  readonly send: Send;
  readonly request: RequestFunction;
}

/** The calls of a client, by method, and `request` for any method. */
export function createCalls(parts: CallParts): Readonly<Record<string, unknown>> {
  const byMethod = HTTP_METHODS.map((name): [string, unknown] => {
    const method = name.toUpperCase();
    return [method, (path: string, init?: Init | null) => call(parts, method, path, init ?? {})];
  });
  return {
    ...Object.fromEntries(byMethod),
    request: (method: string, path: string, init?: Init | null) =>
      call(parts, method.toUpperCase(), path, init ?? {}),
  };
}

async function call(
  parts: CallParts,
  method: string,
  path: string,
  init: Init,
): Promise<CallResult> {
  const { provider, baseUrl } = parts;
  const { name } = provider;
  if (init["fetch"] !== undefined) {
    throw new ConfigurationError({
      provider: name,
      option: "fetch",
      message: `${name}: a call takes no \`fetch\` of its own, since that would send it without credentials. Give it to the client.`,
    });
  }
  const operation = provider.meta.operations[`${method} ${path}`];
  const asked = init.parseAs === undefined || init.parseAs === "json";
  let serialized = false;
  const onUrl = (): void => {
    serialized = true;
  };
  try {
    const result = await parts.request(method, path, {
      ...init,
      ...sendingOf(parts, init, onUrl),
      ...formOf(operation, init),
      ...(asked ? { parseAs: "text" } : {}),
    });
    // A middleware may have replaced the response.
    const context = contextOf(result.response) ?? {
      provider: name,
      operation: operation?.id,
      host: new URL(baseUrl).host,
    };
    setContext(result.response, context);
    const isJson = asked && !operation?.response?.startsWith("text/");
    return isJson && typeof result.data === "string"
      ? parsed(result, result.data, provider, context)
      : result;
  } catch (error) {
    const aborted = (init["signal"] as AbortSignal | undefined)?.aborted;
    if (isInstance(error, CorrigendaError) || aborted) throw error;
    // If no URL was made yet, and the caller gave no serializer, then a parameter or a header is
    // not usable. Any other error comes from the caller's code, such as a middleware.
    throw serialized || SERIALIZERS.some((own) => typeof init[own] === "function")
      ? error
      : unusable(name);
  }
}

const SERIALIZERS = ["bodySerializer", "querySerializer", "pathSerializer"];

/**
 * The `fetch` and the `Request` of one call. They are made for each call, so that its options are
 * not lost if a middleware replaces the `Request`.
 */
function sendingOf({ provider: { name }, send }: CallParts, init: Init, onUrl: () => void): object {
  return {
    fetch: async (request: Request) =>
      requireReadable(await send(request, { init: withoutCallOptions(init) }), name),
    Request: checkedRequest({
      provider: name,
      options: { address: "baseUrl", path: "path" },
      onUrl,
      Request: init.Request,
    }),
  };
}

/** A response that openapi-fetch can read. @throws ConfigurationError */
const requireReadable = (response: Response, provider: string): Response =>
  requireResponse(
    typeof response.text === "function" ? response : undefined,
    contextOf(response) ?? { provider },
  );

/** The options of a call that are openapi-fetch's own. The others are for `fetch`. */
const CALL_OPTIONS = new Set([
  "baseUrl",
  "fetch",
  "Request",
  "params",
  "parseAs",
  "querySerializer",
  "bodySerializer",
  "pathSerializer",
  "middleware",
]);
const withoutCallOptions = (init: Init): object =>
  Object.fromEntries(Object.entries(init).filter(([name]) => !CALL_OPTIONS.has(name)));

/** Sends a body as a form, if the document says so and the caller does not. */
function formOf(operation: OperationMeta | undefined, init: Init): object {
  return operation?.request === "application/x-www-form-urlencoded" &&
    init.body !== undefined &&
    init.bodySerializer === undefined
    ? {
        bodySerializer: encodeForm,
        headers: { ...plain(init.headers), "Content-Type": operation.request },
      }
    : {};
}

const plain = (headers: unknown): object =>
  headers instanceof Headers || Array.isArray(headers)
    ? Object.fromEntries(headers as Iterable<[string, string]>)
    : { ...(headers as object | undefined) };

const encodeForm = (body: unknown): string =>
  new URLSearchParams(
    Object.entries(body as Record<string, string | undefined>).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  ).toString();

/** @throws ContractError */
function parsed(
  result: CallResult,
  text: string,
  provider: CallParts["provider"],
  context: RequestContext,
): CallResult {
  const data = parseJson(text);
  if (data === undefined && text !== "")
    throw new ContractError(
      withContext({ pointer: "", message: "The answer is not JSON." }, context),
    );
  return isFailure(provider, data)
    ? { error: data, response: result.response }
    : { ...result, data };
}
