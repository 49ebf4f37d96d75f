/**
 * The secrets that a client has used or been given: passwords, client secrets, API keys, access and refresh tokens of all its sessions.
 * Whichever part of the client quotes a vendor takes all of them out (rule S-03).
 */
export interface KnownSecrets extends Iterable<string> {
  add(...secrets: (string | undefined)[]): void;
}

/** Of more secrets, or of more characters in all, those that were used longest ago are forgotten: it bounds the work on a text that is quoted. */
const MOST = 2000, MOST_CHARACTERS = 1_000_000;

/** @param others are known as well, and are not added to */
export function createKnownSecrets(others: Iterable<string> = []): KnownSecrets {
  const known = new Set<string>();
  let characters = 0;
  const forget = (secret: string): void => {
    if (known.delete(secret)) characters -= secret.length;
  };
  return {
    add(...secrets) {
      for (const secret of secrets) {
        if (secret === undefined || secret === "") continue;
        forget(secret);
        known.add(secret);
        characters += secret.length;
        for (const oldest of known) {
          if (known.size <= MOST && characters <= MOST_CHARACTERS) break;
          forget(oldest);
        }
      }
    },
    *[Symbol.iterator]() {
      yield* others;
      yield* known;
    },
  };
}
