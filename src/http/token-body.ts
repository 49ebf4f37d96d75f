/** Reads the body of a token response (rule S-04). */
import { ConfigurationError } from "../errors.ts";
import { breach } from "../parts/parse-token.ts";
import { withSignal } from "../platform/deadline.ts";
import { withContext, type RequestContext } from "./request-context.ts";

/** Bytes of the largest token response, after decompression. */
const MAX_BYTES = 1 << 20;

/**
 * The text of a body.
 * @throws ContractError if the body is larger than 1 MiB or not UTF-8; ConfigurationError if it is
 *   no web stream; the signal's reason if the signal aborts
 */
export async function readText(
  response: Response,
  signal: AbortSignal,
  context: RequestContext,
): Promise<string> {
  if (response.body === null) return "";
  // Another library's body could only be read as a whole, however large it is.
  if (typeof (response.body as Partial<ReadableStream> | undefined)?.getReader !== "function")
    throw new ConfigurationError(
      withContext(
        {
          option: "fetch",
          message:
            "The `fetch` option gave an answer whose `body` is no web stream. Make it return what the platform's `fetch` returns.",
        },
        context,
      ),
    );
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await withSignal(reader.read(), signal);
      if (done) return text + decode(decoder);
      size += value.byteLength;
      if (size > MAX_BYTES) throw breach("", "it is larger than 1 MiB");
      text += decode(decoder, value);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw breach("", "it is not UTF-8");
  }
}
