/** JSON pointers (RFC 6901). */

/** A member's name as a reference token of a pointer. */
export const escapePointer = (name: string): string =>
  name.replaceAll("~", "~0").replaceAll("/", "~1");

/** The node that a pointer names, or undefined if the document has none there. */
export const nodeAt = (document: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .reduce<unknown>(
      (node, part) =>
        (node as Record<string, unknown> | null | undefined)?.[
          part.replaceAll("~1", "/").replaceAll("~0", "~")
        ],
      document,
    );
