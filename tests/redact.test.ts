/** S-03: a vendor's words are shown without any secret, whatever encodings the vendor put it through, and at a cost that no vendor can raise. */
import { createApinizerClient, createGenLogsClient, createPetjeafClient, type PetjeafSession } from "../src/index.ts";
import { redact } from "../src/redact.ts";
import { inChild } from "./support/child.ts";
import { failure } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";

const html = (text: string): string => Array.from(text, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c] ?? c).join("");
const everyCharacter = (text: string, encode: (point: number, character: string) => string): string => Array.from(text, (c) => encode(c.codePointAt(0)!, c)).join("");
const hexadecimal = (text: string): string => Buffer.from(text).toString("hex");
const SECRET = `pa&s <w>"ö'rd/+100%\\x`;

test.each([
  ["raw", SECRET],
  ["in other letters", SECRET.toUpperCase()],
  ["percent-encoded", encodeURIComponent(SECRET)],
  ["percent-encoded twice", encodeURIComponent(encodeURIComponent(SECRET))],
  ["percent-encoded three times", encodeURIComponent(encodeURIComponent(encodeURIComponent(SECRET)))],
  ["percent-encoded in full", everyCharacter(SECRET, (_, c) => hexadecimal(c).replace(/../g, "%$&"))],
  ["percent-encoded in Latin-1", everyCharacter(SECRET, (point) => `%${point.toString(16).padStart(2, "0")}`)],
  ["as a form", new URLSearchParams({ s: SECRET }).toString().slice(2)],
  ["as a form within a URL", encodeURIComponent(new URLSearchParams({ s: SECRET }).toString().slice(2))],
  ["in JSON", JSON.stringify(SECRET).slice(1, -1)],
  ["in JSON within JSON", JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
  ["with unicode escapes", everyCharacter(SECRET, (point) => `\\u${point.toString(16).padStart(4, "0")}`)],
  ["with hexadecimal escapes", everyCharacter(SECRET, (point) => `\\x${point.toString(16).padStart(2, "0")}`)],
  ["with every character escaped", everyCharacter("pass/word+1", (_, c) => (/\w/.test(c) ? c : `\\${c}`))],
  ["in HTML", html(SECRET)],
  ["in HTML, by decimal numbers", everyCharacter(SECRET, (point) => `&#${point};`)],
  ["in HTML, by hexadecimal numbers", everyCharacter(SECRET, (point) => `&#x${point.toString(16)};`)],
  ["in HTML, percent-encoded", encodeURIComponent(html(SECRET))],
  ["in HTML within JSON", JSON.stringify(html(SECRET)).slice(1, -1)],
  ["in NFD", SECRET.normalize("NFD")],
  ["in NFD, percent-encoded", encodeURIComponent(SECRET.normalize("NFD"))],
  ["in hexadecimal digits", hexadecimal(SECRET)],
  ["in capital hexadecimal digits", hexadecimal(SECRET).toUpperCase()],
])("S-03 a secret %s is taken out", (_, echo) => {
  const secret = echo === "pass\\/word\\+1" ? "pass/word+1" : SECRET;
  expect(redact(`key ${echo}. More`, [secret])).toBe("key [secret]. More");
});

test.each([0, 1, 2])("S-03 a secret in base64, %i bytes after the beginning of a group, is taken out, in both alphabets", (before) => {
  for (const secret of [SECRET, "?>?>?>?>?>?>", "ÿþÿþÿþÿþÿþ"]) {
    const text = Buffer.from(`${"u".repeat(before)}${secret}~~~`).toString("base64");
    for (const echo of [text, text.replaceAll("+", "-").replaceAll("/", "_"), encodeURIComponent(text)]) {
      const shown = redact(`Basic ${echo}`, [secret]);
      expect(shown).toContain("[secret]");
      expect(shown.length).toBeLessThan(40);
    }
  }
});

test("S-03 a secret that ends in a line break is taken out where it was trimmed", () => {
  for (const secret of ["canary-secret\n", "\tcanary-secret \r\n"]) expect(redact("no canary-secret, nor canary-secret\n!", [secret])).toMatch(/^no \[secret\], nor \[secret\]\s*!$/);
});

test("S-03 what looks like an escape of one encoding hides none of another", () => {
  for (const secret of ["canary\\<secret", "canary\\&secret", "canary\\%41secret", "canary%\\x41secret", "canary&#\\u0031;secret"]) {
    for (const echo of [html(secret), encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), encodeURIComponent(html(secret)), html(JSON.stringify(secret).slice(1, -1))]) expect(redact(`key ${echo}.`, [secret])).toBe("key [secret].");
  }
});

