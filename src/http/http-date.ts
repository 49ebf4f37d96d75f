/** The one form of an HTTP date that names no time zone. Such a date is in UTC. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;
const ZONE = /(?:GMT|UTC|Z|[+-]\d{2}:?\d{2})$/;

/**
 * An HTTP date (RFC 9110 5.6.7) in epoch ms. Undefined if the text is not an HTTP date:
 * `Date.parse` alone would read any other date without a zone in the zone of this machine.
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
