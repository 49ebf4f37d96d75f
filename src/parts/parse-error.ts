/** Functions that a provider's `readProblem` can use to read a vendor's error bodies. */

/** Whether a JSON value is an object, and not an array. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The first of these values that is a number or a text that is not empty, as a text.
 * @example
 * ```ts
 * firstText(body.detail, body.message) // "Not found"
 * ```
 */
export function firstText(...candidates: unknown[]): string | undefined {
  const found = candidates.find(
    (value): value is string | number =>
      (typeof value === "string" && value !== "") || typeof value === "number",
  );
  return found === undefined ? undefined : String(found);
}
