/** What the vendors of this package have in common. */
import type { Violation } from "../contract.ts";
import type { Call } from "../vendor.ts";

/** The bearer token of a request, or an empty text. */
export const bearerOf = ({ headers }: Call): string =>
  (headers.get("authorization") ?? "").replace(/^bearer +/i, "");

/** Violations as one line of text. */
export const listed = (violations: readonly Violation[]): string =>
  violations.map(({ at, message }) => `${at} ${message}`.trim()).join("; ");

/**
 * Which members the vendor's successes have: all that it knows, null for those that may be null and
 * little else, or only those that a client can rely on.
 */
export type Responses = "full" | "nulls" | "minimal";
