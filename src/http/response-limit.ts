/**
 * What is read of an API's answer: no more than a limit, since a few kilobytes that were compressed
 * may become gigabytes in memory; and a fault on the way is a typed error, whoever reads the body.
 */
import { ConfigurationError, ContractError, CorrigendaError } from "../errors.ts";
import { fetchError } from "./network-error.ts";
import { isInstance } from "../platform/safe-access.ts";
import { withContext, contextOf, setContext, type RequestContext } from "./request-context.ts";

/** Bytes, after decompression. No documented answer comes near it. */
export const MAX_ANSWER_BYTES = 32 << 20;

interface Guard {
  /** Bytes. */
  readonly limit: number;
  readonly provider: string;
  /**
   * Held for as long as the body is read: its signal is the caller's, and a platform may stop
   * following that once the request is collected.
   */
  readonly request: Pick<Request, "signal">;
}

/**
 * The same answer, whose body fails with a ContractError once more than `limit` bytes were read of
 * it or if it cannot be decompressed, with a NetworkError if it is cut, and with the signal's
 * reason when that aborts.
 * @throws ContractError at once, if the answer says itself that it is larger
 */
export function limitResponse(response: Response, { limit, provider, request }: Guard): Response {
  const context = contextOf(response) ?? { provider };
  const { body, headers, status } = response;
  // Not every `fetch` has web streams.
  if (typeof body?.getReader !== "function") return response;
  const tooLarge = (): ContractError =>
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
  const length = headers.get("content-length");
  // The platform reads no more than the length that was announced, unless the body grows when it is
  // decompressed.
  if (length !== null && !headers.has("content-encoding") && Number(length) > limit) {
    body.cancel().catch(() => undefined);
    throw tooLarge();
  }
  const typed = (cause: unknown): unknown =>
    request.signal.aborted
      ? request.signal.reason
      : isInstance(cause, CorrigendaError)
        ? cause
        : fetchError(cause, status, context);

  const reader = body.getReader() as ReadableStreamDefaultReader<unknown>;
  let size = 0;
  async function nextChunk(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      if (!ArrayBuffer.isView(value))
        throw new ConfigurationError(
          withContext(
            {
              option: "fetch",
              status,
              message:
                "The `fetch` option gave an answer whose body holds something else than bytes.",
            },
            context,
          ),
        );
      size += value.byteLength;
      if (size > limit) {
        reader.cancel().catch(() => undefined);
        throw tooLarge();
      }
      // A copy, since a stream of bytes takes away what it is given, and this may be a piece of
      // somebody's buffer.
      if (value.byteLength > 0)
        return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    }
  }
  const guarded = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const chunk = await nextChunk().catch((cause: unknown) => {
        throw typed(cause);
      });
      if (chunk) return controller.enqueue(chunk);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return inPlaceOf(responseOf(guarded, response), response, context);
}

/**
 * With the status inside too, where a server may look that it is handed on to; but the platform
 * refuses some that vendors send, such as 999.
 */
function responseOf(body: ReadableStream, { status, statusText, headers }: Response): Response {
  try {
    return new Response(body, { status, statusText, headers });
  } catch {
    return new Response(body, { headers });
  }
}

/** What a new Response cannot be given, or refused. */
const KEPT = ["url", "redirected", "type", "status", "statusText", "ok"] as const;

function inPlaceOf(
  response: Response,
  first: Pick<Response, (typeof KEPT)[number]>,
  context: RequestContext,
): Response {
  const clone = (): Response => inPlaceOf(Response.prototype.clone.call(response), first, context);
  const whole = Object.defineProperties(response, {
    ...Object.fromEntries(KEPT.map((name) => [name, { value: first[name] }])),
    clone: { value: clone },
  });
  return setContext(whole, context);
}
