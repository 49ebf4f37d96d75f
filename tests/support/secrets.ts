/** Searches for secrets in everything that an error or an event can show, in every encoding. */
import { inspect } from "node:util";

export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const base64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "")
      .slice(Math.ceil((before * 4) / 3), -1),
  );
  return [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString("hex"),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

/** All that a logger could print of a value. */
export function everythingOf(value: unknown): string {
  const out = [
    inspect(value),
    inspect(value, { depth: null, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    JSON.stringify(value) ?? "",
  ];
  for (
    let error = value as (Error & { cause?: unknown }) | undefined, i = 0;
    typeof error === "object" && error !== null && i < 10;
    error = error.cause as typeof error, i += 1
  ) {
    out.push(
      error.message,
      String(error.stack),
      JSON.stringify(error, Object.getOwnPropertyNames(error)),
    );
  }
  return out.join("\n");
}

/** The secrets that show in a value. */
export function leaks(value: unknown, secrets: readonly string[]): string[] {
  const text = everythingOf(value).toLowerCase();
  return secrets.filter((secret) =>
    formsOf(secret).some((form) => form.length > 3 && text.includes(form.toLowerCase())),
  );
}
