/** Secrets as options give them. */

/**
 * A secret, or a function that fetches it each time it is needed, so that a vault can rotate it. At
 * most 65,536 characters.
 */
export type Secret = string | (() => string | Promise<string>);

/**
 * Characters of the longest secret or token that is taken. No header and no server takes so much,
 * and the work on one is bounded by it.
 */
export const LONGEST_SECRET = 65_536;

/** Gives the value of a secret by its name. */
export type Reveal = (name: string) => Promise<string>;
