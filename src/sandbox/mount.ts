/** One vendor on the sandbox: its contract, its counts, its faults, and how it answers. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createContract, type Contract, type Operation } from "./contract.ts";
import type { Delays } from "./delays.ts";
import { createFaults, type Fault } from "./fault.ts";
import { encodeReply, headersOf, send } from "./message.ts";
import type { LogEntry, Rotation } from "./token-book.ts";
import type { Call, Reply, Vendor } from "./vendor.ts";

/** A vendor as a test sees it while the sandbox runs. */
export interface SandboxVendor<
  Options extends object = object,
  Settings extends object = object,
  FaultName extends string = string,
> {
  /**
   * Options for the vendor's client. Add `now: sandbox.now`, so that the client and the vendor go
   * by the same clock.
   */
  readonly options: Options;
  /** What a test may change while the sandbox runs. */
  readonly settings: Settings;
  /** How refresh tokens rotate. */
  readonly rotation: Rotation;
  /** What the vendor issued, rotated and refused, and which answers were delivered. */
  readonly log: readonly LogEntry[];
  /**
   * Requests so far, refused ones included.
   * @param operation `operationId`; all operations when absent
   */
  count(operation?: string): number;
  /**
   * Puts a fault in the place of the next answers.
   * @throws RangeError for an operation or a name that the vendor does not have, or a fault without
   *   an effect
   */
  fail(fault: Fault<FaultName>): void;
  /** From now on the vendor refuses every access token that it has issued. */
  revokeAccessTokens(): void;
  /** From now on the vendor refuses every refresh token that it has issued. */
  revokeRefreshTokens(): void;
}

export interface Mount {
  readonly vendor: Vendor;
  /** @param url the vendor's address on the sandbox */
  handle(url: string): SandboxVendor;
  answer(request: ArrivedRequest, response: ServerResponse): Promise<void>;
}

export interface ArrivedRequest {
  readonly message: IncomingMessage;
  /** Below the vendor's address. */
  readonly path: string;
  readonly url: URL;
  readonly body: string | undefined;
}

export async function createMount(vendor: Vendor, delays: Delays): Promise<Mount> {
  const { document, alternative } = vendor;
  const own = await createContract(document);
  const other = alternative && (await createContract(alternative.document));
  const counts = new Map<string, number>();
  const faults = createFaults(vendor.faults);
  return {
    vendor,
    handle: (url) => ({
      options: vendor.options(url),
      settings: vendor.settings,
      ...tokensOf(vendor),
      count: (operation) =>
        operation === undefined
          ? [...counts.values()].reduce((sum, count) => sum + count, 0)
          : (counts.get(operation) ?? 0),
      fail(fault) {
        requireOperation(vendor, fault.operation);
        faults.add(fault);
      },
    }),
    async answer(request, response) {
      const { message, path, url } = request;
      const contract = other && alternative?.applies() ? other : own;
      const page = vendor.pages?.[path];
      if (page && message.method === "GET") return send(response, page(url.searchParams));
      const below = path.startsWith(`${vendor.prefix}/`) ? path.slice(vendor.prefix.length) : "";
      const found = contract.match(message.method ?? "", below);
      if (!found) return send(response, vendor.notFound());
      const { id } = found.operation;
      counts.set(id, (counts.get(id) ?? 0) + 1);
      const fault = faults.next(id);
      if (fault?.delay !== undefined && fault.delayed !== "after") await delays.wait(fault.delay);
      if (fault?.cut === "before") return void message.socket.destroy();
      if (fault?.instead) {
        if (fault.name !== undefined) requireKept(contract, found.operation, fault.instead);
        return send(response, fault.instead);
      }
      const reply = act(vendor, callOf(contract, request, found), response);
      if (fault?.delay !== undefined && fault.delayed === "after") await delays.wait(fault.delay);
      if (fault?.cut === "after") return void message.socket.destroy();
      requireKept(contract, found.operation, reply);
      send(response, reply);
    },
  };
}

function callOf(
  contract: Contract,
  { message, url, body: text }: ArrivedRequest,
  { operation, path }: Pick<Call, "operation" | "path">,
): Call {
  const headers = headersOf(message);
  const request = { path, query: url.search, headers, body: text };
  return {
    operation,
    path,
    query: url.searchParams,
    headers,
    ...contract.checkRequest(operation, request),
  };
}

/** The vendor's reply. Its log entries tell whether the reply was delivered. */
function act(vendor: Vendor, call: Call, response: ServerResponse): Reply {
  const log = vendor.tokens?.log ?? [];
  const before = log.length;
  const { id } = call.operation;
  const handler = call.violations.length > 0 ? vendor.refuse : vendor.handlers[id];
  if (!handler) throw new Error(`The vendor ${vendor.name} has no handler for ${id}.`);
  const reply = handler(call);
  const entries = log.slice(before);
  for (const entry of entries) entry.userAgent = call.headers.get("user-agent") ?? "";
  const note = (delivered: boolean): void => {
    for (const entry of entries) entry.delivered = delivered;
  };
  // An answer on a connection that closed early was not delivered.
  response.once("finish", () => note(true)).once("close", () => note(response.writableFinished));
  return reply;
}

/** What a test sees of the vendor's tokens. */
function tokensOf({
  name,
  tokens,
}: Vendor): Pick<SandboxVendor, "rotation" | "log" | "revokeAccessTokens" | "revokeRefreshTokens"> {
  if (tokens) {
    const { rotation, log, revokeAccessTokens, revokeRefreshTokens } = tokens;
    return { rotation, log, revokeAccessTokens, revokeRefreshTokens };
  }
  const refuse = (): never => {
    throw new RangeError(`The vendor ${name} has no token book. Give it one as \`tokens\`.`);
  };
  return {
    rotation: { grace: 0, revokesPrevious: false },
    log: [],
    revokeAccessTokens: refuse,
    revokeRefreshTokens: refuse,
  };
}

function requireOperation({ name, handlers }: Vendor, operation: string | undefined): void {
  if (operation === undefined || handlers[operation] !== undefined) return;
  const known = Object.keys(handlers).join(", ");
  throw new RangeError(`The vendor ${name} has no operation ${operation}. It has ${known}.`);
}

/** @throws Error if the vendor's own reply breaks the document */
function requireKept(contract: Contract, operation: Operation, reply: Reply): void {
  const { text, contentType = null } = encodeReply(reply);
  const [first] = contract.checkResponse(operation, reply.status, contentType, text);
  if (!first) return;
  throw new Error(
    `its answer ${reply.status} to ${operation.id} breaks the spec at ${first.at || "the root"}: ${first.message}`,
  );
}
