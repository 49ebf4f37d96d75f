/**
 * One object for each key. It is kept for as long as anybody refers to it; the objects of the keys
 * that were used last are kept even if nobody does. Two callers with the same key share one object,
 * and thousands of unused objects do not pile up.
 */
export interface Pool<T extends object> {
  get(key: string): T;
  /** If this is still the key's object, the next `get` makes a new one. */
  drop(key: string, value: T): void;
  /** The objects that still exist. */
  values(): T[];
}

/**
 * Makes a pool.
 * @param create makes the object of a key
 * @param strong how many objects of the keys used last are kept even if nobody refers to them
 */
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
