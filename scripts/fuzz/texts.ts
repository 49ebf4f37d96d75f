/**
 * Texts as a vendor, a proxy, a person or an attacker may send them: words, echoes of secrets in
 * any encoding, rows without end, and noise.
 */
import type { Random } from "./random.ts";

/** Every secret that the clients under test are given. None is shorter than eight characters. */
export const SECRETS = {
  apiKey: "fuzz-api-key/1+2=3&x",
  password: `fuzz pass+wörd&%"\\<1>`,
  clientSecret: "fuzz-client+secret/1\n",
  code: "fuzz-code+1/2%41",
  accessToken: "fuzz.access-token_1/+~==",
  refreshToken: `fuzz refresh"token&1`,
} as const;
export const ALL_SECRETS: readonly string[] = Object.values(SECRETS);

type Encode = (text: string) => string;
const each =
  (encode: (point: number, character: string) => string): Encode =>
  (text) =>
    Array.from(text, (c) => encode(c.codePointAt(0)!, c)).join("");
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "+": "&plus;",
  "/": "&sol;",
  "=": "&equals;",
  "%": "&percnt;",
};

/** Encodings that a text can be decoded from, one on top of the other. */
const LAYERS: readonly Encode[] = [
  encodeURIComponent,
  (text) => new URLSearchParams({ x: text }).toString().slice(2),
  each((_, c) => Buffer.from(c).toString("hex").replace(/../g, "%$&")),
  (text) => JSON.stringify(text).slice(1, -1),
  each((point, c) => (point > 0xffff ? c : `\\u${point.toString(16).padStart(4, "0")}`)),
  each((_, c) => Buffer.from(c).toString("hex").replace(/../g, "\\x$&")),
  each((_, c) => ENTITIES[c] ?? c),
  each((point) => `&#${point};`),
  each((point) => `&#x${point.toString(16)};`),
  (text) => text.replaceAll("/", "\\/"),
];
/** What may be made of a secret before. */
const SHAPES: readonly Encode[] = [
  (text) => text,
  (text) => text,
  (text) => text.trim(),
  (text) => text.normalize("NFD"),
  (text) => text.toUpperCase(),
  (text) => Buffer.from(text).toString("hex"),
  (text) => Buffer.from(text).toString("base64"),
  (text) => Buffer.from(`user:${text}`).toString("base64"),
  (text) => Buffer.from(`us:${text}~`).toString("base64url"),
];

/** A secret as somebody may send it back. */
export function echo(random: Random): string {
  let text = random.pick(SHAPES)(random.pick(ALL_SECRETS));
  for (let layers = random.below(4); layers > 0; layers -= 1) text = random.pick(LAYERS)(text);
  return text;
}

/**
 * Every form in which a secret must not show, in small letters, once what shows is decoded. Not
 * made by what takes them out.
 */
const FORBIDDEN = new Map(
  ALL_SECRETS.map((secret) => [
    secret,
    [
      ...new Set(
        SHAPES.map((shape) => {
          const text = shape(secret);
          // The ends of base64 also hold bits of what stands beside the secret.
          const core =
            text.length > secret.length * 1.2 && !/^[0-9a-f]+$/.test(text)
              ? text.slice(Math.ceil((text.length - secret.length) / 2), -4)
              : text;
          return core.toLowerCase();
        }).filter((form) => form.length >= 8),
      ),
    ],
  ]),
);

export const forbidden = (secrets: readonly string[]): string[] =>
  secrets.flatMap((secret) => FORBIDDEN.get(secret) ?? []);

const UNITS = [
  "a",
  "\\",
  "%",
  "%2",
  "%25",
  "&",
  "&#",
  "&amp;",
  "/",
  "../",
  " ",
  "\n",
  "=",
  "A1",
  "[",
  "{",
  "(",
  '"',
  "\\u00",
  "\\x",
  "ä",
  "😀",
  "\ud800",
  "\0",
  "a@",
  ".",
  ":",
  ";",
  ",",
  "-",
  "<",
  "${",
  "`",
  "*",
  "eyJ",
] as const;
const WORDS = [
  "Invalid grant: authorization code is invalid",
  "Bad credentials",
  "unauthorized_client",
  "invalid_client",
  "invalid_grant",
  "Not found",
  "<html><body>502</body></html>",
  "Token was expired!",
  "slow_down",
  "null",
  "NaN",
  "constructor",
  "__proto__",
  "toString",
] as const;

