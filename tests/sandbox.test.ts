/** The sandbox refuses what the OpenAPI documents refuse, in the error shape of each vendor. */
import { readFileSync } from "node:fs";
import { createApinizerClient } from "../src/index.ts";
import { document as apinizer } from "../generated/apinizer.document.ts";
import { document as genlogs } from "../generated/genlogs.document.ts";
import { document as petjeaf } from "../generated/petjeaf.document.ts";
import {
  createContract,
  createTokenBook,
  startSandbox,
  startServer,
  type Fault,
  type NamedFault,
  type Sandbox,
  type Vendor,
} from "../src/sandbox/index.ts";
import { apinizerFaults } from "../src/sandbox/vendors/apinizer-faults.ts";
import { genLogsFaults } from "../src/sandbox/vendors/genlogs-faults.ts";
import { petjeafFaults } from "../src/sandbox/vendors/petjeaf-faults.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

const post = async (
  url: string,
  body: string | undefined,
  headers: Record<string, string> = {},
) => {
  const response = await fetch(url, {
    method: "POST",
    headers,
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, body: await response.json() };
};
const FORM = { "content-type": "application/x-www-form-urlencoded" };

test("GenLogs: no API key, no credentials, a member too many", async () => {
  const url = `${sandbox.genlogs.options.baseUrl}/auth/token`;
  const key = { "x-api-key": sandbox.genlogs.options.apiKey, "content-type": "application/json" };
  expect(await post(url, "{}", { "content-type": "application/json" })).toMatchObject({
    status: 403,
    body: { detail: expect.any(String) },
  });
  expect(await post(url, undefined, key)).toMatchObject({
    status: 422,
    body: { detail: [{ loc: ["body"], msg: "Field required", type: "missing" }] },
  });
  expect(await post(url, "{}", key)).toMatchObject({
    status: 422,
    body: { detail: [{ loc: ["body", "email"] }, { loc: ["body", "password"] }] },
  });
  expect(await post(url, `{"email":"a","password":"b","username":"c"}`, key)).toMatchObject({
    status: 422,
    body: { detail: [{ loc: ["body", "username"], type: "additionalProperties" }] },
  });
  expect(await post(url, "email=a", { ...key, ...FORM })).toMatchObject({ status: 422 });
});

test("GL-15 GenLogs: the setting `credentialsIn` says which form of the login is taken", async () => {
  const { apiKey, email, password, baseUrl } = sandbox.genlogs.options;
  const query = `?email=${encodeURIComponent(email)}&password=${encodeURIComponent(password)}`;
  const body = JSON.stringify({ email, password });
  const login = (search: string, text: string | undefined) =>
    post(`${baseUrl}/auth/token${search}`, text, {
      "x-api-key": apiKey,
      ...(text === undefined ? {} : { "content-type": "application/json" }),
    });
  const missing = (...loc: string[]) => ({
    status: 422,
    body: { detail: expect.arrayContaining([{ loc, msg: "Field required", type: "missing" }]) },
  });
  expect(await login("", body)).toMatchObject({ status: 200 });
  expect(await login(query, body)).toMatchObject({ status: 422 });
  expect(await login(query, undefined)).toMatchObject(missing("body"));
  sandbox.genlogs.settings.credentialsIn = "query";
  try {
    expect(await login(query, undefined)).toMatchObject({ status: 200 });
    expect(await login(query, body)).toMatchObject({ status: 422 });
    expect(await login("", body)).toMatchObject(missing("query", "email"));
  } finally {
    sandbox.genlogs.settings.credentialsIn = "body";
  }
});

test("AP-03 Apinizer: JSON is refused, and so is another grant type", async () => {
  const url = `${sandbox.apinizer.options.managerUrl}/apiops/auth/token`;
  const { username, password } = sandbox.apinizer.options;
  const grant = { grant_type: "client_credentials", client_id: username, client_secret: password };
  expect(
    await post(url, JSON.stringify(grant), { "content-type": "application/json" }),
  ).toMatchObject({ status: 400, body: { error: "invalid_request" } });
  expect(
    await post(url, new URLSearchParams({ ...grant, grant_type: "password" }).toString(), FORM),
  ).toMatchObject({ status: 400, body: { error: "unsupported_grant_type" } });
  expect(await post(url, new URLSearchParams(grant).toString(), FORM)).toMatchObject({
    status: 200,
  });
  expect(await post(`${url}/`, new URLSearchParams(grant).toString(), FORM)).toMatchObject({
    status: 404,
    body: { status: "FAILURE" },
  });
});

test("PJ-01 Petje.af: a grant type with a space is refused in its problem shape", async () => {
  const url = `${sandbox.petjeaf.options.baseUrl}/oauth2/tokens`;
  const { clientId, clientSecret } = sandbox.petjeaf.options;
  const grant = {
    grant_type: "refresh token",
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: "x",
  };
  expect(await post(url, new URLSearchParams(grant).toString(), FORM)).toMatchObject({
    status: 400,
    body: { status: 400, title: "Bad Request", detail: expect.any(String) },
  });
});

test("a query parameter that the spec does not know is refused", async () => {
  const response = await fetch(
    `${sandbox.apinizer.options.managerUrl}/apiops/test/healthcheck?verbose=1`,
  );
  expect(response.status).toBe(400);
});

test("the consent page answers with a redirect, and redirects no unknown client", async () => {
  const { authorizeUrl, clientId } = sandbox.petjeaf.options;
  const page = (parameters: Record<string, string>) =>
    fetch(`${authorizeUrl}?${new URLSearchParams(parameters).toString()}`, { redirect: "manual" });
  const good = {
    client_id: clientId,
    response_type: "code",
    scope: "profile.read",
    state: "s 1",
    redirect_uri: "https://app.example/cb?keep=1",
  };
  const answer = await page(good);
  expect(answer.status).toBe(302);
  expect(answer.headers.get("location")).toMatch(
    /^https:\/\/app\.example\/cb\?keep=1&state=s\+1&code=sandbox-code-[\w-]+$/,
  );
  for (const wrong of [
    { client_id: "other" },
    { response_type: "token" },
    { scope: "" },
    { state: "" },
    { redirect_uri: "nonsense" },
  ]) {
    expect((await page({ ...good, ...wrong })).status).toBe(400);
  }
});

test("rotation: a refresh token that is used twice kills its family", () => {
  const book = createTokenBook({ now: () => 0, advance: () => undefined }, () =>
    Math.random().toString(),
  );
  const first = book.issue({ subject: "s", scope: "" }, 60);
  const second = book.rotate(first.refreshToken, 60)!;
  expect(book.check(second.accessToken).state).toBe("live");
  expect(book.rotate(first.refreshToken, 60)).toBeUndefined();
  expect(book.check(second.accessToken).state).toBe("unknown");
  expect(book.rotate(second.refreshToken, 60)).toBeUndefined();
});

test("the clock moves for everybody, and the Date header with it", async () => {
  sandbox.advance(86_400_000);
  const response = await fetch(`${sandbox.apinizer.options.managerUrl}/apiops/test/healthcheck`);
  expect(
    Math.abs(Date.parse(response.headers.get("date") ?? "") - Date.now() - 86_400_000),
  ).toBeLessThan(5000);
  sandbox.advance(-86_400_000);
});

test("a fault takes as many requests as it says, of the operation that it names", async () => {
  const client = createApinizerClient(sandbox.apinizer.options);
  await client.auth.getToken();
  sandbox.apinizer.fail({
    operation: "listProjects",
    status: 500,
    body: { status: "FAILURE" },
    times: 2,
  });
  const statuses = [];
  for (let i = 0; i < 3; i += 1) {
    expect((await client.GET("/test/healthcheck")).response.status).toBe(200);
    statuses.push((await client.GET("/projects/")).response.status);
  }
  expect(statuses).toEqual([500, 500, 200]);
});

test("a named fault is the vendor's own answer, to the operations that it has answers to", async () => {
  const client = createApinizerClient(sandbox.apinizer.options);
  await client.auth.getToken();
  sandbox.apinizer.fail({ name: "rate-limited", operation: "listProjects" });
  sandbox.apinizer.fail({ name: "no-permission" });
  expect((await client.GET("/test/healthcheck")).response.status).toBe(200);
  const { error, response } = await client.GET("/projects/");
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("30");
  expect(error).toEqual({
    error: "rate_limit_exceeded",
    error_description: "Too many requests",
    retry_after: 60,
  });
  expect((await client.GET("/projects/")).response.status).toBe(400);
  expect((await client.GET("/projects/")).response.status).toBe(200);
});

test("a named fault may come late, or be lost on the way", async () => {
  const url = `${sandbox.apinizer.options.managerUrl}/apiops/test/healthcheck`;
  sandbox.apinizer.fail({ name: "unavailable", operation: "getHealth", delay: 50 });
  const start = performance.now();
  expect((await fetch(url)).status).toBe(503);
  expect(performance.now() - start).toBeGreaterThan(45);
  sandbox.apinizer.fail({ name: "unavailable", operation: "getHealth", cut: "before" });
  await expect(fetch(url)).rejects.toThrow();
});

test.each([
  [{}, "needs a `name`, a `status`, a `delay` or a `cut`"],
  [{ times: 2 }, "needs a `name`"],
  [{ name: "server-error", status: 500 }, "with a `name` has no `status`"],
  [{ name: "server-error", headers: {} }, "with a `name` has no `status`"],
  [{ name: "server-error", body: null }, "with a `name` has no `status`"],
  [{ name: "no-such-fault" }, "has no fault no-such-fault. It has wrong-grant-type, "],
  [{ name: "toString" }, "has no fault toString"],
  [{ name: "forbidden", operation: "getHealth" }, "has no answer to getHealth. It has: listProj"],
  [{ name: "forbidden", operation: "toString" }, "has no answer to toString"],
  [{ operation: "getHealt", status: 500 }, "has no operation getHealt"],
])("a fault that has no effect is refused: %j", (fault, message) => {
  expect(() => sandbox.apinizer.fail(fault as Fault<never>)).toThrow(RangeError);
  expect(() => sandbox.apinizer.fail(fault as Fault<never>)).toThrow(message);
});

const OWN = {
  genlogs: { document: genlogs, faults: genLogsFaults },
  apinizer: { document: apinizer, faults: apinizerFaults },
  petjeaf: { document: petjeaf, faults: petjeafFaults },
};
const NAMED = Object.entries(OWN).flatMap(([vendor, { document, faults }]) =>
  Object.entries(faults).flatMap(([name, answers]) =>
    Object.entries(answers).map(
      ([operation, reply]) => [vendor, name, operation, document, reply] as const,
    ),
  ),
);
test.each(NAMED)("%s: the answer of %s to %s keeps to the document", async (...row) => {
  const [, , id, document, { status, body, headers }] = row;
  const contract = await createContract(document);
  const operation = contract.operations.find((one) => one.id === id)!;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = headers?.["content-type"] ?? "application/json";
  expect(contract.checkResponse(operation, status, type, text)).toEqual([]);
  expect(status).toBeGreaterThanOrEqual(400);
});

test("docs/sandbox.md lists every named fault, with its status and its operations, and every setting", () => {
  const page = readFileSync("docs/sandbox.md", "utf8");
  const rows = (text = ""): string[] =>
    [...text.matchAll(/^\| `(.+?)` +\| (\d+) +\| (.+?) +\|$/gm)].flatMap(([, name, status, list]) =>
      (list ?? "").split(", ").map((id) => [name, status, id.replaceAll("`", "")].join(" ")),
    );
  const [, ...sections] = page.split(/^### /m);
  expect(sections.map((section) => section.split("\n")[0])).toEqual([
    "Apinizer",
    "GenLogs",
    "Petje.af",
  ]);
  for (const [i, faults] of [apinizerFaults, genLogsFaults, petjeafFaults].entries())
    expect(rows(sections[i])).toEqual(
      Object.entries<NamedFault>(faults).flatMap(([name, answers]) =>
        Object.entries(answers).map(([id, { status }]) => [name, status, id].join(" ")),
      ),
    );
  const settings = new Set([
    ...Object.keys(sandbox.genlogs.settings),
    ...Object.keys(sandbox.apinizer.settings),
    ...Object.keys(sandbox.petjeaf.settings),
  ]);
  const listed = [...page.matchAll(/^\| `(\w+)` +\| (?:all|Apinizer|GenLogs|Petje\.af) /gm)];
  expect(listed.map(([, name]) => name).sort()).toEqual([...settings].sort());
});

test("a vendor whose named fault breaks its own spec is caught", async () => {
  const document = {
    openapi: "3.1.0",
    paths: {
      "/x": {
        get: {
          operationId: "x",
          responses: { 500: { content: { "application/json": { schema: { type: "object" } } } } },
        },
      },
    },
  };
  const vendor = (): Vendor<object, object, "broken"> => ({
    name: "sloppy",
    document,
    prefix: "",
    settings: {},
    options: () => ({}),
    handlers: { x: () => ({ status: 200 }) },
    refuse: () => ({ status: 400 }),
    notFound: () => ({ status: 404 }),
    faults: { broken: { x: { status: 500, body: [1] } } },
  });
  const server = await startServer({ sloppy: vendor });
  try {
    server.vendors.sloppy.fail({ name: "broken" });
    const response = await fetch(`${server.url}/sloppy/x`);
    expect(response.status).toBe(599);
    expect(await response.text()).toContain("breaks the spec");
    // A fault that a test writes itself may break it.
    server.vendors.sloppy.fail({ status: 500, body: [1] });
    expect((await fetch(`${server.url}/sloppy/x`)).status).toBe(500);
  } finally {
    await server.close();
  }
});

test("a vendor whose answer breaks its own spec is caught", async () => {
  const document = {
    openapi: "3.1.0",
    paths: {
      "/x": {
        get: {
          operationId: "x",
          responses: { 200: { content: { "application/json": { schema: { type: "object" } } } } },
        },
      },
    },
  };
  const vendor = (): Vendor => ({
    name: "sloppy",
    document,
    prefix: "",
    settings: {},
    options: () => ({}),
    handlers: { x: () => ({ status: 200, body: [1] }) },
    refuse: () => ({ status: 400 }),
    notFound: () => ({ status: 404 }),
  });
  const server = await startServer({ sloppy: vendor });
  const response = await fetch(`${server.url}/sloppy/x`);
  expect(response.status).toBe(599);
  expect(await response.text()).toContain("breaks the spec");
  await server.close();
});

describe("rotation as cruel as it is set", () => {
  const refresh = (refresh_token: string) => {
    const { clientId: client_id, clientSecret: client_secret, baseUrl } = sandbox.petjeaf.options;
    return post(
      `${baseUrl}/oauth2/tokens`,
      new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token,
        client_id,
        client_secret,
      }).toString(),
      FORM,
    ) as Promise<{ status: number; body: { access_token: string; refresh_token: string } }>;
  };
  const me = async (token: string): Promise<number> =>
    (
      await fetch(`${sandbox.petjeaf.options.baseUrl}/users/me`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).status;
  async function first(): Promise<{ access_token: string; refresh_token: string }> {
    const {
      clientId: client_id,
      clientSecret: client_secret,
      baseUrl,
      authorizeUrl,
    } = sandbox.petjeaf.options;
    const page = `${authorizeUrl}?${new URLSearchParams({ client_id, response_type: "code", scope: "profile.read", state: "s" }).toString()}`;
    const code =
      new URL(
        (await fetch(page, { redirect: "manual" })).headers.get("location") ?? "",
      ).searchParams.get("code") ?? "";
    return (
      await post(
        `${baseUrl}/oauth2/tokens`,
        new URLSearchParams({
          grant_type: "authorization_code",
          code,
          client_id,
          client_secret,
        }).toString(),
        FORM,
      )
    ).body as { access_token: string; refresh_token: string };
  }
  afterEach(() => Object.assign(sandbox.petjeaf.rotation, { grace: 0, revokesPrevious: false }));

  test("without grace, a refresh token that is used twice kills its family", async () => {
    const one = await first();
    const two = (await refresh(one.refresh_token)).body;
    expect(await me(one.access_token)).toBe(200);
    expect((await refresh(one.refresh_token)).status).toBe(400);
    expect(await me(two.access_token)).toBe(401);
    expect((await refresh(two.refresh_token)).status).toBe(400);
  });

  test("with grace, it may be used again for so long, and kills the family afterwards", async () => {
    sandbox.petjeaf.rotation.grace = 30;
    const one = await first();
    const two = (await refresh(one.refresh_token)).body;
    sandbox.advance(29_000);
    const again = (await refresh(one.refresh_token)).body;
    expect([await me(two.access_token), await me(again.access_token)]).toEqual([200, 200]);
    sandbox.advance(2000);
    expect((await refresh(one.refresh_token)).status).toBe(400);
    expect(await me(again.access_token)).toBe(401);
  });

  test("the access token before may die with the rotation", async () => {
    sandbox.petjeaf.rotation.revokesPrevious = true;
    const one = await first();
    const two = (await refresh(one.refresh_token)).body;
    expect([await me(one.access_token), await me(two.access_token)]).toEqual([401, 200]);
  });

  test("the log says what was committed and what was delivered; an answer may be lost, or slow", async () => {
    const from = sandbox.petjeaf.log.length;
    const one = await first();
    sandbox.petjeaf.fail({ operation: "createToken", cut: "after" });
    await expect(refresh(one.refresh_token)).rejects.toThrow();
    sandbox.petjeaf.fail({ operation: "createToken", delay: 200, delayed: "after" });
    const slow = refresh(one.refresh_token);
    const until = Date.now() + 5000;
    while (sandbox.petjeaf.log.length < from + 3 && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sandbox.petjeaf.log.at(-1)).toMatchObject({ event: "reused", delivered: undefined });
    expect((await slow).status).toBe(400);
    await refresh("nobody's");
    const log = sandbox.petjeaf.log.slice(from);
    const number = log[0]?.committed ?? 0;
    expect(log).toMatchObject([
      { event: "issued", committed: number, delivered: true },
      { event: "rotated", sent: number, committed: number + 1, delivered: false },
      { event: "reused", sent: number, delivered: true },
      { event: "refused", delivered: true },
    ]);
    expect(JSON.stringify(log)).not.toContain(one.refresh_token);
  });
});
