/** Waits until something has happened, and not for a fixed time. */
import type { TokenSource } from "../../src/index.ts";

/** @throws after 15 s */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (
    const end = Date.now() + 15_000;
    !(await condition());
    await new Promise((resolve) => setTimeout(resolve, 5))
  ) {
    if (Date.now() > end) throw new Error(`It did not come to: ${condition.toString()}`);
  }
}

/** The renewal that is under way is over. */
export const landed = (auth: TokenSource): Promise<void> =>
  until(async () => !(await auth.explain()).inFlight);
