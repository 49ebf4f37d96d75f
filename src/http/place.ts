/**
 * Where a request went, as errors say it: the operation and the host, and never path or query,
 * which hold values.
 */
import type { ErrorDetails } from "../errors.ts";

export interface Place {
  readonly provider: string;
  /** The spec's `operationId`. Absent: the spec does not know the request. */
  readonly operation?: string | undefined;
  /**
   * The host that was asked first, with its port unless that is the usual one. Not one that an
   * answer named: that may be anything.
   */
  readonly host?: string | undefined;
}

export function prefixOf({ provider, operation, host }: Place): string {
  const where =
    operation === undefined || host === undefined ? (operation ?? host) : `${operation} at ${host}`;
  return where === undefined ? `${provider}: ` : `${provider}: ${where}: `;
}

/** Details of an error, with the place in them and before their message. */
export const placed = (details: ErrorDetails, place: Place): ErrorDetails => ({
  ...details,
  ...place,
  message: prefixOf(place) + details.message,
});

const places = new WeakMap<object, Place>();

/** An answer's place. Undefined: no client of this package got it. */
export const placeOf = (response: object): Place | undefined => places.get(response);

export function remember<T extends object>(response: T, place: Place): T {
  places.set(response, place);
  return response;
}
