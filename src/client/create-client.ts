/** `createClient`: openapi-fetch behind one door. The only file that knows it. */
import createFetchClient, { type Client } from "openapi-fetch";
import { createSend, type Send } from "../http/auth-fetch.ts";
import { withCheck } from "./checked-clock.ts";
import { connect } from "./connect.ts";
import {
  ConfigurationError,
  ContractError,
  CorrigendaError,
  type AnyCorrigendaError,
} from "../errors.ts";
import { requireResponse } from "../http/network-error.ts";
import { isInstance } from "../platform/safe-access.ts";
import { addOptions } from "../http/known-secrets.ts";
import { HTTP_METHODS } from "../platform/http-methods.ts";
import { parseUrl } from "../platform/parse-url.ts";
import {
  withContext,
  contextOf,
  setContext,
  type RequestContext,
} from "../http/request-context.ts";
import type { Connection, Provider } from "../provider.ts";
import { requireObject } from "../parts/check-options.ts";
import { assertPlainUrl, type UrlOptions } from "../http/request-url.ts";
import {
  apiRefusal,
  isFailure,
  quote,
  readProblem,
  withoutSecrets,
} from "../http/error-response.ts";
import { createRuntime, type CommonOptions, type Runtime } from "./options.ts";
import { createStaticTokenSource } from "./create-token-source.ts";
import type { TokenSource } from "../token-source.ts";
import { createTokenSource } from "./create-token-source.ts";

/**
 * An openapi-fetch client of the provider's paths, with the token put on, and the token itself
 * under `auth`.
 */
export type ApiClient<
  Paths extends object,
  Auth extends TokenSource = TokenSource,
> = Client<Paths> & {
  readonly auth: Auth;
  /**
   * A `fetch` with the credentials put on, for whoever prefers plain requests or another generated
   * client. Takes a path below the base URL that begins with a slash, or a whole URL below it;
   * anything else is refused, and so is a path with `..`.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * A typed error out of an answer without data: `if (result.data === undefined) throw
   * client.toError(result)`. Neither `response.ok` nor `error` alone tells: some vendors say with
   * status 200 that a call failed (it is `error` then), and a refusal's body may be empty. Where a
   * success has no body (204), test `result.error !== undefined || !result.response.ok`. Reads
   * every error shape of the vendor; kinds `credentials`, `permission`, `rate_limited`, `server`
   * and `rejected`, and `contract` for an answer of success that is empty. @throws
   * ConfigurationError if the result holds data
   */
  readonly toError: (result: {
    readonly data?: unknown;
    readonly error?: unknown;
    readonly response: Response;
  }) => AnyCorrigendaError;
};

/**
 * A client of any provider, the public way to one of your own (see CONTRIBUTING.md).
 * @throws ConfigurationError naming the option that is missing or not usable
 */
export function createClient<Paths extends object, Options extends object>(
  provider: Provider<Paths, Options>,
  options: Options & CommonOptions,
): ApiClient<Paths> {
  const runtime = createRuntime(options, provider.options);
  const connection = connect(provider, options);
  const source =
    connection.staticToken === undefined
      ? createTokenSource(provider, connection, runtime)
      : createStaticTokenSource(provider.name, connection.staticToken, runtime);
  const { reset, close } = source;
  return openClient(provider, connection, runtime, { ...withCheck(source, runtime), reset, close });
}

