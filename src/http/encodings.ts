/**
 * Texts in which a secret may be hidden by an encoding. A text is decoded step by step, with a note
 * of where each character came from; base64 and hexadecimal digits, which change every character,
 * are made of the secret instead. Everything here takes time that grows linearly with its input,
 * and makes no regular expression out of data.
 */
import { oneLine } from "../platform/one-line.ts";

/** A text, and for each of its code units the piece of the original text that it stands for. */
export interface View {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Times that a text may have been encoded, one encoding on top of the other. */
const DEPTH = 3;
/** Names of the characters from U+00A0 to U+00FF, in order. */
const LATIN_1 =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest " +
  "Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig " +
  "agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";
/** Named character references (HTML 13.5) of the characters that escapers replace. */
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  excl: "!",
  num: "#",
  dollar: "$",
  percnt: "%",
  lpar: "(",
  rpar: ")",
  ast: "*",
  plus: "+",
  comma: ",",
  period: ".",
  sol: "/",
  colon: ":",
  semi: ";",
  equals: "=",
  quest: "?",
  commat: "@",
  lsqb: "[",
  bsol: "\\",
  rsqb: "]",
  lowbar: "_",
  grave: "`",
  lcub: "{",
  verbar: "|",
  rcub: "}",
  Tab: "\t",
  NewLine: "\n",
  QUOT: '"',
  AMP: "&",
  midast: "*",
  LT: "<",
  GT: ">",
  lbrack: "[",
  rbrack: "]",
  Hat: "^",
  UnderBar: "_",
  DiacriticalGrave: "`",
  lbrace: "{",
  vert: "|",
  VerticalLine: "|",
  rbrace: "}",
  ...Object.fromEntries(LATIN_1.split(" ").map((name, i) => [name, String.fromCharCode(0xa0 + i)])),
};
/** Characters, zeros before the digits included. */
const LONGEST_REFERENCE = 18;
/**
 * What JSON and JavaScript escape by one letter. The two are taken for the same: a backslash before
 * such a letter need not be an escape.
 */
const LETTERS: Readonly<Record<string, string>> = {
  "\n": "n",
  "\t": "t",
  "\r": "r",
  "\b": "b",
  "\f": "f",
  "\v": "v",
  "\0": "0",
};

/**
 * The text as it is, and decoded up to `times`, three by default, in any order of the decoders: a
 * backslash before `&lt;` need not be an escape, nor need a percent sign before `\x41`. Texts that
 * no decoder changes have one view, and none has more than forty.
 */
export function viewsOf(text: string, times = DEPTH): View[] {
  const positions = Array.from({ length: text.length }, (_, i) => i);
  const views: View[] = [{ text, starts: positions, ends: positions.map((i) => i + 1) }];
  const seen = new Set([text]);
  for (let depth = 0, from = 0; depth < times; depth += 1) {
    const last = views.slice(from);
    from = views.length;
    for (const view of last) {
      for (const decode of [percentAt, referenceAt, backslashAt]) {
        const next = decoded(view, decode);
        if (seen.has(next.text)) continue;
        seen.add(next.text);
        views.push(next);
      }
    }
  }
  return views;
}

/**
 * How two texts are compared, of the same length: encoders differ in the case of their digits, in
 * `+` for a space, and in the alphabet of base64.
 */
export const comparable = (text: string): string =>
  text
    .replaceAll("\u0130", "i")
    .toLowerCase()
    .replaceAll("\u03c2", "\u03c3") // The only letters that become two, or depend on their neighbours.
    .replace(/[\0\b\t\n\v\f\r]/g, (unit) => LETTERS[unit] ?? unit)
    .replace(/[\s+\-\p{Cc}]/gu, " ")
    .replaceAll("_", "/");

/**
 * Characters. Shorter forms are no use as a search term: the text they occur in is withheld as a
 * whole.
 */
export const SHORTEST = 8;
/** Encodings shorter than this occur in any text. */
const TELLING = 4;

/**
 * What gives a secret away, as `comparable` has it: the text, also trimmed, decoded once, on one
 * line, and in the other normal forms of Unicode; and each of these in hexadecimal digits and in
 * base64.
 * @param longest characters that have room where a form is looked for
 * @param cut whether longer forms are cut to that, and not left out
 */
export function formsOf(secret: string, longest: number, cut: boolean): Set<string> {
  const written = [secret, secret.trim()]
    .flatMap((text) => [text, oneLine(text)])
    .flatMap((text) => [text, ...normalForms(text)]);
  // An encoder that lets escapes be, as URL parsers do, leaves one of a secret that looks encoded
  // to be decoded with its own.
  const read = [...new Set(written)]
    .filter((text) => /[%&\\]/.test(text))
    .flatMap((text) => viewsOf(text, 1).map((view) => view.text));
  const texts = new Set([
    ...written,
    ...read.filter(({ length }) => length >= SHORTEST || secret.length < SHORTEST),
  ]);
  const forms = new Set<string>();
  for (const whole of texts) {
    if (whole === "" || (!cut && whole.length > longest)) continue;
    const text = whole.slice(0, longest);
    const bytes = new TextEncoder().encode(text);
    for (const form of [text, hexOf(bytes), ...base64Of(bytes)]) {
      if (form === text || form.length >= TELLING)
        forms.add(comparable(form).slice(0, cut ? longest : form.length));
    }
  }
  return forms;
}

