/**
 * The secrets that a client was given, sent or received: passwords, client secrets, API keys, and
 * the access and refresh tokens of all its sessions. Each part of the client that quotes the vendor
 * redacts all of them (rule S-03).
 */
import type { Connection } from "../provider.ts";
import type { Secret } from "../secret.ts";

export interface KnownSecrets extends Iterable<string> {
  /** Adds tokens, codes and other secrets that change often. */
  add(...secrets: (string | undefined)[]): void;
  /**
   * Adds credentials. They stay known, however many tokens are added. Functions are ignored: the
   * value of such a secret is added when the function has returned it.
   */
  addCredentials(...secrets: (Secret | undefined)[]): void;
}

/**
 * The limits for tokens and, separately, for credentials: how many are known, and their characters
 * in all. Beyond a limit, those of the same kind that were added longest ago are forgotten, which
 * limits the work of a redaction.
 */
const MOST = 2000,
  MOST_CHARACTERS = 1_000_000;

/** @param others further secrets to include when the secrets are listed */
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

/** Adds the secrets that the options of a client hold as texts, before they are used. */
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

/** A set that forgets its oldest members. */
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
