/**
 * One object a key, for as long as anybody holds it, and a while longer for the keys used last: two
 * callers that ask for the same key must share one, yet thousands of keys must not pile up.
 */
export interface Pool<T extends object> {
  get(key: string): T;
  /** If this is still the key's object, the next `get` makes another one. */
  drop(key: string, value: T): void;
  /** Those that are still there. */
  values(): T[];
}

/** @param strong how many of the last used are kept though nobody holds them */
export function createPool<T extends object>(create: (key: string) => T, strong = 1000): Pool<T> {
  const recent = new Map<string, T>();
  const known = new Map<string, WeakRef<T>>();
  const collected = new FinalizationRegistry<string>((key) => {
    if (known.get(key)?.deref() === undefined) known.delete(key);
  });
  return {
    get(key) {
      let value = known.get(key)?.deref();
      if (value === undefined) {
        value = create(key);
        known.set(key, new WeakRef(value));
        collected.register(value, key);
      }
      recent.delete(key);
      recent.set(key, value);
      const oldest = recent.keys().next();
      if (recent.size > strong && !oldest.done) recent.delete(oldest.value);
      return value;
    },
    drop(key, value) {
      if (known.get(key)?.deref() !== value) return;
      recent.delete(key);
      known.delete(key);
    },
    values: () =>
      [...known.values()].map((ref) => ref.deref()).filter((value) => value !== undefined),
  };
}