/** A row of one thing. */
export const row = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

export function text(random: Random, longest = 300): string {
  const parts: string[] = [];
  for (let n = 1 + random.below(3); n > 0; n -= 1) {
    parts.push(
      random.chance(0.4)
        ? echo(random)
        : random.chance(0.4)
          ? random.pick(WORDS)
          : random.chance(0.6)
            ? row(random.pick(UNITS), random.size(random.chance(0.01) ? 100 * longest : longest))
            : noise(random, random.size(longest)),
    );
  }
  // Not glued together: what stands before an echo could be half of an escape, and swallow its
  // first character.
  return parts.join(random.pick([" ", ": ", "\r\n", " | "]));
}

function noise(random: Random, length: number): string {
  const highest = random.pick([0x7f, 0xff, 0xffff]);
  return Array.from({ length }, () => String.fromCharCode(random.below(highest + 1))).join("");
}

/** A value of JSON. */
export function value(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 3 ? 6 : 9);
  if (kind < 3) return text(random, 60);
  if (kind === 3)
    return random.pick([
      0,
      -1,
      1,
      3600,
      3_600_000,
      1e9,
      1_656_505_346_947,
      1e21,
      -0.5,
      2 ** 53,
      1e308,
    ]);
  if (kind === 4)
    return random.pick([
      null,
      true,
      false,
      "",
      "0",
      "3600",
      "2026-01-19T05:00:00",
      "2026-01-19 05:00:00.123456Z",
      "9999-12-31T23:59:59+14:00",
      "1970-01-01T00:00:00",
    ]);
  if (kind === 5) return random.next() * 10 ** random.below(20);
  if (kind === 6) return Array.from({ length: random.size(6) }, () => value(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: random.size(6) }, () => [
      random.chance(0.5) ? random.pick(MEMBERS) : text(random, 20),
      value(random, depth + 1),
    ]),
  );
}

const MEMBERS = [
  "access_token",
  "token_type",
  "expires_in",
  "refresh_token",
  "scope",
  "error",
  "error_description",
  "retry_after",
  "status",
  "resultMessage",
  "detail",
  "title",
  "message",
  "subcode",
  "code",
  "loc",
  "msg",
  "type",
  "access_token_data",
  "refresh_token_data",
  "token",
  "expires",
  "user_id",
  "company_id",
  "customer_name",
  "id",
  "sub",
  "__proto__",
  "constructor",
  "length",
  "then",
  "toJSON",
] as const;

/** One value somewhere within is another, or gone. */
export function mutate(random: Random, node: unknown): unknown {
  if (typeof node !== "object" || node === null || random.chance(0.15)) return value(random);
  const entries = Object.entries(node);
  if (Array.isArray(node))
    return node.map((one: unknown, i) => (i === 0 ? mutate(random, one) : one));
  if (entries.length === 0 || random.chance(0.2))
    return { ...node, [random.pick(MEMBERS)]: value(random) };
  const [name, child] = random.pick(entries) as [string, unknown];
  if (random.chance(0.2)) return Object.fromEntries(entries.filter(([one]) => one !== name));
  return { ...node, [name]: mutate(random, child) };
}

/** JSON of a value, whole or broken. */
export function json(random: Random, node: unknown): string {
  const whole = JSON.stringify(node) ?? "";
  switch (random.below(12)) {
    case 0:
      return whole.slice(0, random.below(whole.length + 1));
    case 1:
      return whole.replaceAll('"', random.pick(["'", "", '""']));
    case 2:
      return random.pick(["[", '{"a":', "[[[", '"', "{"]).repeat(random.size(5000)) + whole;
    case 3:
      return text(random, 2000);
    case 4: {
      // Not within a text: of an echo that is damaged, what is left could be found here, and by
      // nobody else.
      const at = whole.indexOf(
        random.pick(["{", "}", "[", "]", ",", ":"]),
        random.below(whole.length + 1),
      );
      return whole.slice(0, at) + String.fromCharCode(random.below(256)) + whole.slice(at + 1);
    }
    default:
      return whole;
  }
}
