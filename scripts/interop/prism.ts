/**
 * Prism as a mock and as a proxy. It sends nothing by itself: it has to let the requests of the
 * examples through, and refuse those that break the document.
 */
import { encodeBody } from "../../src/testing/case.ts";
import type { Body, Job, JobOperation, Jobs } from "./jobs.ts";
import type { Recorder } from "./recorder.ts";
import type { Result } from "./tools.ts";

/** Addresses of Prism by the name of the job. The paths of the document hang below them. */
type Addresses = Readonly<Record<string, Readonly<Record<"mock" | "proxy", string>>>>;

export async function throughPrism(
  { jobs, recorders }: Jobs,
  serve: (onReady: (line: string) => Promise<void>) => Promise<unknown>,
): Promise<Result[]> {
  const results: Result[] = [];
  await serve(async (line) => {
    const addresses = JSON.parse(line) as Addresses;
    for (const job of jobs) {
      const recorder = recorders.get(job.name)!;
      for (const operation of job.operations) {
        for (const role of ["mock", "proxy"] as const) {
          const base = addresses[job.name]![role];
          const before = recorder.received.length;
          const problems = await tryOperation(base, role, job, operation, recorder);
          results.push({
            tool: `Prism, ${role}`,
            document: job.name,
            operation: operation.id,
            requests: recorder.received.length - before,
            problems,
            notes: [],
          });
        }
      }
    }
  });
  return results;
}

async function tryOperation(
  base: string,
  role: "mock" | "proxy",
  job: Job,
  operation: JobOperation,
  recorder: Recorder,
): Promise<string[]> {
  const problems: string[] = [];
  const bodies: readonly (Body | undefined)[] =
    operation.bodies.length > 0 ? operation.bodies : [undefined];
  for (const body of bodies) {
    const before = recorder.received.length;
    const answer = await send(base, job, operation, { body });
    problems.push(...judgeAnswer(recorder, operation, answer));
    const passed = recorder.received.slice(before);
    problems.push(...passed.flatMap((one) => one.problems));
    if (role === "proxy" && passed.length !== 1)
      problems.push(`passed ${passed.length} requests on`);
  }
  const wrong: [string, Parameters<typeof send>[3]][] = [
    ...operation.bodies.map((body): [string, Parameters<typeof send>[3]] => [
      "a body with an unknown member",
      { body: { ...body, value: { ...body.value, unknown: "1" } } },
    ]),
    ...operation.security.map((name): [string, Parameters<typeof send>[3]] => [
      `a request without ${name}`,
      { body: operation.bodies[0], without: name },
    ]),
  ];
  for (const [what, change] of wrong) {
    const before = recorder.received.length;
    const { status } = await send(base, job, operation, change);
    if (status < 400 || status >= 500) problems.push(`${what} got ${status}`);
    if (recorder.received.length !== before) problems.push(`${what} was passed on`);
  }
  return problems;
}

interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
}

async function send(
  base: string,
  { credentials }: Job,
  { method, path, query, security }: JobOperation,
  { body, without }: { readonly body: Body | undefined; readonly without?: string },
): Promise<Answer> {
  const search = Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join("&");
  const headers = new Headers(body ? { "content-type": body.mediaType } : {});
  for (const name of security.filter((one) => one !== without)) {
    const { header, prefix, value } = credentials[name]!;
    headers.set(header, prefix + value);
  }
  const text = body && encodeBody(body.mediaType, body.value);
  const response = await fetch(base + path + (search === "" ? "" : `?${search}`), {
    method,
    headers,
    ...(text === undefined ? {} : { body: text }),
  });
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    text: await response.text(),
  };
}

function judgeAnswer(
  { contract }: Recorder,
  { id }: JobOperation,
  { status, contentType, text }: Answer,
): string[] {
  if (status < 200 || status >= 300) return [`the example got ${status}: ${text.slice(0, 200)}`];
  const operation = contract.operations.find((one) => one.id === id)!;
  return contract
    .checkResponse(operation, status, contentType, text)
    .map(({ at, message }) => `the answer: ${at} ${message}`);
}
