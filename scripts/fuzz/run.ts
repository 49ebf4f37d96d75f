/**
 * Many inputs for every target: nothing untyped, no secret in what can be seen, and no more work
 * than is linear in the input.
 */
import { everythingOf } from "../../tests/support/secrets.ts";
import { createRandom } from "./random.ts";
import type { StepCounter } from "./steps.ts";
import type { Target } from "./targets.ts";
import { forbidden } from "./texts.ts";

export interface Finding {
  readonly target: string;
  readonly what: "untyped" | "leak" | "work";
  readonly detail: string;
  /** By which the input can be made again. */
  readonly seed: number;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly characters: number;
  readonly steps: number;
  /** The most that a batch of inputs took, of what it may take. */
  readonly heaviest: number;
  readonly findings: readonly Finding[];
}

/** Inputs of one target between two looks at the counter. */
const BATCH = 200;
/** Steps that an input may take whatever its length, and for each of its characters. */
const ALLOWED = { input: 10_000, character: 400 };
const MOST_FINDINGS = 20;

export async function fuzz(
  targets: readonly Target[],
  counter: StepCounter,
  inputs: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): Promise<FuzzReport> {
  const findings: Finding[] = [];
  let done = 0,
    characters = 0,
    steps = 0,
    heaviest = 0;
  await counter.take();
  for (let batch = 0; done < inputs && findings.length < MOST_FINDINGS; batch += 1) {
    const target = targets[batch % targets.length]!;
    let size = 0;
    const from = done;
    for (; done < from + BATCH && done < inputs; done += 1) {
      const own = seed + done;
      const input = target.input(createRandom(own));
      size += target.size(input);
      findings.push(
        ...(await tryOne(target, input)).map((found) => ({
          target: target.name,
          seed: own,
          ...found,
        })),
      );
    }
    const taken = await counter.take();
    const share = taken / (ALLOWED.input * (done - from) + ALLOWED.character * size);
    if (share > 1)
      findings.push({
        target: target.name,
        what: "work",
        seed: seed + from,
        detail: `${taken} steps for ${done - from} inputs of ${size} characters`,
      });
    heaviest = Math.max(heaviest, share);
    characters += size;
    steps += taken;
    progress(done);
  }
  return { inputs: done, characters, steps, heaviest, findings };
}

async function tryOne(target: Target, input: unknown): Promise<Pick<Finding, "what" | "detail">[]> {
  let shown: unknown;
  try {
    shown = await target.run(input);
  } catch (error) {
    return [
      {
        what: "untyped",
        detail: error instanceof Error ? String(error.stack).slice(0, 500) : typeof error,
      },
    ];
  }
  const found = leakIn(
    [...new Set([shown].flat())]
      .map((one) => (typeof one === "string" ? one : everythingOf(one)))
      .join("\n"),
    target.secrets,
  );
  return found === undefined ? [] : [{ what: "leak", detail: found }];
}

/** Times that a text is decoded, in any order of the decoders. */
const DEPTH = 4;

/** The first form of a secret in a text, also if it shows only once the text is decoded. */
export function leakIn(text: string, secrets: readonly string[]): string | undefined {
  const forms = forbidden(secrets);
  let views = new Set([text.toLowerCase()]);
  for (let depth = 0; depth <= DEPTH; depth += 1) {
    for (const view of views) {
      const found = forms.find((form) => view.includes(form));
      if (found !== undefined) return found;
    }
    views = new Set(
      [...views].flatMap((view) =>
        DECODERS.map((decode) => decode(view).toLowerCase()).filter((next) => next !== view),
      ),
    );
  }
  return undefined;
}

/** By other means than the package's own. */
const DECODERS: readonly ((text: string) => string)[] = [
  (text) =>
    text.replace(/(?:%[0-9a-f]{2})+/g, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    }),
  (text) =>
    text
      .replace(/&#(x?)([0-9a-f]{1,6});/g, (all, hex: string, digits: string) => {
        const point = Number.parseInt(digits, hex === "" ? 10 : 16);
        return point <= 0x10ffff ? String.fromCodePoint(point) : all;
      })
      .replace(
        /&(amp|lt|gt|quot|plus|sol|equals|percnt);/g,
        (_, name: string) =>
          ({
            amp: "&",
            lt: "<",
            gt: ">",
            quot: '"',
            plus: "+",
            sol: "/",
            equals: "=",
            percnt: "%",
          })[name] ?? "",
      ),
  (text) =>
    text.replace(
      /\\u([0-9a-f]{4})|((?:\\x[0-9a-f]{2})+)|\\(.)/gs,
      (_, unit: string | undefined, bytes: string | undefined, other: string | undefined) =>
        unit !== undefined
          ? String.fromCharCode(Number.parseInt(unit, 16))
          : bytes !== undefined
            ? Buffer.from(bytes.replaceAll("\\x", ""), "hex").toString()
            : (other ?? ""),
    ),
];
