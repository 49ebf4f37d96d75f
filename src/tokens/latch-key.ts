/** The latch of a credential has a store key of its own, beside that of the token (rule T-10). */
const SUFFIX = ":latch";

/** No token has such a key: the part `latch` of a token's key is percent-encoded. */
export const latchKeyOf = (key: string): string => key + SUFFIX;

/** The credential that a store key belongs to, and which of its two records the key names. */
export function partOf(key: string): { readonly key: string; readonly part: "token" | "latch" } {
  return key.endsWith(SUFFIX)
    ? { key: key.slice(0, -SUFFIX.length), part: "latch" }
    : { key, part: "token" };
}
