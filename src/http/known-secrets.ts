/**
 * The secrets that a client has used or been given: passwords, client secrets, API keys, access and
 * refresh tokens of all its sessions. Whichever part of the client quotes a vendor takes all of
 * them out (rule S-03).
 */
import type { Connection } from "../provider.ts";
import type { Secret } from "../secret.ts";

export interface KnownSecrets extends Iterable<string> {
  /** For tokens, and whatever else passes by. */
  add(...secrets: (string | undefined)[]): void;
  /**
   * For credentials: however many tokens are added, these are known. Functions, which give a secret
   * later on, are passed over.
   */
  addCredentials(...secrets: (Secret | undefined)[]): void;
}

/**
 * Of more secrets, or of more characters in all, those that were used longest ago are forgotten: it
 * bounds the work on a text that is quoted.
 */
const MOST = 2000,
  MOST_CHARACTERS = 1_000_000;

/** @param others are known as well, and are not added to */
export function createKnownSecrets(others: Iterable<string> = []): KnownSecrets {
  const tokens = createBounded();
  const credentials = createBounded();
  return {
    add: (...secrets) => secrets.forEach(tokens.add),
    addCredentials: (...secrets) =>
      secrets.forEach((secret) => {
        if (typeof secret === "string") credentials.add(secret);
      }),
    *[Symbol.iterator]() {
      yield* new Set([...others, ...credentials.all, ...tokens.all]);
    },
  };
}

/** Makes known what the options of a client hold, before any of it is used. */
export function addOptions(
  secrets: KnownSecrets,
  {
    credentials,
    apiKeys,
    staticToken,
  }: Pick<Connection, "credentials" | "apiKeys" | "staticToken">,
): void {
  secrets.addCredentials(
    ...Object.values({ ...credentials }),
    ...Object.values({ ...apiKeys }),
    staticToken,
  );
}

function createBounded(): {
  readonly all: Iterable<string>;
  readonly add: (secret: string | undefined) => void;
} {
  const all = new Set<string>();
  let characters = 0;
  const forget = (secret: string): void => {
    if (all.delete(secret)) characters -= secret.length;
  };
  return {
    all,
    add(secret) {
      if (secret === undefined || secret === "") return;
      forget(secret);
      all.add(secret);
      characters += secret.length;
      for (const oldest of all) {
        if (all.size <= MOST && characters <= MOST_CHARACTERS) break;
        forget(oldest);
      }
    },
  };
}
