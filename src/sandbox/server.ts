/** Real HTTP for any number of vendors, on a free loopback port. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createClock, type SandboxClock } from "./clock.ts";
import { createContract, type Contract } from "./contract.ts";
import type { LogEntry, Rotation } from "./token-book.ts";
import type { Reply, Vendor } from "./vendor.ts";

/** An answer that a test puts in the place of the vendor's own. */
export interface Fault {
  /** operationId; any operation when absent. */
  readonly operation?: string;
  /** How many requests it takes; 1 when absent. */
  readonly times?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is if it is a string, else as JSON. */
  readonly body?: unknown;
  /** ms before the answer. */
  readonly delay?: number;
  /**
   * With `after`: the delay comes when the vendor has acted, so that what it committed is on its
   * way for so long.
   */
  readonly delayed?: "before" | "after";
  /**
   * Cut the connection instead of answering: before the vendor acts, or after it did, so that its
   * answer is lost.
   */
  readonly cut?: "before" | "after";
}

export interface SandboxVendor<Options extends object = object, Settings extends object = object> {
  /**
   * Options for the vendor's client. Add `now: sandbox.now`, so that both live by the same clock.
   */
  readonly options: Options;
  readonly settings: Settings;
  /**
   * How refresh tokens rotate: without grace, and the access token before it lives on, unless set
   * otherwise.
   */
  readonly rotation: Rotation;
  /** What the vendor issued, rotated and refused, and which answers were delivered. */
  readonly log: readonly LogEntry[];
  /** Requests so far, for one operation or all, refused ones included. */
  count(operation?: string): number;
  /** The next request gets this instead. */
  fail(fault: Fault): void;
  /** Every access token is refused from now on, as if somebody had revoked it. */
  revokeAccessTokens(): void;
  /** Every refresh token is dead from now on. */
  revokeRefreshTokens(): void;
}

export interface SandboxServer<Vendors> extends SandboxClock {
  readonly url: string;
  readonly vendors: Vendors;
  close(): Promise<void>;
}

/** Requests longer than this are not read. */
const MAX_BODY = 1 << 20;
/**
 * Connections that may wait at once. A thousand callers come at once, and the usual 511 make the
 * rest try again a second later.
 */
const BACKLOG = 4096;

type Handles<M extends Record<string, (clock: SandboxClock) => Vendor>> = {
  [K in keyof M]: ReturnType<M[K]> extends Vendor<infer O, infer S> ? SandboxVendor<O, S> : never;
};