test("S-03 a backslash before a secret does not hide its first letter", () => {
  for (const secret of ["files-secret", "new-secret", "break/secret"]) for (const echo of [secret, encodeURIComponent(secret), html(secret)]) expect(redact(`C:\\${echo}`, [secret])).toMatch(/^C:\\?\[secret\]$/);
  expect(redact("key two\\nlines\\tof it", ["two\nlines\tof it"])).toBe("key [secret]");
});

test("S-03 a secret that itself looks encoded is taken out raw and encoded", () => {
  const secret = String.raw`a%41b&amp;c\x26d\u0041`;
  for (const echo of [secret, encodeURIComponent(secret), html(secret), JSON.stringify(secret).slice(1, -1), encodeURIComponent(html(secret))]) expect(redact(`key ${echo}.`, [secret])).toBe("key [secret].");
});

test("S-03 of secrets that overlap, or of which one holds the other, nothing is left, in any order", () => {
  for (const secrets of [["canary-one", "canary-one-and-two"], ["canary-one-and-two", "canary-one"]]) expect(redact("no canary-one-and-two here", secrets)).toBe("no [secret] here");
  for (const secrets of [["abcdefghij", "ghijklmnop"], ["ghijklmnop", "abcdefghij"]]) expect(redact("no abcdefghijklmnop here", secrets)).toBe("no [secret] here");
  expect(redact("no aaaaaaaaaaaaaaa here", ["aaaaaaaa"])).toBe("no [secret] here");
});

test("S-03 text that repeats no secret is shown as it is, of whatever it consists", () => {
  for (const text of ["", "Invalid grant: 100 % of codes", "a%zz &amp; b &nope; \\u12 \\", "%", "&#x110000; &#999999999; %ff%fe", "é ü € 😀"]) expect(redact(text, ["canary-secret"])).toBe(text);
});

test("S-03 a secret of fewer than eight characters takes the whole text with it", () => {
  expect(redact("no such user: hunter2", ["hunter2"])).toBe("[withheld: it repeats a credential]");
  expect(redact(`no such user: ${encodeURIComponent("a&b c")}`, ["a&b c"])).toBe("[withheld: it repeats a credential]");
  expect(redact("no such user", ["hunter2", "x"])).toBe("no such user");
});

test("S-03 a long text is cut, and a secret that begins at the cut is taken out", () => {
  const secret = "canary-secret/with+more than%one&escape";
  for (let at = 4096 - 60; at < 4100; at += 3) {
    for (const echo of [secret, encodeURIComponent(secret), html(secret), Buffer.from(secret).toString("hex")]) {
      const shown = redact(`${".".repeat(at)}${echo}${".".repeat(200)}`, [secret]);
      expect(shown.replace(/^\.+(\[secret\])?\.*/, "")).toMatch(/^.{0,3}$/);
    }
  }
});

test("S-03 where a redaction fails, the words are withheld", () => {
  expect(redact("some words", (function* () { yield 7 as never; })())).toBe("[withheld: it repeats a credential]");
});

test("S-03 a secret of thousands of characters shows in no error: no pattern is made of it", async () => {
  // Of 3,070 characters: in hexadecimal digits more than a regular expression may be long.
  const accessToken = `canary${"t0k3n/".repeat(510)}dead`;
  const app = createPetjeafClient({ clientId: "client", clientSecret: "client-secret-1", baseUrl: "https://petjeaf.example/v1", fetch: async (url) =>
    (url as string).endsWith("tokens") ? Response.json({ access_token: accessToken, expires_in: 3600 }) : Response.json({ detail: `no ${accessToken}` }, { status: 403 }) });
  const session = await app.exchange("?code=c0de-1234&state=s", { state: "s", key: "me" });
  const result = await session.GET("/users/me");
  const error = session.toError(result);
  expect(error).toMatchObject({ kind: "permission" });
  expect(leaks(error, [accessToken, accessToken.slice(0, 100)])).toEqual([]);

  const code = `canary${"c0d3-".repeat(620)}`;
  const refusing = createPetjeafClient({ clientId: "client", clientSecret: "client-secret-1", baseUrl: "https://petjeaf.example/v1", fetch: async () => Response.json({ detail: `bad ${Buffer.from(code).toString("hex")}` }, { status: 400 }) });
  const refused = await failure(refusing.exchange(`?code=${code}&state=s`, { state: "s" }));
  expect(refused).toMatchObject({ kind: "rejected" });
  expect(leaks(refused, [code])).toEqual([]);
});

