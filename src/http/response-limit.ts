/**
 * Limits how much is read of an API's response: a few kilobytes of compressed data may become
 * gigabytes in memory. A failure while the body is read is reported as a typed error, whoever reads
 * the body.
 */
import { ConfigurationError, ContractError, CorrigendaError } from "../errors.ts";
import { isInstance } from "../platform/safe-access.ts";
import { discardBody } from "./discard-body.ts";
import { fetchError } from "./network-error.ts";
import { contextOf, setContext, withContext, type RequestContext } from "./request-context.ts";

/**
 * The default limit, in bytes after decompression. No documented response comes near it.
 */
export const MAX_ANSWER_BYTES = 32 << 20;

interface Limits {
  /** Bytes after decompression. */
  readonly limit: number;
  readonly provider: string;
  /**
   * The request is kept while the body is read. Its signal is the caller's, and a platform may stop
   * following that signal when the request is garbage-collected.
   */
  readonly request: Pick<Request, "signal">;
}

/**
 * The same response with a body that fails with a ContractError when more than `limit` bytes were
 * read or when the body cannot be decompressed, with a NetworkError when the connection is cut, and
 * with the signal's reason when the signal aborts.
 * @throws ContractError if the response announces a larger body
 */
export function limitResponse(response: Response, { limit, provider, request }: Limits): Response {
  const { body, headers, status } = response;
  // The response of another library's `fetch` may have no web stream.
  if (typeof body?.getReader !== "function") return response;
  const context = contextOf(response) ?? { provider };
  const length = headers.get("content-length");
  // The platform reads no more than the announced length, except where it decompresses the body.
  if (length !== null && !headers.has("content-encoding") && Number(length) > limit) {
    discardBody(response);
    throw tooLarge(limit, status, context);
  }
  const reader = body.getReader() as ReadableStreamDefaultReader<unknown>;
  const chunks = readChunks(reader, limit, status, context);
  const typed = (cause: unknown): never => {
    if (request.signal.aborted) throw request.signal.reason;
    throw isInstance(cause, CorrigendaError) ? cause : fetchError(cause, status, context);
  };
  const limited = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { done, value } = await chunks.next().catch(typed);
      if (!done) return controller.enqueue(value);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return imitate(newResponse(limited, response), response, context);
}

/** The chunks of a body that are not empty. @throws ContractError after more than `limit` bytes */
async function* readChunks(
  reader: ReadableStreamDefaultReader<unknown>,
  limit: number,
  status: number,
  context: RequestContext,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  for (let size = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (!ArrayBuffer.isView(value)) throw notBytes(status, context);
    size += value.byteLength;
    if (size > limit) {
      reader.cancel().catch(() => undefined);
      throw tooLarge(limit, status, context);
    }
    // A byte stream detaches the buffers of its chunks, and this chunk may be a part of a buffer
    // that the platform still uses. So the stream gets a copy.
    if (value.byteLength > 0)
      yield new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  }
}

const tooLarge = (limit: number, status: number, context: RequestContext): ContractError =>
  new ContractError(
    withContext(
      {
        pointer: "",
        status,
        message: `The answer (${status}) is larger than ${limit} bytes, the most that \`maxAnswerBytes\` allows. It was not read to its end.`,
      },
      context,
    ),
  );

const notBytes = (status: number, context: RequestContext): ConfigurationError =>
  new ConfigurationError(
    withContext(
      {
        option: "fetch",
        status,
        message:
          "The `fetch` option returned a response whose body holds something else than bytes. Make it return what the platform's `fetch` returns.",
      },
      context,
    ),
  );

/**
 * A response with a new body and the status of the old one. A server that passes the response on
 * may read the status from its internal state, which `imitate` cannot change. The platform refuses
 * some statuses that vendors send, such as 999: then the internal status is 200.
 */
function newResponse(body: ReadableStream, { status, statusText, headers }: Response): Response {
  try {
    return new Response(body, { status, statusText, headers });
  } catch {
    return new Response(body, { headers });
  }
}

/** Members that the constructor of Response cannot set, or whose value it may refuse. */
const COPIED = ["url", "redirected", "type", "status", "statusText", "ok"] as const;

/** Makes a response, and its clones, look like the original one. */
function imitate(
  response: Response,
  original: Pick<Response, (typeof COPIED)[number]>,
  context: RequestContext,
): Response {
  const clone = (): Response => imitate(Response.prototype.clone.call(response), original, context);
  Object.defineProperties(response, {
    ...Object.fromEntries(COPIED.map((name) => [name, { value: original[name] }])),
    clone: { value: clone },
  });
  return setContext(response, context);
}
