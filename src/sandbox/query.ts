/** Query strings, read so that the encoding of each value can still be judged. */

export interface QueryEntry {
  readonly name: string;
  /** Decoded. A plus sign stays a plus sign. */
  readonly value: string;
  /** As it stands in the URL. */
  readonly raw: string;
}

/** @param query as it stands in the URL, with or without the question mark */
export function parseQuery(query: string): QueryEntry[] {
  return query
    .replace(/^\?/, "")
    .split("&")
    .filter(Boolean)
    .map((pair) => {
      const [name = "", raw = ""] = pair.split(/=(.*)/s);
      return { name: percentDecode(name), value: percentDecode(raw), raw };
    });
}

/** The text as it is where it is not percent-encoded correctly. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
