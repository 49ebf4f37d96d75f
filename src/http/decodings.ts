/**
 * Decodes texts in which a secret may be percent-encoded, or escaped for HTML, JSON or JavaScript.
 * A decoded text remembers where in the original text each of its characters comes from. The time
 * that this takes grows linearly with the text.
 */

/** A decoded text. The code unit `text[i]` stands for `starts[i]` to `ends[i]` of the original. */
export interface Decoding {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** How many times a text may have been encoded. */
const DEPTH = 3;

/** The longest character reference that is decoded, with `&`, leading zeros and `;`. */
const LONGEST_REFERENCE = 18;

/**
 * The named character references (such as `&amp;`) of signs that begin or end an escape. Any other
 * name is decoded as a space, since `comparable` replaces every sign that has a name with a space.
 */
const ESCAPE_SIGNS = new Map([
  ["amp", "&"],
  ["percnt", "%"],
  ["bsol", "\\"],
  ["num", "#"],
  ["semi", ";"],
]);

/**
 * The text as it is, and every other text that results from up to `depth` decoders in a row. The
 * decoders are tried in every order, since what looks like an escape of one encoding may be plain
 * text in another: a backslash before `&lt;`, or a percent sign before `\x41`. There are at most
 * forty texts, and one if no decoder changes anything.
 */
export function decodingsOf(text: string, depth = DEPTH): Decoding[] {
  const positions = Array.from({ length: text.length }, (_, i) => i);
  const all: Decoding[] = [{ text, starts: positions, ends: positions.map((i) => i + 1) }];
  const seen = new Set([text]);
  for (let times = 0, from = 0; times < depth; times += 1) {
    const newest = all.slice(from);
    from = all.length;
    for (const decoding of newest) {
      for (const readEscape of [percentEscape, htmlReference, backslashEscape]) {
        const next = decode(decoding, readEscape);
        if (seen.has(next.text)) continue;
        seen.add(next.text);
        all.push(next);
      }
    }
  }
  return all;
}

/** What an escape stands for: texts, each with the length of the part that stands for it. */
type Escape = readonly { readonly decoded: string; readonly length: number }[];

/** Reads the escape at a position. Undefined if there is none. */
type ReadEscape = (text: string, at: number) => Escape | undefined;

function decode({ text, starts, ends }: Decoding, readEscape: ReadEscape): Decoding {
  let out = "";
  const from: number[] = [];
  const to: number[] = [];
  for (let i = 0; i < text.length;) {
    for (const { decoded, length } of readEscape(text, i) ?? [{ decoded: text[i]!, length: 1 }]) {
      out += decoded;
      for (let k = 0; k < decoded.length; k += 1) {
        from.push(starts[i]!);
        to.push(ends[i + length - 1]!);
      }
      i += length;
    }
  }
  return { text: out, starts: from, ends: to };
}

const percentEscape: ReadEscape = (text, at) =>
  text[at] === "%" ? bytesAt(text, at, "%") : undefined;

/**
 * An escape of JSON or JavaScript. One such as `\n` is decoded as its letter `n`, since
 * `comparable` also writes a line break as `n`.
 */
const backslashEscape: ReadEscape = (text, at) => {
  const next = text[at + 1];
  if (text[at] !== "\\" || next === undefined) return undefined;
  if (next === "x") return bytesAt(text, at, "\\x");
  const unit = next === "u" ? hexadecimal(text.slice(at + 2, at + 6), 4) : undefined;
  return [
    unit === undefined
      ? { decoded: next, length: 2 }
      : { decoded: String.fromCharCode(unit), length: 6 },
  ];
};

/** A character reference of HTML. */
const htmlReference: ReadEscape = (text, at) => {
  const length = text[at] === "&" ? text.slice(at, at + LONGEST_REFERENCE).indexOf(";") + 1 : 0;
  const decoded = length > 2 ? characterOf(text.slice(at + 1, at + length - 1)) : undefined;
  return decoded === undefined ? undefined : [{ decoded, length }];
};

function characterOf(reference: string): string | undefined {
  if (/^[a-z][a-z0-9]+$/i.test(reference)) return ESCAPE_SIGNS.get(reference.toLowerCase()) ?? " ";
  const point = /^#x/i.test(reference)
    ? hexadecimal(reference.slice(2))
    : /^#\d+$/.test(reference)
      ? Number(reference.slice(1))
      : Infinity;
  return point !== undefined && point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
}

/**
 * Reads as many bytes as follow each other, each written as a mark and two hexadecimal digits. They
 * are decoded as UTF-8, or as Latin-1 where they are not valid UTF-8.
 */
function bytesAt(text: string, at: number, mark: string): Escape | undefined {
  const width = mark.length + 2;
  const bytes: number[] = [];
  for (let i = at; text.startsWith(mark, i); i += width) {
    const byte = hexadecimal(text.slice(i + mark.length, i + width), 2);
    if (byte === undefined) break;
    bytes.push(byte);
  }
  const characters: { decoded: string; length: number }[] = [];
  for (let i = 0; i < bytes.length;) {
    const [decoded, length] = characterAt(bytes, i);
    characters.push({ decoded, length: length * width });
    i += length;
  }
  return characters.length === 0 ? undefined : characters;
}

/** The character that begins at a byte, and its length in bytes. */
function characterAt(bytes: readonly number[], at: number): readonly [string, number] {
  const first = bytes[at]!;
  const length = first >= 0xf5 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
  const rest = bytes.slice(at + 1, at + length);
  if (rest.length === length - 1 && rest.every((byte) => byte >= 0x80 && byte < 0xc0)) {
    const lead = length === 1 ? first : first & (0x7f >> length);
    const point = rest.reduce((sum, byte) => sum * 64 + (byte & 0x3f), lead);
    if (point <= 0x10ffff) return [String.fromCodePoint(point), length];
  }
  return [String.fromCharCode(first), 1];
}

/**
 * The number that hexadecimal digits stand for. Undefined if the text is anything else.
 * @param digits how many digits there have to be; any number of them if absent
 */
function hexadecimal(text: string, digits = text.length): number | undefined {
  return /^[0-9a-f]+$/i.test(text) && text.length === digits
    ? Number.parseInt(text, 16)
    : undefined;
}
