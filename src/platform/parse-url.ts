/**
 * The URL of a text. Undefined if the text is not a URL. `URL.canParse` is not used: on Node 20 and
 * 22, once it is optimised, it gives wrong results for texts that are not ASCII.
 */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
