import { readFileSync } from "node:fs";

/** The TypeScript examples of the README, in order. */
export const EXAMPLES = [...readFileSync("README.md", "utf8").matchAll(/```ts\n(.*?)```/gs)].map(
  ([, code]) => code ?? "",
);
