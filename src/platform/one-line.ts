/**
 * With a space for each control character and line break, so that a vendor's words forge no line of
 * a log.
 */
export const oneLine = (text: string): string => text.replace(/\r\n|[\p{Cc}\u2028\u2029]/gu, " ");
