/** How much of an API's answer is read: a few kilobytes that were compressed may become gigabytes in memory. */
import { ContractError } from "./errors.ts";

/** Bytes, after decompression. No documented answer comes near it. */
export const MAX_ANSWER_BYTES = 32 << 20;

/**
 * The same answer, whose body fails with a ContractError once more than `limit` bytes were read of it.
 * @throws ContractError at once, if the answer says itself that it is larger
 */
export function limitAnswer(response: Response, limit: number, provider: string): Response {
  const { body, headers } = response;
  // Not every `fetch` has web streams.
  if (typeof body?.pipeThrough !== "function" || limit === Infinity) return response;
  const tooLarge = (): ContractError => new ContractError({
    provider, pointer: "", status: response.status, message: `${provider}: the answer (${response.status}) is larger than ${limit} bytes, the most that \`maxAnswerBytes\` allows. It was not read to its end.`,
  });
  const length = headers.get("content-length");
  // The platform reads no more than the length that was announced, unless the body grows when it is decompressed.
  if (length !== null && !headers.has("content-encoding")) {
    if (Number(length) <= limit) return response;
    body.cancel().catch(() => undefined);
    throw tooLarge();
  }
  let size = 0;
  const counted = body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge();
      controller.enqueue(chunk);
    },
  }));
  return inPlaceOf(responseOf(counted, response), response);
}

/** With the status inside too, where a server may look that it is handed on to; but the platform refuses some that vendors send, such as 999. */
function responseOf(body: ReadableStream, { status, statusText, headers }: Response): Response {
  try {
    return new Response(body, { status, statusText, headers });
  } catch {
    return new Response(body, { headers });
  }
}

/** What a new Response cannot be given, or refused. */
const KEPT = ["url", "redirected", "type", "status", "statusText", "ok"] as const;

function inPlaceOf(response: Response, first: Pick<Response, (typeof KEPT)[number]>): Response {
  const clone = (): Response => inPlaceOf(Response.prototype.clone.call(response), first);
  return Object.defineProperties(response, { ...Object.fromEntries(KEPT.map((name) => [name, { value: first[name] }])), clone: { value: clone } });
}
