/**
 * The text with a space in place of each control character and line break. A vendor's message on
 * several lines could otherwise look like further entries of a log.
 */
export const oneLine = (text: string): string => text.replace(/\r\n|[\p{Cc}\u2028\u2029]/gu, " ");
