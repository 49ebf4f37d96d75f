/** What a vendor is to the sandbox: its spec, its handlers and its way of refusing. */
import type { LogEntry, Rotation } from "./token-book.ts";
import type { Operation, OpenApiDocument, Violation } from "./contract.ts";

export interface Call {
  readonly operation: Operation;
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** As its media type decodes it; undefined if there is none. */
  readonly body: unknown;
  readonly violations: readonly Violation[];
}

export interface Reply {
  readonly status: number;
  /** A string goes out as text/plain, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Vendor<Options extends object = object, Settings extends object = object> {
  /** Also the first part of its path on the sandbox. */
  readonly name: string;
  readonly document: OpenApiDocument;
  /** What stands between `/<name>` and the paths of the spec, e.g. `/v1`. */
  readonly prefix: string;
  /** Options of a client that is let in, but for `now`. */
  readonly options: (root: string) => Options;
  /** What a test may set while the sandbox runs. */
  readonly settings: Settings;
  /** By operationId. Called only with requests that keep to the spec. */
  readonly handlers: Readonly<Record<string, (call: Call) => Reply>>;
  /** The vendor's answer to a request that breaks the spec. */
  readonly refuse: (call: Call) => Reply;
  /** The vendor's answer to a path that it does not have. */
  readonly notFound: () => Reply;
  /** Pages outside the spec, by path below `/<name>`, e.g. a consent page. */
  readonly pages?: Readonly<Record<string, (query: URLSearchParams) => Reply>>;
  /** What it issued, if it keeps a log; the delivery of its answers is noted there. */
  readonly log?: readonly LogEntry[];
  readonly rotation?: Rotation;
  readonly revokeAccessTokens: () => void;
  readonly revokeRefreshTokens: () => void;
}
