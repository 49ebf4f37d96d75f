/** What a client needs of an OpenAPI document. */

/** A server of an OpenAPI document. */
export interface ServerMeta {
  /** Absolute URL, which may hold `{variables}`. */
  readonly url: string;
  /** Default of each server variable. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The authorization page that belongs to this server (OAuth 2.0's `authorizationUrl`). */
  readonly authorizationUrl?: string;
}

/**
 * What a client needs of an OpenAPI document at run time. For the providers of this package,
 * `npm run generate` writes it to `generated/<provider>.meta.ts`. It is plain data, so that a
 * provider outside this package can also write it by hand.
 */
export interface ProviderMeta {
  /** The first one is the default base URL. */
  readonly servers: readonly ServerMeta[];
  /**
   * Security schemes by name: the header that carries the value, and the text before the value,
   * such as `Bearer `.
   */
  readonly schemes: Readonly<Record<string, { readonly header: string; readonly prefix?: string }>>;
  /** Security schemes of an operation that is not listed. */
  readonly security: readonly string[];
  /** Operations by `METHOD /path/{template}`. */
  readonly operations: Readonly<Record<string, OperationMeta>>;
}

/** What a client needs of one operation of an OpenAPI document. */
export interface OperationMeta {
  /** The document's `operationId`. */
  readonly id: string;
  /** Names of the security schemes that the operation takes. An empty list: it is public. */
  readonly security: readonly string[];
  /** Media type of the request body. */
  readonly request?: string;
  /** Media type of a success response. */
  readonly response?: string;
  /**
   * Status codes of success that the document names, such as `201`, or `2XX` for all of them. A
   * token response needs one of them.
   * @defaultValue `["200"]`
   */
  readonly success?: readonly string[];
  /**
   * Servers of this operation alone, which take the place of the document's. A token operation is
   * sent to the first one.
   */
  readonly servers?: readonly ServerMeta[];
}
