/**
 * Takes known secrets out of a text (rule S-03). Secrets are found by value and not by the name of
 * a field, in every form in which a server may repeat them: as they are, percent-encoded, escaped
 * for JSON or HTML, in base64 and in hexadecimal digits, encoded up to three times. The work is
 * linear in the text and in the secrets, and it is limited.
 */
import { decodingsOf, type Decoding } from "./decodings.ts";
import { comparable, formsOf, isPlain, SHORTEST } from "./secret-forms.ts";

const WITHHELD = "[withheld: it may repeat a credential]";
const MASK = "[secret]";

/** The most characters of a text that are searched. The rest is cut off before the search. */
const LONGEST_TEXT = 4096;

/** Characters at the end of a cut text in which an escape may have been cut in two. */
const RAGGED_END = 64;

/** The shortest beginning of a secret, in characters, that is masked at the end of a cut text. */
const SHORTEST_BEGINNING = 4;

/**
 * The most work for one text. The unit is the work of `includes` for one character. All of it takes
 * about 200 ms, in which nothing else runs. Two thousand tokens of 500 characters and the longest
 * text take half of it.
 */
const MOST_WORK = 200_000_000;

/** The work of encoding or comparing one character, in the unit of `MOST_WORK`. */
const COST_OF_COMPARING = 10;

/** The work per character of a secret that is not plain (see `isPlain`), in the same unit. */
const COST_OF_DECODING = 400;

/** A part of the original text, from `start` up to `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The text, or its first 4,096 characters, with each secret replaced by a mask. The text is
 * withheld as a whole if it holds a secret of fewer than 8 characters, or if the search takes too
 * much work.
 */
export function redact(text: string, secrets: Iterable<string>): string {
  try {
    return masked(text.slice(0, LONGEST_TEXT), secrets, text.length > LONGEST_TEXT);
  } catch {
    return WITHHELD;
  }
}

/**
 * @param cut whether the text was cut, so that a secret may begin at its end
 * @throws RangeError if the search takes too much work
 */
function masked(text: string, secrets: Iterable<string>, cut: boolean): string {
  const decodings = decodingsOf(text).map((one) => ({ ...one, text: comparable(one.text) }));
  const spans: Span[] = [];
  let work = 0;
  const spend = (cost: number): void => {
    work += cost;
    if (work > MOST_WORK) throw new RangeError("too much work");
  };
  for (const secret of secrets) {
    const plain = isPlain(secret);
    if (!cut && plain && secret.trim().length > text.length) continue; // The text is too short.
    spend(plain ? 0 : secret.length * COST_OF_DECODING);
    for (const form of formsOf(secret, text.length, cut)) {
      spend(form.length * COST_OF_COMPARING);
      const short = form.length < SHORTEST;
      const beginning = form.slice(0, cut && !short ? SHORTEST_BEGINNING : SHORTEST);
      for (const decoding of decodings) {
        spend(decoding.text.length);
        // `includes` is fast, and nearly every search ends here.
        if (!decoding.text.includes(beginning)) continue;
        spend((decoding.text.length + form.length) * COST_OF_COMPARING);
        const found = find(form, decoding, cut && !short);
        if (found.length > 0 && short) return WITHHELD;
        for (const span of found) spans.push(span);
      }
    }
  }
  return mask(text, spans);
}

/**
 * Finds a form of a secret in a decoded text. The algorithm of Knuth, Morris and Pratt takes linear
 * time, whatever the text is.
 * @param cut whether the text was cut, so that a beginning of the form at its end counts as well
 * @returns the parts of the original text in which the form was found
 */
function find(form: string, { text, starts, ends }: Decoding, cut: boolean): Span[] {
  const failure = failureFunction(form);
  const spans: { start: number; end: number }[] = [];
  const add = (first: number, last: number): void => {
    const [start, end] = [starts[first]!, ends[last]!];
    const before = spans.at(-1);
    // A form that repeats itself is found many times, with overlaps.
    if (before && start <= before.end) before.end = end;
    else spans.push({ start, end });
  };
  let matched = 0;
  let partial: number | undefined;
  for (let i = 0; i < text.length; i += 1) {
    while (matched > 0 && (matched === form.length || text[i] !== form[matched]))
      matched = failure[matched - 1]!;
    if (text[i] === form[matched]) matched += 1;
    if (matched === form.length) add(i - form.length + 1, i);
    // Near the end of a cut text, the secret may go on in an escape that was cut in two and cannot
    // be decoded. From the beginning of the secret on, all of the text is masked.
    if (cut && i >= text.length - RAGGED_END && matched >= SHORTEST_BEGINNING)
      partial ??= i - matched + 1;
  }
  if (partial !== undefined) add(partial, text.length - 1);
  return spans;
}

/**
 * For each prefix of a pattern, the length of its longest proper prefix that is also its suffix.
 */
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

/** The text with a mask in the place of each part. Parts that overlap get one mask together. */
function mask(text: string, spans: Span[]): string {
  let out = "";
  let shown = 0;
  for (const { start, end } of spans.sort((a, b) => a.start - b.start)) {
    if (start >= shown) out += text.slice(shown, start) + MASK;
    shown = Math.max(shown, end);
  }
  return out + text.slice(shown);
}