describe("S-03 the work of a redaction is bounded", () => {
  const client = `import { createApinizerClient } from "$src/index.ts";
    const ask = async (password, resultMessage) => {
      const fetch = async () => Response.json({ status: "FAILURE", resultMessage }, { status: 401 });
      const error = await createApinizerClient({ managerUrl: "https://m.example", username: "u", password, fetch }).auth.getToken().catch((error) => error);
      console.log(error.kind);
    };`;

  test("a refusal of under 200 bytes, and a password with backslashes", () => {
    expect(inChild(`${client} await ask("\\\\".repeat(60) + "x", "\\\\".repeat(120));`)).toBe("credentials");
  });

  test("a refusal of 200 kB, and a password of a thousand like letters", () => {
    expect(inChild(`${client} await ask("a".repeat(1000) + "b", "a".repeat(200_000));`)).toBe("credentials");
  });
});

describe("S-03 the set of secrets is the client's", () => {
  const accessToken = "canary-access-token-1", refreshToken = "canary-refresh-token-1", clientSecret = "canary-client-secret", code = "canary-code-0001";
  const answer = (detail: string) => ({ error: { status: 403, title: "Forbidden", detail }, response: new Response(null, { status: 403 }) });
  async function open(): Promise<{ readonly of: (key: string) => PetjeafSession }> {
    const fetch = async (): Promise<Response> => Response.json({ access_token: accessToken, expires_in: 3600, refresh_token: refreshToken });
    const app = createPetjeafClient({ clientId: "client", clientSecret, baseUrl: "https://petjeaf.example/v1", fetch });
    await app.exchange(`?code=${code}&state=s`, { state: "s", key: "me" });
    return { of: (key) => app.session(key) };
  }

  test.each([["access token", accessToken], ["refresh token", refreshToken], ["client secret", clientSecret]])("the %s of one session is known to all of them", async (_, secret) => {
    const { of } = await open();
    for (const session of [of("me"), of("somebody else")]) {
      const { message } = session.toError(answer(`You sent ${secret}!`));
      expect(message).toContain("You sent [secret]!");
    }
  });

  test("a code is known to its own exchange, and to nobody afterwards: whoever sends many must not fill the set", async () => {
    const app = createPetjeafClient({ clientId: "client", clientSecret, baseUrl: "https://petjeaf.example/v1", fetch: async (_, init) => Response.json({ detail: `no ${new URLSearchParams(init?.body as string).get("code") ?? ""}` }, { status: 400 }) });
    const session = app.session("me");
    for (let i = 0; i < 300; i += 1) expect((await failure(app.exchange(`?code=${code}-${i}&state=s`, { state: "s" }))).message).toContain("no [secret]");
    expect(session.toError(answer(`${code}-299 ${clientSecret}`)).message).toContain(`${code}-299 [secret]`);
  });

  test("many others in between do not make it forget", async () => {
    const { of } = await open();
    const calls = Array.from({ length: 100 }, (_, i) => of(`other-${i}`).auth.getToken().catch(() => undefined));
    await Promise.all(calls);
    expect(of("me").toError(answer(accessToken)).message).not.toContain("canary");
  });

  test("password, API key and refresh token of GenLogs are known to toError", async () => {
    const [apiKey, password] = ["canary-api-key-1", "canary-password-1"];
    const client = createGenLogsClient({
      apiKey, password, email: "user@example.com", baseUrl: "https://genlogs.example",
      fetch: async () => Response.json({ access_token_data: { token: accessToken, expires: "2100-01-01T00:00:00" }, refresh_token_data: { token: refreshToken, expires: "2100-01-01T00:00:00" } }),
    });
    await client.auth.getToken();
    const error = client.toError({ error: { detail: [apiKey, password, refreshToken].join(" and ") }, response: new Response(null, { status: 400 }) });
    expect(error.message).toContain("[secret] and [secret] and [secret]");
  });

  test("the token made by hand is known too, once it was used", async () => {
    const client = createApinizerClient({ managerUrl: "https://m.example", token: "canary-by-hand-1", fetch: async () => Response.json({ status: "FAILURE", resultMessage: "no canary-by-hand-1" }, { status: 400 }) });
    expect(client.toError(await client.GET("/projects/")).message).toContain("no [secret]");
  });
});
