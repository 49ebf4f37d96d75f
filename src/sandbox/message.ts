/** Reading requests from a socket, and writing replies to it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Reply } from "./vendor.ts";

/** Bytes. A longer request is not read. */
const MAX_BODY = 1 << 20;

/** What `readBody` gives for a request that is too large. */
export const TOO_LARGE = Symbol("too large");

/** The body as text; undefined: the request has none. */
export async function readBody(
  request: IncomingMessage,
): Promise<string | typeof TOO_LARGE | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return TOO_LARGE;
    chunks.push(chunk);
  }
  return chunks.length === 0 ? undefined : Buffer.concat(chunks).toString("utf8");
}

export const headersOf = (request: IncomingMessage): Headers =>
  new Headers(
    Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
  );

/** A reply's body as text, and its `Content-Type`. */
export const encodeReply = ({
  body,
  headers,
}: Reply): { text: string; contentType: string | undefined } => {
  const byDefault = typeof body === "string" ? "text/plain" : "application/json";
  return {
    text: body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body),
    contentType: headers?.["content-type"] ?? (body === undefined ? undefined : byDefault),
  };
};

export function send(response: ServerResponse, reply: Reply): void {
  const { text, contentType } = encodeReply(reply);
  response.writeHead(reply.status, {
    ...(contentType === undefined ? {} : { "content-type": contentType }),
    ...reply.headers,
  });
  response.end(text);
}