/** A client on a token source that is there already. */
export function openClient<Paths extends object, Auth extends TokenSource>(
  provider: Provider<Paths, never>,
  connection: Connection,
  runtime: Runtime,
  auth: Auth,
): ApiClient<Paths, Auth> {
  const { name, meta, tokenScheme } = provider;
  if (meta.schemes[tokenScheme] === undefined) {
    throw new ConfigurationError({
      provider: name,
      option: "tokenScheme",
      message: `${name}: \`tokenScheme\` is "${tokenScheme}", and the spec has no such security scheme: it has ${Object.keys(meta.schemes).join(", ")}.`,
    });
  }
  const { baseUrl } = connection;
  addOptions(runtime.secrets, connection);
  const send = createSend({ provider, connection, source: auth, ...runtime });
  const client = createFetchClient<Paths>({ baseUrl, fetch: send });
  return Object.assign(client, byTheSpec(client, provider, baseUrl, send), {
    auth,
    toError: (result: {
      readonly data?: unknown;
      readonly error?: unknown;
      readonly response: Response;
    }): AnyCorrigendaError => {
      requireObject(result, "result");
      requireObject(result.response, "result.response");
      requireObject(result.response.headers, "result.response.headers");
      const {
        data,
        error,
        response: { status, headers, ok },
      } = result;
      // Another answer than one of this client may have any address.
      const context = contextOf(result.response) ?? {
        provider: name,
        host: quote(parseUrl(result.response.url)?.host, runtime.secrets, 253),
      };
      if (ok && data !== undefined)
        throw new ConfigurationError(
          withContext(
            {
              option: "result",
              message:
                "The call succeeded, and its result holds data: there is no error to make of it.",
            },
            context,
          ),
        );
      if (ok && error === undefined)
        return new ContractError(
          withContext(
            { pointer: "", status, message: `The answer is empty (${status}).` },
            context,
          ),
        );
      // Text that was no JSON (a proxy's HTML page, say) is none of the vendor's shapes, and not
      // quoted.
      const json = typeof error !== "string" || mediaTypeOf(headers) === "application/json";
      const problem = withoutSecrets(
        readProblem(provider, json ? error : undefined, headers),
        runtime.secrets,
      );
      return apiRefusal({
        context,
        status,
        headers,
        problem,
        now: runtime.now(),
      }) as AnyCorrigendaError;
    },
    fetch: async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const url =
        typeof input === "string" && input.startsWith("/") && !input.startsWith("//")
          ? baseUrl + input
          : input instanceof URL
            ? input.href
            : input;
      if (typeof url === "string" ? !/^[a-z][a-z0-9+.-]*:/i.test(url) : !(url instanceof Request)) {
        throw new ConfigurationError({
          provider: name,
          option: "input",
          message: `${name}: \`fetch\` takes a path below the base URL that begins with a slash, or a whole URL.`,
        });
      }
      // A stream can be read once: such a request is not sent a second time (rule T-20).
      const streamed = isStream(init?.body);
      const CheckedRequest = checkedRequest(name, { address: "input", path: "input" });
      // A copy of a Request forgets its referrer, on some platforms though nothing is changed.
      const request =
        url instanceof Request && init === undefined ? url : new CheckedRequest(url, init);
      return send(request, { replayable: !streamed, init: init ?? {} });
    },
  });
}

/**
 * The platform's `Request`, made once its URL was looked at. What it complains of may quote what it
 * was given.
 * @param called is told that it came to this
 * @param Own makes the request instead of the platform
 */
function checkedRequest(
  provider: string,
  options: UrlOptions,
  called: () => void = () => undefined,
  Own: typeof Request = Request,
): typeof Request {
  function CheckedRequest(input: string | Request, init?: RequestInit): Request {
    called();
    if (typeof input === "string") assertPlainUrl(input, provider, options);
    try {
      // A stream needs it, and it has no other value.
      return new Own(input, isStream(init?.body) ? { ...init, duplex: "half" } : init);
    } catch {
      throw unusable(provider);
    }
  }
  // What middleware returns is a `Request` of the platform.
  Object.defineProperty(CheckedRequest, Symbol.hasInstance, {
    value: (value: unknown) => value instanceof Request,
  });
  return CheckedRequest as unknown as typeof Request;
}

const isStream = (body: unknown): boolean =>
  typeof body === "object" &&
  body !== null &&
  ("getReader" in body || Symbol.asyncIterator in body);

const unusable = (provider: string): ConfigurationError =>
  new ConfigurationError({
    provider,
    option: "init",
    message: `${provider}: no request can be made of these options. Look at method, parameters, headers and body. Nothing was sent.`,
  });

