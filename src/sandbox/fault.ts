/** An answer that a test puts in the place of the vendor's own. */
import type { Reply } from "./vendor.ts";

/** What goes wrong with the next requests. Needs a `status`, a `delay` or a `cut`. */
export interface Fault {
  /** `operationId`; any operation when absent. */
  readonly operation?: string;
  /**
   * How many requests it affects.
   * @defaultValue 1
   */
  readonly times?: number;
  /** The answer has this status, and the vendor does not act. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, as text/html; anything else as JSON. */
  readonly body?: unknown;
  /** ms before the answer. */
  readonly delay?: number;
  /**
   * Whether the delay comes before the vendor acts or after. After: the vendor's state has changed
   * while its answer is still on the way.
   * @defaultValue "before"
   */
  readonly delayed?: "before" | "after";
  /**
   * The connection is cut instead of an answer: before the vendor acts, or after, so that its
   * answer is lost.
   */
  readonly cut?: "before" | "after";
}

/** The faults of one vendor that have requests left to affect. */
export interface Faults {
  /** @throws RangeError for a fault without an effect */
  add(fault: Fault): void;
  /** The fault that the next request of an operation gets. It then has one request less left. */
  next(operationId: string): Fault | undefined;
}

export function createFaults(): Faults {
  const waiting: { readonly fault: Fault; left: number }[] = [];
  return {
    add(fault) {
      const { status, delay, cut, times = 1 } = fault;
      if (status === undefined && delay === undefined && cut === undefined)
        throw new RangeError("A fault needs a `status`, a `delay` or a `cut`.");
      waiting.push({ fault, left: times });
    },
    next(operationId) {
      const found = waiting.find(
        ({ fault, left }) => left > 0 && (fault.operation ?? operationId) === operationId,
      );
      if (found) found.left -= 1;
      return found?.fault;
    },
  };
}

/** The reply that a fault puts in the vendor's place; undefined: the vendor answers. */
export const replyOf = ({ status, headers, body }: Fault): Reply | undefined =>
  status === undefined
    ? undefined
    : {
        status,
        body,
        headers: {
          ...(typeof body === "string" ? { "content-type": "text/html" } : {}),
          ...headers,
        },
      };
