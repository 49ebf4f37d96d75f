/**
 * The secrets that a client has used or been given: passwords, client secrets, API keys, codes, access and refresh tokens of all its
 * sessions. Whichever part of the client quotes a vendor takes all of them out (rule S-03).
 */
export interface KnownSecrets extends Iterable<string> {
  add(...secrets: (string | undefined)[]): void;
}

/** Of more than these, the ones that were used longest ago are forgotten. */
const REMEMBERED = 2000;

export function createKnownSecrets(remembered = REMEMBERED): KnownSecrets {
  const known = new Set<string>();
  return {
    add(...secrets) {
      for (const secret of secrets) {
        if (secret === undefined || secret === "") continue;
        known.delete(secret);
        known.add(secret);
        const [oldest] = known;
        if (known.size > remembered && oldest !== undefined) known.delete(oldest);
      }
    },
    [Symbol.iterator]: () => known[Symbol.iterator](),
  };
}
