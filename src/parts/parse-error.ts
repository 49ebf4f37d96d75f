/** Reading error bodies: small pure parts from which each provider's `readProblem` is made. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The first of these that is a text or a number, as text. */
export function firstText(...candidates: unknown[]): string | undefined {
  const found = candidates.find(
    (value): value is string | number =>
      (typeof value === "string" && value !== "") || typeof value === "number",
  );
  return found === undefined ? undefined : String(found);
}
