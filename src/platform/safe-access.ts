/**
 * Looking at what foreign code threw or gave. It may be anything: a getter or a Proxy may throw in
 * turn, and what it throws may hold a secret.
 */

/** A member of a value, undefined where it cannot be had. */
export function memberOf(value: unknown, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

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
