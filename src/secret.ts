import { ConfigurationError } from "./errors.ts";

/** A secret, or a function that fetches it each time it is needed, so that a vault can rotate it. */
export type Secret = string | (() => string | Promise<string>);

/** The value of a secret now. @throws ConfigurationError naming the option if its function fails or gives no text */
export async function reveal(secret: Secret, option: string): Promise<string> {
  if (typeof secret === "string") return secret;
  let value: unknown;
  try {
    value = await secret();
  } catch (cause) {
    // The cause may quote what the vault holds, so only its name is passed on (rule S-03).
    const name = typeof cause === "object" && cause !== null && "name" in cause && typeof cause.name === "string" ? cause.name : typeof cause;
    throw new ConfigurationError({ option, message: `The function given as \`${option}\` failed (${name.slice(0, 40)}): no request was sent. Make it return the secret.` });
  }
  if (typeof value !== "string" || value === "" || !value.isWellFormed()) {
    throw new ConfigurationError({ option, message: `The function given as \`${option}\` returned ${value === "" ? "an empty text" : typeof value === "string" ? "half of a character (a lone surrogate)" : `a value of type ${typeof value}`}: no request was sent. Make it return the secret.` });
  }
  return value;
}

/**
 * The value of a secret that travels in a header. Refused here unless visible ASCII, since the platform's own complaint
 * about a bad header value quotes the value (rule S-04).
 */
export function assertHeaderValue(value: string, option: string): string {
  if (!/^[\x21-\x7E]+$/.test(value)) {
    throw new ConfigurationError({ option, message: `\`${option}\` holds a space, a line break or another character that no header can carry. Look for a line break at its end.` });
  }
  return value;
}
