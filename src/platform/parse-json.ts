/**
 * The value of a JSON text. Undefined if the text is not JSON: no error is thrown, since the
 * parser's own message repeats the text.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
