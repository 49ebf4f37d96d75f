/**
 * Where the latch of a credential is kept: beside its token, under a key of its own (rule T-10).
 */
const SUFFIX = ":latch";

/** No token has this key: the last part of its own is percent-encoded if it is `latch`. */
export const latchKeyOf = (key: string): string => key + SUFFIX;

/** Which of a credential's two records a key means, and the credential's own key. */
export function partOf(key: string): { readonly key: string; readonly part: "token" | "latch" } {
  return key.endsWith(SUFFIX)
    ? { key: key.slice(0, -SUFFIX.length), part: "latch" }
    : { key, part: "token" };
}
