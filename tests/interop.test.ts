/**
 * What `npm run interop` judges requests by. The tools themselves are outside the main install, and
 * no test runs them.
 */
import { rowsOf, reportMatrix } from "../scripts/interop/report.ts";
import { startJobs, type Jobs } from "../scripts/interop/jobs.ts";

let jobs: Jobs;
beforeAll(async () => {
  jobs = await startJobs();
});
afterAll(() => jobs.close());

/** Sends a request to the vendor of a job, and returns how it was judged. */
async function judged(name: string, path: string, init: RequestInit = {}) {
  const recorder = jobs.recorders.get(name)!;
  const { server } = jobs.jobs.find((job) => job.name === name)!;
  const response = await fetch(server + path, init);
  const received = recorder.received.at(-1)!;
  return { status: response.status, text: await response.text(), ...received };
}

const json = (body: object, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", "x-api-key": "k", ...headers },
  body: JSON.stringify(body),
});
const CREDENTIALS = { email: "user@example.com", password: "not-a-real-password" };

test("tools get every spec, and every form that changes an operation, on loopback", () => {
  expect(jobs.jobs.map(({ name }) => name)).toEqual([
    "apinizer",
    "genlogs",
    "genlogs-query",
    "petjeaf",
  ]);
  for (const { document, server } of jobs.jobs) {
    expect(new URL(server).hostname).toBe("127.0.0.1");
    expect(JSON.stringify(document["servers"])).toContain(new URL(server).origin);
  }
});

test("a right request is answered with the example of its operation", async () => {
  expect(await judged("genlogs", "/auth/token", json(CREDENTIALS))).toMatchObject({
    status: 200,
    text: expect.stringContaining("example-access-token"),
    operation: "createToken",
    problems: [],
  });
  expect(
    await judged("petjeaf", "/oauth2/tokens", {
      method: "DELETE",
      headers: { authorization: "Bearer t" },
    }),
  ).toMatchObject({ status: 200, text: "{}", operation: "revokeToken", problems: [] });
});

test("GL-15 credentials in the URL and in the body are a wrong request", async () => {
  const search = `?email=${encodeURIComponent(CREDENTIALS.email)}&password=p`;
  expect((await judged("genlogs", `/auth/token${search}`, json(CREDENTIALS))).problems).toEqual([
    "query email is not a parameter of this operation",
    "query password is not a parameter of this operation",
    "email is in the URL and in the body",
    "password is in the URL and in the body",
  ]);
});

test("an unknown member, a missing and a stray credential, and an unknown path are wrong requests", async () => {
  const wrong = async (...request: Parameters<typeof judged>) =>
    (await judged(...request)).problems;
  expect(await wrong("genlogs", "/auth/token", json({ ...CREDENTIALS, unknown: "1" }))).toEqual([
    "body /unknown must NOT have additional properties",
  ]);
  expect(await wrong("genlogs", "/auth/token", json(CREDENTIALS, { "x-api-key": "" }))).toEqual([
    "security apiKey is required",
  ]);
  expect(await wrong("genlogs", "/auth/token", json(CREDENTIALS, { "access-token": "t" }))).toEqual(
    ["the header access-token, which it does not take"],
  );
  const { server } = jobs.jobs.find(({ name }) => name === "apinizer")!;
  expect(await wrong("apinizer", "/projects")).toEqual([
    `GET ${server}/projects is not in the document`,
  ]);
});

test("the matrix names what went wrong, and what is done by hand", () => {
  const result = { document: "one", operation: "get", requests: 1, problems: [], notes: [] };
  const text = reportMatrix(
    rowsOf([
      { ...result, tool: "a", notes: ["Set a header."] },
      { ...result, tool: "b", requests: 0, problems: ["sent no request"] },
    ]),
    { "tool-a": "1.0.0" },
  );
  expect(text).toContain("With tool-a 1.0.0.");
  expect(text).toMatch(/^one {2}get {2}ok \(1\) {2}WRONG$/m);
  expect(text).toContain("(1) Set a header.");
  expect(text).toContain("1 requests arrived; 1 problems.");
  expect(text).toContain("WRONG  b, one get: sent no request");
});
