/**
 * How the work grows: rows of whatever has made a reader slow somewhere before, each of them longer
 * and longer. A row that is twice as long may take about twice as many steps.
 */
import { redact } from "../../src/http/redact.ts";
import { decodeRecord } from "../../src/stores/codec.ts";
import { createPetjeafClient, createApinizerClient, createGenLogsClient } from "../../src/index.ts";
import { parsePathTemplate } from "../../src/http/path-template.ts";
import { parseInteger, parseTimestamp } from "../../src/token.ts";
import type { StepCounter } from "./steps.ts";
import { row } from "./texts.ts";

export interface Reader {
  readonly name: string;
  read(text: string): unknown;
}

const quiet = async (work: () => unknown): Promise<void> => {
  await (async () => work())().catch(() => undefined);
};
const answering = (text: string) => async (): Promise<Response> =>
  Response.json(
    {
      status: "FAILURE",
      resultMessage: text,
      detail: [{ loc: [text], msg: text, type: text }],
      message: text,
      error: text,
    },
    { status: 401, headers: { "retry-after": "1" } },
  );

export const READERS: readonly Reader[] = [
  {
    name: "a vendor's words, against a secret of ten characters",
    read: (text) => redact(text, ["aaaaaaaaab"]),
  },
  {
    name: "a vendor's words, against a secret that is as long",
    read: (text) => redact(text, [`${text}!`]),
  },
  {
    name: "a vendor's words, against secrets that are beginnings of them",
    read: (text) =>
      redact(
        text.slice(0, 4000),
        Array.from({ length: 8 }, (_, i) => text.slice(i, 2000 + i)),
      ),
  },
  {
    name: "a refused login",
    read: (text) =>
      quiet(() =>
        createGenLogsClient({
          apiKey: "fuzz-api-key",
          email: "e",
          password: "aaaaaaaaab",
          baseUrl: "https://h.example",
          credentialsIn: "body",
          fetch: answering(text),
        }).auth.getToken(),
      ),
  },
  {
    name: "a token answer",
    read: (text) =>
      quiet(() =>
        createApinizerClient({
          managerUrl: "https://h.example",
          username: "u",
          password: "aaaaaaaaab",
          fetch: async () =>
            Response.json({
              access_token: text.slice(0, 60_000),
              token_type: text,
              expires_in: text,
            }),
        }).auth.getToken(),
      ),
  },
  {
    name: "an answer of an API",
    read: (text) =>
      quiet(async () => {
        const client = createApinizerClient({
          managerUrl: "https://h.example",
          token: "fuzz-token",
          fetch: answering(text),
        });
        client.toError(await client.GET("/projects/"));
      }),
  },
  {
    name: "a redirect",
    read: (text) =>
      quiet(() =>
        createApinizerClient({
          managerUrl: "https://h.example",
          token: "fuzz-token",
          fetch: async () =>
            new Response(null, {
              status: 302,
              headers: { location: `/apiops/${encodeURIComponent(text.toWellFormed())}` },
            }),
        }).fetch("/projects/"),
      ),
  },
  {
    name: "a callback",
    read: (text) =>
      quiet(() =>
        createPetjeafClient({ clientId: "c", clientSecret: "s", fetch: answering("") }).exchange(
          `https://app.example/?state=s&code=${text}&x=${text}`,
          { state: "s" },
        ),
      ),
  },
  {
    name: "a path of a call",
    read: (text) =>
      quiet(() =>
        createApinizerClient({
          managerUrl: "https://h.example",
          token: "fuzz-token",
          fetch: answering(""),
        }).fetch(`/${text}`),
      ),
  },
  {
    name: "the address of a manager",
    read: (text) =>
      quiet(() =>
        createApinizerClient({ managerUrl: `https://h.example/${text}x`, token: "fuzz-token" }),
      ),
  },
  {
    name: "a path against a template",
    read: (text) => parsePathTemplate("/a/{x}-{y}/{z}").match(`/a/${text}/${text}`),
  },
  {
    name: "a record",
    read: (text) =>
      quiet(() =>
        decodeRecord(
          JSON.stringify({ version: 1, key: "k", generation: 1, token: { accessToken: text } }),
          "k",
          "here",
          undefined,
        ),
      ),
  },
  { name: "a number, and a time", read: (text) => [parseInteger(text), parseTimestamp(text)] },
];
export const UNITS: readonly string[] = [
  "a",
  "\\",
  "%",
  "%25",
  "%2",
  "&",
  "&#",
  "&#x2",
  "&amp;",
  "/",
  "../",
  " ",
  "\n",
  "=",
  "[",
  "{",
  '"',
  "\\u00",
  "\\x6",
  "\\x61",
  "ä",
  "aaaaaaaaa%",
  "0",
  "-",
  ".",
  "😀",
  "\0",
  "A1_-",
];

/** Shortest and longest row, in characters, of which each is twice the one before. */
const SHORTEST = 8192;
/** What twice the length may cost, and steps that do not count. */
const GROWTH = 2.3,
  SLACK = 2000;

/** What grew faster than its input. Empty: nothing. */
export async function superlinear(
  readers: readonly Reader[],
  counter: StepCounter,
  doublings: number,
  units: readonly string[],
): Promise<string[]> {
  const out: string[] = [];
  for (const { name, read } of readers) {
    for (const unit of units) {
      await read(row(unit, 16)); // What is loaded or compiled once does not count.
      await counter.take();
      const steps: number[] = [];
      for (let doubling = 0; doubling <= doublings; doubling += 1) {
        await read(row(unit, SHORTEST * 2 ** doubling));
        steps.push(await counter.take());
      }
      // From first to last, since a row may be read in another way from some length on.
      if (steps.at(-1)! > GROWTH ** doublings * steps[0]! + SLACK)
        out.push(`${name}, of ${JSON.stringify(unit)}: ${steps.join(", ")} steps`);
    }
  }
  return out;
}
