/** Makes requests of what a caller gave, and says what is wrong without quoting it. */
import { ConfigurationError } from "../errors.ts";
import { assertPlainUrl, type UrlOptions } from "../http/request-url.ts";

interface CheckedRequestOptions {
  readonly provider: string;
  /** Names of the options that errors speak of. */
  readonly options: UrlOptions;
  /** Is called once there is a URL and a body. */
  readonly onUrl?: () => void;
  /**
   * Makes the request.
   * @defaultValue the platform's `Request`
   */
  readonly Request?: typeof Request | undefined;
}

/**
 * A class like the platform's `Request` that looks at the URL first. The platform resolves `..` in
 * a URL, and its error messages quote the URL.
 */
export function checkedRequest({
  provider,
  options,
  onUrl,
  Request: Own = Request,
}: CheckedRequestOptions): typeof Request {
  function CheckedRequest(input: string | Request, init?: RequestInit): Request {
    onUrl?.();
    if (typeof input === "string") assertPlainUrl(input, provider, options);
    try {
      // A stream needs `duplex`, which has no other value.
      return new Own(input, isStream(init?.body) ? { ...init, duplex: "half" } : init);
    } catch {
      throw unusable(provider);
    }
  }
  // A middleware returns a `Request` of the platform.
  Object.defineProperty(CheckedRequest, Symbol.hasInstance, {
    value: (value: unknown) => value instanceof Request,
  });
  return CheckedRequest as unknown as typeof Request;
}

/** Whether a body can be read only once. */
export const isStream = (body: unknown): boolean =>
  typeof body === "object" &&
  body !== null &&
  ("getReader" in body || Symbol.asyncIterator in body);

/** The error for options that no request can be made of. */
export const unusable = (provider: string): ConfigurationError =>
  new ConfigurationError({
    provider,
    option: "init",
    message: `${provider}: no request can be made of these options. Look at method, parameters, headers and body. Nothing was sent.`,
  });
