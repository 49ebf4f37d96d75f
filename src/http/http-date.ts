/** Of the three forms of an HTTP date, the one that names no zone: it is in UTC all the same. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;
const ZONE = /(?:GMT|UTC|Z|[+-]\d{2}:?\d{2})$/;

/**
 * Epoch ms of an HTTP date (RFC 9110 5.6.7). Undefined if it is none; one without a zone would be
 * read in the machine's own.
 */
export function parseHttpDate(text: string | null): number | undefined {
  if (text === null) return undefined;
  const at = ASCTIME.test(text)
    ? Date.parse(`${text} GMT`)
    : ZONE.test(text)
      ? Date.parse(text)
      : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
