/**
 * Looks at every state that the rotation protocol can come to (docs/rotation.md): two workers, a
 * crash, a freeze, the end of a lease, a new consent, and a deletion. Then weakens the protocol by
 * one step at a time: each time a state that must not be has to be found, or the step would be of
 * no use. Then does without what is taken for granted: there, too, something must be found. Exit
 * code 1 otherwise.
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
  `The protocol: ${states} states, ${transitions} transitions, all visited. ${violation?.what ?? "Nothing wrong"}. In ${unavoidable} ends the session is lost, each because the answer to a rotation reached no living worker.`,
);
print(violation?.trace);

const missed = [...WEAKENINGS, ...LIMITS].filter((change) => {
  const { violation, states } = explore(change);
  const kind = WEAKENINGS.some((one) => one === change)
    ? "Weakened"
    : "Taken for granted, and not so";
  console.log(
    `\n${kind}, ${change}: ${violation ? `${violation.what}, after ${violation.trace.length} steps (${states} states seen)` : "NOTHING FOUND"}`,
  );
  print(violation?.trace);
  return !violation;
});
console.log(
  `\n${violation ? "The protocol FAILS" : "The protocol holds"}; ${missed.length === 0 ? "each weakening has its trace" : `not caught: ${missed.join(", ")}`}.`,
);
process.exitCode = !violation && missed.length === 0 ? 0 : 1;
