/** Secrets as they are given in options. */

/**
 * A secret as a text, or a function that returns it. The function is called each time the secret is
 * needed, so that a vault can rotate the secret. A secret has at most 65,536 characters.
 * @example
 * ```ts
 * const fromEnvironment: Secret = process.env.PASSWORD ?? "";
 * const fromVault: Secret = () => vault.read("password");
 * ```
 */
export type Secret = string | (() => string | Promise<string>);

/**
 * The most characters of a secret or token. No header and no server accepts a longer one, and the
 * limit bounds the work of a redaction.
 */
export const LONGEST_SECRET = 65_536;

/**
 * Gives the value of a secret by its name.
 * @throws ConfigurationError if there is no such secret, or if its function fails
 */
export type Reveal = (name: string) => Promise<string>;
