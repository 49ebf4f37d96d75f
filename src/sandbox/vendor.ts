/** What a vendor is to the sandbox: its OpenAPI document, its handlers, and how it refuses. */
import type { Operation, OpenApiDocument, Violation } from "./contract.ts";
import type { NamedFault } from "./fault.ts";
import type { TokenBook } from "./token-book.ts";

/** A request to an operation of the vendor. */
export interface Call {
  readonly operation: Operation;
  /** Path parameters, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** As its media type decodes it; undefined if the request has none. */
  readonly body: unknown;
  /** How the request breaks the document. Always empty in a handler. */
  readonly violations: readonly Violation[];
}

/** A vendor's answer. */
export interface Reply {
  readonly status: number;
  /** A string is sent as text/plain, anything else as JSON, unless `headers` says otherwise. */
  readonly body?: unknown;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A vendor that the sandbox can serve. A function that takes the sandbox's clock makes it.
 * @example
 * const createMyVendor = (clock: SandboxClock): Vendor<{ baseUrl: string; key: string }> => ({
 *   name: "mine",
 *   document,
 *   prefix: "",
 *   settings: {},
 *   options: (root) => ({ baseUrl: root, key: "sandbox-key" }),
 *   handlers: { getUser: () => ({ status: 200, body: { name: "Example" } }) },
 *   refuse: ({ violations }) => ({ status: 400, body: { error: violations[0]?.message } }),
 *   notFound: () => ({ status: 404 }),
 * });
 */
export interface Vendor<
  Options extends object = object,
  Settings extends object = object,
  FaultName extends string = string,
> {
  /** Also the first segment of the vendor's path on the sandbox. */
  readonly name: string;
  /** Requests that break it are refused, and every answer of a handler is checked against it. */
  readonly document: OpenApiDocument;
  /**
   * Another form of the document, such as one whose login carries its credentials elsewhere. It
   * takes the place of the document for as long as `applies` returns true.
   */
  readonly alternative?: {
    readonly document: OpenApiDocument;
    readonly applies: () => boolean;
  };
  /** What stands between `/<name>` and the paths of the document, such as `/v1`. May be empty. */
  readonly prefix: string;
  /**
   * Options of a client whose requests the vendor accepts, without `now`.
   * @param root the vendor's address on the sandbox, without the prefix
   */
  readonly options: (root: string) => Options;
  /** What a test may change while the sandbox runs. */
  readonly settings: Settings;
  /** By `operationId`. Called only with requests that keep to the document. */
  readonly handlers: Readonly<Record<string, (call: Call) => Reply>>;
  /** The vendor's answer to a request that breaks the document. */
  readonly refuse: (call: Call) => Reply;
  /** The vendor's answer to a path that it does not have. */
  readonly notFound: () => Reply;
  /** Failures that a test can switch on by name, with the vendor's answers to them. */
  readonly faults?: Readonly<Record<FaultName, NamedFault>>;
  /** Pages outside the document, such as a consent page, by their path below `/<name>`. */
  readonly pages?: Readonly<Record<string, (query: URLSearchParams) => Reply>>;
  /**
   * The tokens that the vendor issues. A test needs them to call `revokeAccessTokens` and
   * `revokeRefreshTokens` of the running vendor. Without them, the vendor's `log` stays empty.
   */
  readonly tokens?: TokenBook;
}