interface Init {
  readonly [name: string]: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly bodySerializer?: unknown;
  readonly parseAs?: unknown;
  readonly Request?: typeof Request;
}
/** An answer that openapi-fetch can read. @throws ConfigurationError */
const requireReadable = (response: Response, provider: string): Response =>
  requireResponse(
    typeof response.text === "function" ? response : undefined,
    contextOf(response) ?? { provider },
  );

/** openapi-fetch's own; the rest of a call's options is for `fetch`. */
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
type Result = Readonly<{ data?: unknown; error?: unknown; response: Response }>;
type Method = (path: string, init?: Init) => Promise<Result>;

/**
 * openapi-fetch sends JSON and expects JSON unless each call says otherwise. Here the spec says it:
 * the media type of the body and of the answer come from the generated meta file.
 */
function byTheSpec<Paths extends object>(
  client: Client<Paths>,
  provider: Provider<Paths, never>,
  baseUrl: string,
  send: Send,
): Partial<Client<Paths>> {
  const original = client.request as unknown as (
    method: string,
    path: string,
    init: Init,
  ) => Promise<Result>;
  const { name, meta } = provider;
  const { host } = new URL(baseUrl);
  async function call(method: string, path: string, given?: Init | null): Promise<Result> {
    const init = given ?? {};
    if (init["fetch"] !== undefined) {
      throw new ConfigurationError({
        provider: name,
        option: "fetch",
        message: `${name}: a call takes no \`fetch\` of its own, since that would send it without credentials. Give it to the client.`,
      });
    }
    const operation = meta.operations[`${method} ${path}`];
    const form =
      operation?.request === "application/x-www-form-urlencoded" &&
      init.body !== undefined &&
      init.bodySerializer === undefined;
    const asked = init.parseAs === undefined || init.parseAs === "json";
    let serialized = false;
    try {
      const result = await original(method, path, {
        ...init,
        // For this call alone, so that what a Request hides arrives though a middleware puts
        // another one in its place.
        fetch: async (request: Request) =>
          requireReadable(await send(request, { init: withoutCallOptions(init) }), name),
        Request: checkedRequest(
          name,
          { address: "baseUrl", path: "path" },
          () => {
            serialized = true;
          },
          init.Request,
        ),
        ...(form
          ? {
              bodySerializer: encodeForm,
              headers: { ...plain(init.headers), "Content-Type": operation.request },
            }
          : {}),
        ...(asked ? { parseAs: "text" } : {}),
      });
      // A middleware may have put another answer in its place.
      const context = contextOf(result.response) ?? {
        provider: name,
        operation: operation?.id,
        host,
      };
      setContext(result.response, context);
      const text =
        asked && typeof result.data === "string" && !operation?.response?.startsWith("text/")
          ? result.data
          : undefined;
      if (text === undefined) return result;
      const data = text === "" ? undefined : parseJson(text, context);
      return isFailure(provider, data)
        ? { error: data, response: result.response }
        : { ...result, data };
    } catch (error) {
      if (
        isInstance(error, CorrigendaError) ||
        (init["signal"] as AbortSignal | undefined)?.aborted
      )
        throw error;
      // Half a character in a parameter, say, or a header name with a space. What a serializer of
      // the caller's throws is theirs to see.
      if (
        !serialized &&
        [init.bodySerializer, init["querySerializer"], init["pathSerializer"]].every(
          (own) => typeof own !== "function",
        )
      )
        throw unusable(name);
      throw error; // Of the caller's middleware, say.
    }
  }
  const byMethod = HTTP_METHODS.map((name): [string, Method] => {
    const method = name.toUpperCase();
    return [method, (path, init) => call(method, path, init)];
  });
  const request = (method: string, path: string, init?: Init): Promise<Result> =>
    call(method.toUpperCase(), path, init);
  return { ...Object.fromEntries(byMethod), request } as unknown as Partial<Client<Paths>>;
}

/** The parser's own message repeats the text. */
function parseJson(text: string, context: RequestContext): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ContractError(
      withContext({ pointer: "", message: "The answer is not JSON." }, context),
    );
  }
}

const mediaTypeOf = (headers: Headers): string | undefined =>
  headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();

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
