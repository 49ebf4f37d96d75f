/**
 * Reads values that other code threw or returned. Such a value may be anything: its getters, or a
 * Proxy, may throw, and the error may hold a secret.
 */

/** A member of a value. Undefined if the value has no such member, or if reading it throws. */
export function memberOf(value: unknown, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

/** `value instanceof type`, or false if that throws, as it may for a Proxy. */
export function isInstance<T>(
  value: unknown,
  type: abstract new (...args: never[]) => T,
): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}
