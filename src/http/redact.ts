/**
 * Takes known secrets out of a text, by value and not by field name (rule S-03), in the forms in
 * which a server may echo them: raw, percent-encoded, escaped for JSON or HTML, in base64 and in
 * hexadecimal digits, one on top of the other. The work is linear in the text and in the secrets,
 * and has a limit.
 */
import { comparable, formsOf, isPlain, SHORTEST, viewsOf, type View } from "./encodings.ts";

const WITHHELD = "[withheld: it may repeat a credential]";
const MASK = "[secret]";
/** Characters of a text that are looked at; the rest is cut off first. */
const LONGEST = 4096;
/**
 * Characters at the end of a text that was cut which may be the rest of an escape; and those of a
 * secret that are worth a mask before it.
 */
const RAGGED = 64,
  PARTIAL = 4;

/**
 * Work that may be done for one text, counted in characters that are searched; nothing else runs
 * meanwhile, so what takes more is not shown. About 200 ms: two thousand tokens of 500 characters
 * against a text of the longest take half of it.
 */
const MOST_WORK = 200_000_000;
/**
 * What a character costs that is encoded or compared one by one, and what one costs of a secret
 * that has to be decoded.
 */
const BY_HAND = 10,
  DECODED = 400;

/** A piece of the original text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The text, or its first 4,096 characters, with each secret masked. A text that cannot be known to
 * hold none is not shown at all; nor is one that holds a secret of fewer than 8 characters.
 */
export function redact(text: string, secrets: Iterable<string>): string {
  try {
    return text.length > LONGEST
      ? masked(text.slice(0, LONGEST), secrets, true)
      : masked(text, secrets, false);
  } catch {
    return WITHHELD;
  }
}

/**
 * @param cut whether the text goes on: a secret may begin at its end. @throws RangeError if it is
 *   too much work
 */
function masked(text: string, secrets: Iterable<string>, cut: boolean): string {
  const views = viewsOf(text).map((view) => ({ ...view, text: comparable(view.text) }));
  const spans: Span[] = [];
  let work = 0;
  const spend = (characters: number): void => {
    work += characters;
    if (work > MOST_WORK) throw new RangeError("too much work");
  };
  for (const secret of secrets) {
    const plain = isPlain(secret);
    if (!cut && plain && secret.trim().length > text.length) continue; // No form of it has room.
    spend(plain ? 0 : secret.length * DECODED);
    for (const form of formsOf(secret, text.length, cut)) {
      spend(form.length * BY_HAND);
      const short = form.length < SHORTEST;
      const beginning = form.slice(0, cut && !short ? PARTIAL : SHORTEST);
      for (const view of views) {
        spend(view.text.length);
        if (!view.text.includes(beginning)) continue; // The quick way, for nearly all of them.
        spend((view.text.length + form.length) * BY_HAND);
        const found = find(form, view, cut && !short);
        if (found.length > 0 && short) return WITHHELD;
        for (const span of found) spans.push(span);
      }
    }
  }
  return mask(text, spans);
}

/**
 * Where a form stands in a view, as places of the original text; by Knuth, Morris and Pratt, so
 * that no text makes it slow.
 */
function find(form: string, { text, starts, ends }: View, cut: boolean): Span[] {
  const failure = failureFunction(form);
  const spans: { start: number; end: number }[] = [];
  const add = (first: number, last: number): void => {
    const [start, end] = [starts[first]!, ends[last]!];
    const before = spans.at(-1);
    if (before && start <= before.end)
      before.end = end; // A pattern that repeats itself is found many times over.
    else spans.push({ start, end });
  };
  let matched = 0;
  let partial: number | undefined;
  for (let i = 0; i < text.length; i += 1) {
    while (matched > 0 && (matched === form.length || text[i] !== form[matched]))
      matched = failure[matched - 1]!;
    if (text[i] === form[matched]) matched += 1;
    if (matched === form.length) add(i - form.length + 1, i);
    // The cut may have gone through an escape: then what the secret goes on with cannot be read.
    if (cut && i >= text.length - RAGGED && matched >= PARTIAL) partial ??= i - matched + 1;
  }
  if (partial !== undefined) add(partial, text.length - 1);
  return spans;
}

/** For each beginning of a pattern the length of the longest one that it also ends with. */
function failureFunction(pattern: string): number[] {
  const lengths = [0];
  let length = 0;
  for (let i = 1; i < pattern.length; i += 1) {
    while (length > 0 && pattern[i] !== pattern[length]) length = lengths[length - 1]!;
    if (pattern[i] === pattern[length]) length += 1;
    lengths.push(length);
  }
  return lengths;
}

/** Overlapping pieces are one: nothing is left of either. */
function mask(text: string, spans: Span[]): string {
  let out = "";
  let shown = 0;
  for (const { start, end } of spans.sort((a, b) => a.start - b.start)) {
    if (start >= shown) out += text.slice(shown, start) + MASK;
    shown = Math.max(shown, end);
  }
  return out + text.slice(shown);
}
