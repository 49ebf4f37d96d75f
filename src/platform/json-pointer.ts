/** JSON pointers (RFC 6901). */

/** A member's name as a segment of a pointer. */
export const escapePointer = (name: string): string =>
  name.replaceAll("~", "~0").replaceAll("/", "~1");

/** The value at a pointer of a document. Undefined if there is none. */
export const nodeAt = (document: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .reduce<unknown>(
      (value, segment) =>
        (value as Readonly<Record<string, unknown>> | null | undefined)?.[
          segment.replaceAll("~1", "/").replaceAll("~0", "~")
        ],
      document,
    );
