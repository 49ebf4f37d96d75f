/**
 * What an error says about the request: the provider, the operation and the host. Path and query
 * are left out, since they hold the values of a call.
 */
import type { ErrorDetails } from "../errors.ts";

export interface RequestContext {
  readonly provider: string;
  /** The spec's `operationId`. Absent if the spec has no operation for the request. */
  readonly operation?: string | undefined;
  /**
   * The host of the first request, with its port unless that is the default one. The host of a
   * redirect is not reported, since the server may put anything there.
   */
  readonly host?: string | undefined;
}

function prefixOf({ provider, operation, host }: RequestContext): string {
  const where =
    operation === undefined || host === undefined ? (operation ?? host) : `${operation} at ${host}`;
  return where === undefined ? `${provider}: ` : `${provider}: ${where}: `;
}

/** Adds the context to the details of an error, and puts it before the message. */
export const withContext = (details: ErrorDetails, context: RequestContext): ErrorDetails => ({
  ...details,
  ...context,
  message: prefixOf(context) + details.message,
});

const contexts = new WeakMap<object, RequestContext>();

/** The context of a response. Undefined if no client of this package received the response. */
export const contextOf = (response: object): RequestContext | undefined => contexts.get(response);

/** Remembers the context of a response. @returns the response */
export function setContext<T extends object>(response: T, context: RequestContext): T {
  contexts.set(response, context);
  return response;
}
