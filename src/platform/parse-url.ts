/**
 * A URL, undefined if the text is none. Not by `URL.canParse`, which on Node 20 and 22 is wrong
 * about characters beyond ASCII once it was optimised: what it takes may throw an error that quotes
 * the text, and what it refuses may be a good address.
 */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
