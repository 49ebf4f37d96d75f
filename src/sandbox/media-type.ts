/** Media types of bodies, and what a body's text says under one. */

/** The media type of a `Content-Type` header, in lower case and without parameters. */
export const mediaTypeOf = (contentType: string | null): string =>
  (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

/**
 * A body's text as its media type decodes it: text, a form as an object of strings (a repeated
 * field as a list), anything else as JSON. Undefined: the text is not of that media type.
 */
export function decodeBody(text: string, mediaType: string): unknown {
  if (mediaType.startsWith("text/")) return text;
  if (mediaType === "application/x-www-form-urlencoded") {
    const form = new URLSearchParams(text);
    return Object.fromEntries(
      [...new Set(form.keys())].map((name) => {
        const values = form.getAll(name);
        return [name, values.length > 1 ? values : values[0]];
      }),
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
