/** What a test puts in the place of the vendor's own answers. */
import type { Reply } from "./vendor.ts";

/**
 * What goes wrong with the next requests. Needs a `name`, a `status`, a `delay` or a `cut`.
 * @example
 * vendor.fail({ name: "rate-limited", operation: "createToken" }); // In the vendor's own words.
 * vendor.fail({ status: 502, body: "<html>Bad Gateway</html>", times: 3 });
 */
export interface Fault<Name extends string = string> {
  /**
   * One of the failures that the vendor has answers to, in place of `status`, `headers` and `body`.
   * The vendor does not act.
   */
  readonly name?: Name;
  /** `operationId`. When absent: any operation, or any to which the named fault has an answer. */
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

/** The vendor's answers to one failure, by `operationId`. They keep to the vendor's document. */
export type NamedFault = Readonly<Record<string, Reply>>;

/** A fault that a request gets. */
export interface Struck extends Pick<Fault, "name" | "delay" | "delayed" | "cut"> {
  /** The reply in the vendor's place; undefined: the vendor answers. */
  readonly instead: Reply | undefined;
}

/** The faults of one vendor that have requests left to affect. */
export interface Faults {
  /**
   * @throws RangeError for a fault without an effect, a name that the vendor does not have, or an
   *   operation to which it has no answer of that name
   */
  add(fault: Fault): void;
  /** The fault that the next request of an operation gets. It then has one request less left. */
  next(operationId: string): Struck | undefined;
}

/** @param named the failures that the vendor has answers to */
export function createFaults(named: Readonly<Record<string, NamedFault>> = {}): Faults {
  const waiting: { readonly fault: Fault; left: number }[] = [];
  const affects = ({ name, operation }: Fault, id: string): boolean =>
    (operation ?? id) === id && (name === undefined || named[name]?.[id] !== undefined);
  return {
    add(fault) {
      requireEffect(fault);
      requireAnswer(fault, named);
      waiting.push({ fault, left: fault.times ?? 1 });
    },
    next(operationId) {
      const found = waiting.find(({ fault, left }) => left > 0 && affects(fault, operationId));
      if (!found) return undefined;
      found.left -= 1;
      const { fault } = found;
      const instead = fault.name === undefined ? replyOf(fault) : named[fault.name]?.[operationId];
      return { ...fault, instead };
    },
  };
}

function requireEffect({ name, status, headers, body, delay, cut }: Fault): void {
  const given = (...values: unknown[]): boolean => values.some((value) => value !== undefined);
  if (!given(name, status, delay, cut))
    throw new RangeError("A fault needs a `name`, a `status`, a `delay` or a `cut`.");
  if (given(name) && given(status, headers, body))
    throw new RangeError("A fault with a `name` has no `status`, `headers` or `body`.");
}

function requireAnswer(
  { name, operation }: Fault,
  named: Readonly<Record<string, NamedFault>>,
): void {
  if (name === undefined) return;
  const answers = Object.hasOwn(named, name) ? named[name] : undefined;
  if (!answers) {
    const known = Object.keys(named).join(", ");
    throw new RangeError(`The vendor has no fault ${name}. It has ${known || "none"}.`);
  }
  if (operation === undefined || Object.hasOwn(answers, operation)) return;
  const answered = Object.keys(answers).join(", ");
  throw new RangeError(`The fault ${name} has no answer to ${operation}. It has: ${answered}.`);
}

const replyOf = ({ status, headers, body }: Fault): Reply | undefined =>
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