/**
 * None of a text with more marks in a row than text has (UAX 15, stream-safe text): putting them in
 * order takes time that grows with their square.
 */
const normalForms = (text: string): string[] =>
  /\p{M}{31}/u.test(text) ? [] : [text.normalize("NFC"), text.normalize("NFD")];

/**
 * Whether every form of a secret is at least as long as the secret without space at its ends: it
 * does not look encoded.
 */
export const isPlain = (secret: string): boolean =>
  /^[\x20-\x7e]*$/.test(secret) && !/[%&\\]/.test(secret);

/**
 * What stands at a place of a text, if it is an escape: the text it stands for, in pieces of so
 * many characters.
 */
type Escape = readonly { readonly decoded: string; readonly length: number }[];

function decoded(
  { text, starts, ends }: View,
  escapeAt: (text: string, at: number) => Escape | undefined,
): View {
  let out = "";
  const from: number[] = [];
  const to: number[] = [];
  for (let i = 0; i < text.length;) {
    for (const { decoded: piece, length } of escapeAt(text, i) ?? [
      { decoded: text.charAt(i), length: 1 },
    ]) {
      out += piece;
      for (let k = 0; k < piece.length; k += 1) {
        from.push(starts[i]!);
        to.push(ends[i + length - 1]!);
      }
      i += length;
    }
  }
  return { text: out, starts: from, ends: to };
}

/** Percent-encoding. */
const percentAt = (text: string, at: number): Escape | undefined =>
  text[at] === "%" ? bytesAt(text, at, "%") : undefined;

/** An escape of JSON or JavaScript. */
function backslashAt(text: string, at: number): Escape | undefined {
  const next = text[at + 1];
  if (text[at] !== "\\" || next === undefined) return undefined;
  if (next === "x") return bytesAt(text, at, "\\x");
  const unit = next === "u" ? hexadecimal(text.slice(at + 2, at + 6), 4) : undefined;
  return [
    unit === undefined
      ? { decoded: next, length: 2 }
      : { decoded: String.fromCharCode(unit), length: 6 },
  ];
}

/** A character reference of HTML. */
function referenceAt(text: string, at: number): Escape | undefined {
  const end = text[at] === "&" ? text.slice(at, at + LONGEST_REFERENCE).indexOf(";") : -1;
  const character = end > 1 ? reference(text.slice(at + 1, at + end)) : undefined;
  return character === undefined ? undefined : [{ decoded: character, length: end + 1 }];
}

/** A run of bytes, each two digits after a mark: UTF-8 where they are that, else Latin-1. */
function bytesAt(text: string, at: number, mark: string): Escape | undefined {
  const width = mark.length + 2;
  const bytes: number[] = [];
  for (let i = at; text.startsWith(mark, i); i += width) {
    const byte = hexadecimal(text.slice(i + mark.length, i + width), 2);
    if (byte === undefined) break;
    bytes.push(byte);
  }
  const pieces: { decoded: string; length: number }[] = [];
  for (let i = 0; i < bytes.length;) {
    const { character, length } = characterAt(bytes, i);
    pieces.push({ decoded: character, length: length * width });
    i += length;
  }
  return pieces.length === 0 ? undefined : pieces;
}

/** The character at a place among bytes. */
function characterAt(
  bytes: readonly number[],
  at: number,
): { readonly character: string; readonly length: number } {
  const first = bytes[at]!;
  const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
  const rest = bytes.slice(at + 1, at + length);
  if (
    length > 1 &&
    first < 0xf5 &&
    rest.length === length - 1 &&
    rest.every((byte) => byte >= 0x80 && byte < 0xc0)
  ) {
    const point = rest.reduce((sum, byte) => sum * 64 + (byte & 0x3f), first & (0x7f >> length));
    if (point <= 0x10ffff) return { character: String.fromCodePoint(point), length };
  }
  return { character: String.fromCharCode(first), length: 1 };
}

function reference(name: string): string | undefined {
  if (!name.startsWith("#")) return Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  const hex = name[1] === "x" || name[1] === "X";
  const point = hex
    ? hexadecimal(name.slice(2))
    : /^\d+$/.test(name.slice(1))
      ? Number(name.slice(1))
      : undefined;
  return point !== undefined && point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
}

/** @param digits how many there have to be; any number from 1 when absent */
function hexadecimal(text: string, digits?: number): number | undefined {
  return /^[0-9a-f]+$/i.test(text) && (digits === undefined || text.length === digits)
    ? Number.parseInt(text, 16)
    : undefined;
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const hexOf = (bytes: Uint8Array): string => {
  let out = "";
  for (const byte of bytes) out += DIGITS[byte]!;
  return out;
};

/**
 * The part of a base64 text that these bytes alone decide, for each of the three places in a group
 * at which they may begin.
 */
function base64Of(bytes: Uint8Array): string[] {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return [0, 1, 2].map((before) => {
    const text = btoa("\0".repeat(before) + binary);
    // Six bits a character: the first ones, and a last one, may hold bits of what stands before and
    // after.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
}
