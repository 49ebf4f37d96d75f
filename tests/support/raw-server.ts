/**
 * A TCP server that sends exactly the bytes that a test gives it, for answers that no HTTP server
 * would send.
 */
import net from "node:net";

/**
 * Nobody listens there: a port that was just closed could be given to another test, this one lies
 * below those that are given out.
 */
export const NOBODY = "http://127.0.0.1:20099";

export interface RawServer {
  readonly url: string;
  /** Every request's bytes, as far as they were read, oldest first. */
  readonly requests: string[];
  close(): Promise<void>;
}

/**
 * @param answer called once for each request whose head and body have arrived; `n` counts from 1
 */
export async function startRawServer(
  answer: (socket: net.Socket, n: number) => void,
): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    let text = "";
    socket
      .on("error", () => undefined)
      .on("close", () => sockets.delete(socket))
      .on("data", (chunk) => {
        text += chunk.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        if (end === -1) return;
        const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        requests.push(text);
        text = "";
        answer(socket, requests.length);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A whole HTTP answer. */
export function http(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const all = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
    ...headers,
  };
  return `HTTP/1.1 ${status} Whatever\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n${body}`;
}
