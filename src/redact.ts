/**
 * Takes known secret values out of a text, by value and not by field name (rule S-03), in the forms in which a server may
 * echo them: raw, percent-, form- and JSON-encoded, in base64 (at any offset) and in hex. Encoders differ in which characters
 * they leave alone, so every single character is looked for in each of its forms.
 */
const WITHHELD = "[withheld: it repeats a credential]";
const MASK = "[secret]";
/** Shorter values are no use as a search term: the text they occur in is withheld as a whole. */
const SHORTEST = 8;

export function redact(text: string, secrets: Iterable<string>): string {
  let out = text;
  for (const secret of secrets) {
    if (secret === "") continue;
    const bytes = new TextEncoder().encode(secret);
    for (const form of new Set([secret, hexOf(bytes), ...base64Of(bytes)])) {
      if (form.length > out.length) continue;
      const pattern = new RegExp(Array.from(form, anyFormOf).join(""), "gi");
      if (!pattern.test(out)) continue;
      if (secret.length < SHORTEST) return WITHHELD;
      out = out.replace(pattern, MASK);
    }
  }
  return out;
}

/** A pattern for one character: itself, percent-encoded, escaped in JSON, and `+` for a space. */
function anyFormOf(character: string): string {
  const percent = Array.from(new TextEncoder().encode(character), (b) => `%${hex(b)}`).join("");
  const json = Array.from({ length: character.length }, (_, i) => `\\\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");
  const escaped = JSON.stringify(character).slice(1, -1);
  const forms = [literal(character), literal(escaped), `\\\\${literal(character)}`, percent, json, ...(character === " " ? ["\\+"] : [])];
  return `(?:${[...new Set(forms)].join("|")})`;
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const hex = (byte: number): string => byte.toString(16).padStart(2, "0");
const hexOf = (bytes: Uint8Array): string => Array.from(bytes, hex).join("");

/** The part of a base64 text that these bytes alone decide, for each of the three places in a group they may begin at. */
function base64Of(bytes: Uint8Array): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = btoa(String.fromCharCode(...new Uint8Array(before), ...bytes)).replace(/=+$/, "");
    const end = (before + bytes.length) % 3 === 0 ? text.length : text.length - 1;
    const part = text.slice(Math.ceil((before * 8) / 6), end);
    return part === "" ? [] : [part, part.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
