/**
 * Visits every state that the rotation protocol (docs/rotation.md) can reach with two workers, a
 * crash, a freeze, the end of a lease, a new consent and a deletion. Then it leaves out one step of
 * the protocol at a time, and must find a forbidden state each time: otherwise the step would be
 * useless. Then it drops one assumption of the protocol at a time, and must find a forbidden state,
 * too. Exit code 1 if the protocol fails, or if one of these searches finds nothing.
 *
 *   npm run check:rotation
 */
import { readOptions } from "./cli.ts";
import { explore, LIMITS, WEAKENINGS } from "./rotation-model.ts";

readOptions("check:rotation", {});
const print = (trace: readonly string[] = []): void =>
  trace.forEach((step, i) => console.log(`  ${String(i + 1).padStart(2)}. ${step}`));

const { states, transitions, unavoidable, violation } = explore();
console.log(
  `The protocol: ${states} states, ${transitions} transitions, all visited. ${violation?.what ?? "No forbidden state"}. In ${unavoidable} final states the session is lost, each time because the answer to a rotation reached no living worker.`,
);
print(violation?.trace);

const missed = [...WEAKENINGS, ...LIMITS].filter((change) => {
  const { violation, states } = explore(change);
  const kind = WEAKENINGS.some((one) => one === change)
    ? "Without a step"
    : "Without an assumption";
  console.log(
    `\n${kind}, ${change}: ${violation ? `${violation.what}, after ${violation.trace.length} steps (${states} states seen)` : "NOTHING FOUND"}`,
  );
  print(violation?.trace);
  return !violation;
});
console.log(
  `\n${violation ? "The protocol FAILS" : "The protocol holds"}; ${missed.length === 0 ? "each change has a trace to a forbidden state" : `not caught: ${missed.join(", ")}`}.`,
);
process.exitCode = !violation && missed.length === 0 ? 0 : 1;