export async function startServer<M extends Record<string, (clock: SandboxClock) => Vendor>>(
  makers: M,
): Promise<SandboxServer<Handles<M>>> {
  const clock = createClock();
  const mounts = await Promise.all(
    Object.entries(makers).map(async ([key, make]) => {
      const vendor = make(clock);
      return {
        key,
        vendor,
        contract: await createContract(vendor.document),
        counts: new Map<string, number>(),
        faults: [] as (Fault & { left: number })[],
      };
    }),
  );
  type Mount = (typeof mounts)[number];

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // A fault of the sandbox itself must be seen, not taken for the vendor's.
      response
        .writeHead(599, { "content-type": "text/plain" })
        .end(`sandbox fault: ${error instanceof Error ? error.message : "unknown"}`);
    });
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = false;
    response.setHeader("date", new Date(clock.now()).toUTCString());
    const text = await readBody(request);
    if (text === TOO_LARGE)
      return send(response, {
        status: 413,
        body: { message: "the request's body is too large for this sandbox" },
      });
    const url = new URL(request.url ?? "/", "http://sandbox.invalid");
    const mount = mounts.find(({ vendor }) => url.pathname.startsWith(`/${vendor.name}/`));
    if (!mount)
      return send(response, { status: 404, body: { message: "no such vendor in this sandbox" } });
    const path = url.pathname.slice(mount.vendor.name.length + 1);
    const page = mount.vendor.pages?.[path];
    if (page && request.method === "GET") return send(response, page(url.searchParams));
    const below = path.startsWith(`${mount.vendor.prefix}/`)
      ? path.slice(mount.vendor.prefix.length)
      : undefined;
    const found =
      below === undefined ? undefined : mount.contract.match(request.method ?? "", below);
    if (!found) return send(response, mount.vendor.notFound());
    const { operation } = found;
    mount.counts.set(operation.id, (mount.counts.get(operation.id) ?? 0) + 1);

    const fault = mount.faults.find(
      (candidate) => candidate.left > 0 && (candidate.operation ?? operation.id) === operation.id,
    );
    if (fault) fault.left -= 1;
    if (fault?.delay !== undefined && fault.delayed !== "after") await delay(fault.delay);
    if (fault?.cut === "before") return void request.socket.destroy();
    if (fault?.status !== undefined)
      return send(response, {
        status: fault.status,
        body: fault.body,
        headers: {
          ...(typeof fault.body === "string" ? { "content-type": "text/html" } : {}),
          ...fault.headers,
        },
      });
    const headers = new Headers(
      Object.entries(request.headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]),
    );
    const { violations, body } = mount.contract.checkRequest(operation, {
      query: url.search,
      headers,
      body: text,
    });
    const call = {
      operation,
      path: found.path,
      query: url.searchParams,
      headers,
      body,
      violations,
    };
    const { log = [] } = mount.vendor;
    const before = log.length;
    const reply =
      violations.length > 0 ? mount.vendor.refuse(call) : handlerOf(mount, operation.id)(call);
    const noted = log.slice(before);
    for (const entry of noted) entry.userAgent = headers.get("user-agent") ?? "";
    const delivered = (whether: boolean): void =>
      noted.forEach((entry) => {
        entry.delivered = whether;
      });
    // A connection that the client closed, or that is cut here, brings nothing to anybody.
    response
      .once("finish", () => delivered(true))
      .once("close", () => delivered(response.writableFinished));
    if (fault?.delay !== undefined && fault.delayed === "after") await delay(fault.delay);
    if (fault?.cut === "after") return void request.socket.destroy();
    assertKept(mount.contract, operation, reply);
    send(response, reply);
  }

  const delays = new Map<NodeJS.Timeout, () => void>();
  const delay = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        delays.delete(timer);
        resolve();
      }, ms);
      delays.set(timer, resolve);
    });

  const handlerOf = ({ vendor }: Mount, id: string) => {
    const handler = vendor.handlers[id];
    if (!handler) throw new Error(`the vendor ${vendor.name} has no handler for ${id}`);
    return handler;
  };

  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(0, "127.0.0.1", BACKLOG, resolve),
  );
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const handles = mounts.map(({ key, vendor, counts, faults }): [string, SandboxVendor] => [
    key,
    {
      options: vendor.options(`${url}/${vendor.name}`),
      settings: vendor.settings,
      rotation: vendor.rotation ?? { grace: 0, revokesPrevious: false },
      log: vendor.log ?? [],
      count: (operation) =>
        operation === undefined
          ? [...counts.values()].reduce((sum, n) => sum + n, 0)
          : (counts.get(operation) ?? 0),
      fail(fault) {
        const { operation, status, delay: ms, cut } = fault;
        if (operation !== undefined && vendor.handlers[operation] === undefined)
          throw new RangeError(
            `there is no operation ${operation}: there are ${Object.keys(vendor.handlers).join(", ")}`,
          );
        if (status === undefined && ms === undefined && cut === undefined)
          throw new RangeError("a fault needs a status, a delay or a cut");
        faults.push({ ...fault, left: fault.times ?? 1 });
      },
      revokeAccessTokens: vendor.revokeAccessTokens,
      revokeRefreshTokens: vendor.revokeRefreshTokens,
    },
  ]);
  return {
    url,
    ...clock,
    vendors: Object.fromEntries(handles) as Handles<M>,
    close: () =>
      new Promise<void>((resolve) => {
        for (const [timer, end] of delays) {
          clearTimeout(timer);
          end();
        }
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const TOO_LARGE = Symbol("too large");

async function readBody(request: IncomingMessage): Promise<string | typeof TOO_LARGE | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return TOO_LARGE;
    chunks.push(chunk);
  }
  return chunks.length === 0 ? undefined : Buffer.concat(chunks).toString("utf8");
}

const encode = ({ body, headers }: Reply): { text: string; type: string | undefined } => ({
  text: body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body),
  type:
    headers?.["content-type"] ??
    (body === undefined ? undefined : typeof body === "string" ? "text/plain" : "application/json"),
});

function send(response: ServerResponse, reply: Reply): void {
  const { text, type } = encode(reply);
  response.writeHead(reply.status, {
    ...(type === undefined ? {} : { "content-type": type }),
    ...reply.headers,
  });
  response.end(text);
}

/** The sandbox keeps to the spec itself, or says so loudly. */
function assertKept(
  contract: Contract,
  operation: Parameters<Contract["checkResponse"]>[0],
  reply: Reply,
): void {
  const { text, type } = encode(reply);
  const [first] = contract.checkResponse(operation, reply.status, type ?? null, text);
  if (first)
    throw new Error(
      `its answer ${reply.status} to ${operation.id} breaks the spec at ${first.at || "the root"}: ${first.message}`,
    );
}
