/** A TCP server whose faults are scripted, byte for byte. */
import net from "node:net";

/** What one connection gets once its request has arrived. `early`: as soon as it is open. */
export interface Behaviour {
  readonly early?: (socket: net.Socket) => void;
  /** @param request the whole request, as text */
  readonly answer?: (socket: net.Socket, request: string, origin: string) => void;
}

export interface FaultServer {
  readonly url: string;
  /** Bytes that were sent in total. */
  readonly sent: number;
  close(): Promise<void>;
}

export async function startFaultServer({ early, answer }: Behaviour): Promise<FaultServer> {
  const sockets = new Set<net.Socket>();
  let sent = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket);
    let text = "";
    socket
      .on("error", () => undefined)
      .on("close", () => {
        sent += socket.bytesWritten;
        sockets.delete(socket);
      });
    if (early) return early(socket);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      if (end === -1 || text.length < end + 4 + length) return;
      const whole = text;
      text = "";
      answer?.(socket, whole, url);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return {
    url,
    get sent() {
      return [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, sent);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A whole response. Its length is right unless a header says otherwise. */
export function http(
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const bytes = Buffer.from(body);
  const all: Record<string, string> = {
    "content-type": "application/json",
    "content-length": String(bytes.length),
    connection: "close",
    ...headers,
  };
  const head = Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Whatever\r\n${head}\r\n`), bytes]);
}
