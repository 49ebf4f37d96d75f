/** A client's `fetch`: plain requests with the credentials put on. */
import { ConfigurationError } from "../errors.ts";
import type { Send } from "../http/auth-fetch.ts";
import { checkedRequest, isStream } from "./checked-request.ts";

/** Takes a path that begins with a slash, a URL, or a `Request`. */
export type PlainFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

interface PlainFetchParts {
  readonly provider: string;
  readonly baseUrl: string;
  readonly send: Send;
}

/** Makes the `fetch` of a client. */
export function createPlainFetch({ provider, baseUrl, send }: PlainFetchParts): PlainFetch {
  return async (input, init) => {
    const url =
      typeof input === "string" && input.startsWith("/") && !input.startsWith("//")
        ? baseUrl + input
        : input instanceof URL
          ? input.href
          : input;
    if (typeof url === "string" ? !/^[a-z][a-z0-9+.-]*:/i.test(url) : !(url instanceof Request)) {
      throw new ConfigurationError({
        provider,
        option: "input",
        message: `${provider}: \`fetch\` takes a path below the base URL that begins with a slash, or a whole URL.`,
      });
    }
    // An error about the URL, or about its path, names the option `input`.
    const CheckedRequest = checkedRequest({
      provider,
      options: { address: "input", path: "input" },
    });
    // On some platforms, a copy of a Request loses its referrer.
    const request =
      url instanceof Request && init === undefined ? url : new CheckedRequest(url, init);
    // A stream can be read once, so its request cannot be sent again (rule T-20).
    return send(request, { replayable: !isStream(init?.body), init: init ?? {} });
  };
}
