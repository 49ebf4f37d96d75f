/** Serves the vendors of a sandbox over real HTTP, on a free loopback port. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createClock, type SandboxClock } from "./clock.ts";
import { createDelays } from "./delays.ts";
import { readBody, send, TOO_LARGE } from "./message.ts";
import { createMount, type Mount, type SandboxVendor } from "./mount.ts";
import type { Vendor } from "./vendor.ts";

/** A running sandbox, and the clock that its vendors go by. */
export interface SandboxServer<Vendors> extends SandboxClock {
  /** `http://127.0.0.1:` and the port. A vendor's address is this, `/` and the vendor's `name`. */
  readonly url: string;
  /** What a test may do with each vendor, by the vendor's key in the argument of `startServer`. */
  readonly vendors: Vendors;
  /** Closes every connection and ends the server. */
  close(): Promise<void>;
}

/**
 * The number of connections that may wait to be accepted. Tests open a thousand at the same time.
 * With Node's default of 511 the operating system refuses the rest for a second.
 */
const BACKLOG = 4096;

/** Functions that make a vendor on the sandbox's clock, by the vendor's key in `vendors`. */
export type VendorMakers = Readonly<Record<string, (clock: SandboxClock) => Vendor>>;
/** What a test may do with each vendor of a server, by the vendor's key in `vendors`. */
export type VendorHandles<M extends VendorMakers> = {
  [K in keyof M]: ReturnType<M[K]> extends Vendor<infer O, infer S, infer F>
    ? SandboxVendor<O, S, F>
    : never;
};

/**
 * Starts a server for any number of vendors, of this package or your own.
 * @param makers functions that make a vendor, by the key that it has in `vendors`
 * @throws ConfigurationError if `ajv` or `ajv-formats`, optional peers, are not installed
 * @example
 * const { vendors, now, close } = await startServer({ mine: createMyVendor });
 * const client = createClient(myProvider, { ...vendors.mine.options, now });
 * await close();
 */
export async function startServer<M extends VendorMakers>(
  makers: M,
): Promise<SandboxServer<VendorHandles<M>>> {
  const clock = createClock();
  const delays = createDelays();
  const mounts = await Promise.all(
    Object.entries(makers).map(
      async ([key, make]) => [key, await createMount(make(clock), delays)] as const,
    ),
  );
  const all = mounts.map(([, mount]) => mount);
  const server = createServer((request, response) => {
    response.sendDate = false;
    response.setHeader("date", new Date(clock.now()).toUTCString());
    serve(all, request, response).catch((error: unknown) => {
      // A defect of the sandbox or of a vendor must not look like an answer of the vendor.
      response
        .writeHead(599, { "content-type": "text/plain" })
        .end(`sandbox fault: ${error instanceof Error ? error.message : "unknown"}`);
    });
  });
  // Longer than the pauses of a busy client. Otherwise a client could send a request on a
  // connection that the server is just closing.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(0, "127.0.0.1", BACKLOG, resolve),
  );
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const handles = mounts.map(([key, mount]) => [key, mount.handle(`${url}/${mount.vendor.name}`)]);
  return {
    url,
    ...clock,
    vendors: Object.fromEntries(handles) as VendorHandles<M>,
    close: () =>
      new Promise<void>((resolve) => {
        delays.end();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  mounts: readonly Mount[],
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, text: string): void =>
    send(response, { status, body: { message: text } });
  const body = await readBody(message);
  if (body === TOO_LARGE) return refuse(413, "the request's body is too large for this sandbox");
  const url = new URL(message.url ?? "/", "http://sandbox.invalid");
  const mount = mounts.find(({ vendor }) => url.pathname.startsWith(`/${vendor.name}/`));
  if (!mount) return refuse(404, "no such vendor in this sandbox");
  const path = url.pathname.slice(mount.vendor.name.length + 1);
  await mount.answer({ message, path, url, body }, response);
}
