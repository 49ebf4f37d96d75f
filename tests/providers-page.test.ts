/** The providers of docs/providers.md work as they are printed. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { runExample } from "./support/run-example.ts";

const page = readFileSync("docs/providers.md", "utf8");
const exampleWith = (text: string): string => {
  const examples = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code);
  return examples.find((code) => code.includes(text))!;
};
const folder = mkdtempSync(resolve("tests/.providers-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Received {
  readonly authorization: string | undefined;
  readonly body: URLSearchParams;
}

/** Runs an example against a vendor whose token endpoint and API are on this machine. */
async function run(code: string, address: string, env: Readonly<Record<string, string>>) {
  const tokenRequests: Received[] = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { authorization } = request.headers;
      response.setHeader("content-type", "application/json");
      if (request.url === "/token") {
        tokenRequests.push({ authorization, body: new URLSearchParams(body) });
        response.end(`{"access_token":"a-token","token_type":"Bearer","expires_in":3600}`);
      } else {
        response.statusCode = authorization === "Bearer a-token" ? 200 : 401;
        response.end(`{"beaufort":7,"id":"person"}`);
      }
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const out = await runExample(code, folder, {
      ...env,
      SANDBOX_MAP: JSON.stringify({ [address]: here }),
    });
    return { out, tokenRequests };
  } finally {
    server.close();
  }
}

test("client credentials with HTTP Basic", async () => {
  const call = `
const { data } = await client.GET("/stations/{id}/wind", { params: { path: { id: "De Bilt" } } });
console.log(data?.beaufort);`;
  const { out, tokenRequests } = await run(
    exampleWith("clientSecretBasic") + call,
    "https://api.weather.example",
    { WEATHER_CLIENT_ID: "a-client", WEATHER_CLIENT_SECRET: "not-a-real-secret" },
  );
  expect(out).toBe("7");
  expect(tokenRequests).toEqual([
    {
      authorization: `Basic ${btoa("a-client:not-a-real-secret")}`,
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    },
  ]);
});

test("an authorization code with PKCE", async () => {
  const person = `
const { url, ...pending } = await client.authorizationUrl({ scope: ["read"] });
console.log(url);
const session = await client.exchange("?code=a-code&state=" + pending.state, pending);
const { data } = await client.session(session.key).GET("/me");
console.log(data?.id);`;
  const { out, tokenRequests } = await run(
    exampleWith("createAuthorizationCodeClient") + person,
    "https://api.diary.example",
    { DIARY_CLIENT_ID: "a-client", DIARY_CLIENT_SECRET: "not-a-real-secret" },
  );
  const [url = "", id] = out.split("\n");
  expect(id).toBe("person");
  expect(url).toMatch(/^https:\/\/diary\.example\/authorize\?/);
  const [{ body } = { body: new URLSearchParams() }] = tokenRequests;
  expect(tokenRequests).toHaveLength(1);
  expect(Object.fromEntries(body)).toMatchObject({
    grant_type: "authorization_code",
    code: "a-code",
    client_id: "a-client",
    client_secret: "not-a-real-secret",
  });
  expect(new URL(url).searchParams.get("code_challenge")).toBe(
    createHash("sha256")
      .update(body.get("code_verifier") ?? "")
      .digest("base64url"),
  );
});
