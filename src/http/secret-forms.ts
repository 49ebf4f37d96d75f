/**
 * The texts that give a secret away: the secret itself, and its base64 and hexadecimal digits,
 * which no decoder of `decodings.ts` finds. No regular expression is made of a secret.
 */
import { oneLine } from "../platform/one-line.ts";
import { binaryText, utf8 } from "../platform/encoding.ts";
import { decodingsOf } from "./decodings.ts";

/**
 * Characters of the shortest form that is masked. A shorter one may be found in many places by
 * chance, so a text that holds it is not shown at all.
 */
export const SHORTEST = 8;

/** Characters of the shortest encoding that is looked for. A shorter one occurs in any text. */
const SHORTEST_ENCODING = 4;

/**
 * White space, the signs of ASCII, and all of Latin-1 beyond ASCII. HTML has names such as `&lt;`
 * for most of these characters, and `decodings.ts` decodes nearly every name as a space. So
 * `comparable` writes a space for each of these characters.
 */
const SIGNS = /[\s!-/:-@[-`{-\u00ff]/g;

/**
 * A text of the same length in which two characters are equal if an encoder may put one for the
 * other. Encoders differ in the case of hexadecimal digits, in whether they write `+` for a space,
 * and in the alphabet of base64. Some write a line break as `\n`, and in other texts `\n` is a
 * backslash and the letter n. So `decodings.ts` decodes `\n` as the letter n, and a line break
 * becomes the letter n here. Other control characters with such an escape are treated alike.
 */
export const comparable = (text: string): string =>
  text
    .replaceAll("\u0130", "i") // Its small letter has two code units.
    .toLowerCase()
    .replaceAll("\u03c2", "\u03c3") // Which of the two sigmas is used depends on the next letter.
    .replace(/[\0\b\t\n\v\f\r]/g, (unit) => "btnvfr"[unit.charCodeAt(0) - 8] ?? "0")
    .replace(/\p{Cc}/gu, " ")
    .replace(SIGNS, " ");

/**
 * The forms of a secret, as `comparable` writes them: the secret without white space at its
 * ends, on one line, decoded once, and in two normal forms of Unicode; and each of these in
 * hexadecimal digits and in base64.
 * @param longest the longest form that is looked for, in characters
 * @param cut whether a longer form is cut to that length; otherwise it is left out
 */
export function formsOf(secret: string, longest: number, cut: boolean): Set<string> {
  const trimmed = secret.trim();
  const written = [trimmed, oneLine(trimmed)].flatMap((text) => [text, ...normalForms(text)]);
  // Some encoders, such as URL parsers, do not encode what already looks like an escape. If a
  // secret holds such a part, decoding the text decodes that part of the secret as well.
  const decoded = [...new Set(written)]
    .filter((text) => /[%&\\]/.test(text))
    .flatMap((text) => decodingsOf(text, 1).map(({ text }) => text));
  const texts = new Set([
    ...written,
    ...decoded.filter(({ length }) => length >= SHORTEST || secret.length < SHORTEST),
  ]);
  const forms = new Set<string>();
  for (const whole of texts) {
    if (whole === "" || (!cut && whole.length > longest)) continue;
    const text = whole.slice(0, longest);
    const bytes = utf8(text);
    for (const form of [text, hexadecimalOf(bytes), ...base64Of(bytes)]) {
      if (form === text || form.length >= SHORTEST_ENCODING)
        forms.add(comparable(form).slice(0, cut ? longest : form.length));
    }
  }
  return forms;
}

/**
 * A text in two normal forms of Unicode. The list is empty for a text with more combining marks in
 * a row than any language has (UAX 15, stream-safe text): the time to sort them grows with the
 * square of their number.
 */
const normalForms = (text: string): string[] =>
  /\p{M}{31}/u.test(text) ? [] : [text.normalize("NFC"), text.normalize("NFD")];

/** Whether no form of a secret is shorter than the trimmed secret: nothing in it can be decoded. */
export const isPlain = (secret: string): boolean =>
  /^[\x20-\x7e]*$/.test(secret) && !/[%&\\]/.test(secret);

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
function hexadecimalOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += DIGITS[byte]!;
  return text;
}

/**
 * The part of a base64 text that depends on these bytes alone, for each of the three positions in a
 * group of three bytes at which they may begin.
 */
function base64Of(bytes: Uint8Array): string[] {
  const binary = binaryText(bytes);
  return [0, 1, 2].map((before) => {
    const text = btoa("\0".repeat(before) + binary);
    // A character holds six bits. The first one and the last one may also hold bits of the bytes
    // before and after.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
}
