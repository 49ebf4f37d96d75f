/**
 * S-03: a vendor's words are shown without any secret, in whatever encoding the vendor repeats it,
 * and at a cost that no vendor can raise.
 */
import {
  createApinizerClient,
  createGenLogsClient,
  createMemoryStore,
  createPetjeafClient,
  type PetjeafSession,
  type TokenStore,
} from "../src/index.ts";
import { comparable } from "../src/http/secret-forms.ts";
import { redact } from "../src/http/redact.ts";
import { inChild } from "./support/child.ts";
import { failure } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";

const html = (text: string): string =>
  Array.from(
    text,
    (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c] ?? c,
  ).join("");
const everyCharacter = (
  text: string,
  encode: (point: number, character: string) => string,
): string => Array.from(text, (c) => encode(c.codePointAt(0)!, c)).join("");
const hexadecimal = (text: string): string => Buffer.from(text).toString("hex");
const SECRET = `pa&s <w>"ö'rd/+100%\\x`;

const SIGNS = `!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}`.replace("-", "");
const SIGN_NAMES =
  "excl quot num dollar percnt amp apos lpar rpar ast plus comma period sol colon semi lt equals gt quest commat lsqb bsol rsqb Hat lowbar grave lcub vert rcub";

test.each([
  ["raw", SECRET],
  ["in other letters", SECRET.toUpperCase()],
  ["percent-encoded", encodeURIComponent(SECRET)],
  ["percent-encoded twice", encodeURIComponent(encodeURIComponent(SECRET))],
  [
    "percent-encoded three times",
    encodeURIComponent(encodeURIComponent(encodeURIComponent(SECRET))),
  ],
  [
    "percent-encoded in full",
    everyCharacter(SECRET, (_, c) => hexadecimal(c).replace(/../g, "%$&")),
  ],
  [
    "percent-encoded in Latin-1",
    everyCharacter(SECRET, (point) => `%${point.toString(16).padStart(2, "0")}`),
  ],
  ["as a form", new URLSearchParams({ s: SECRET }).toString().slice(2)],
  [
    "as a form within a URL",
    encodeURIComponent(new URLSearchParams({ s: SECRET }).toString().slice(2)),
  ],
  ["in JSON", JSON.stringify(SECRET).slice(1, -1)],
  ["in JSON within JSON", JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
  [
    "with unicode escapes",
    everyCharacter(SECRET, (point) => `\\u${point.toString(16).padStart(4, "0")}`),
  ],
  [
    "with hexadecimal escapes",
    everyCharacter(SECRET, (point) => `\\x${point.toString(16).padStart(2, "0")}`),
  ],
  [
    "with every character escaped",
    everyCharacter("pass/word+1", (_, c) => (/\w/.test(c) ? c : `\\${c}`)),
  ],
  ["in HTML", html(SECRET)],
  ["in HTML, by decimal numbers", everyCharacter(SECRET, (point) => `&#${point};`)],
  [
    "in HTML, by hexadecimal numbers",
    everyCharacter(SECRET, (point) => `&#x${point.toString(16)};`),
  ],
  [
    "in HTML, by names and padded numbers",
    html(SECRET)
      .replace("ö", "&ouml;")
      .replace("/", "&#000047;")
      .replace("+", "&#x0000002b;")
      .replace("\\", "&bsol;"),
  ],
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

test("S-03 a secret of signs is taken out in HTML, with a name for every sign of ASCII, and so are the signs beside it", () => {
  const echo = everyCharacter(
    SIGNS,
    (_, c) => `&${SIGN_NAMES.split(" ")[SIGNS.indexOf(c)] ?? ""};`,
  );
  expect(redact(`key ${echo}. More`, [SIGNS])).toBe("key[secret]More");
  expect(redact(`key ${echo.replaceAll(";", ";a")}. More`, [SIGNS.replace(/./g, "$&a")])).toBe(
    "key [secret]. More",
  );
});

test.each([0, 1, 2])(
  "S-03 a secret in base64, %i bytes after the beginning of a group, is taken out, in both alphabets",
  (before) => {
    for (const secret of [SECRET, "?>?>?>?>?>?>", "ÿþÿþÿþÿþÿþ"]) {
      const text = Buffer.from(`${"u".repeat(before)}${secret}~~~`).toString("base64");
      for (const echo of [
        text,
        text.replaceAll("+", "-").replaceAll("/", "_"),
        encodeURIComponent(text),
      ]) {
        const shown = redact(`Basic ${echo}`, [secret]);
        expect(shown).toContain("[secret]");
        expect(shown.length).toBeLessThan(40);
      }
    }
  },
);

test("S-03 a secret that ends in a line break is taken out where it was trimmed", () => {
  for (const echo of [
    "line1-secret\nline2-secret",
    "line1-secret line2-secret",
    html("line1-secret\nline2-secret"),
    "line1-secret\\nline2-secret",
  ])
    expect(redact(`no '${echo}'!`, ["\t line1-secret\nline2-secret\n"])).toBe("no '[secret]'!");
  for (const secret of ["canary-secret\n", "\tcanary-secret \r\n"])
    expect(redact("no canary-secret, nor canary-secret\n!", [secret])).toMatch(
      /^no \[secret\], nor \[secret\]\s*!$/,
    );
});

test("S-03 what looks like an escape of one encoding hides none of another", () => {
  for (const secret of [
    "canary\\<secret",
    "canary\\&secret",
    "canary\\%41secret",
    "canary%\\x41secret",
    "canary&#\\u0031;secret",
  ]) {
    for (const echo of [
      html(secret),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(html(secret)),
      html(JSON.stringify(secret).slice(1, -1)),
    ])
      expect(redact(`key ${echo}.`, [secret])).toBe("key [secret].");
  }
});

test("S-03 a backslash before a secret does not hide its first letter", () => {
  for (const secret of ["files-secret", "new-secret", "break/secret"])
    for (const echo of [secret, encodeURIComponent(secret), html(secret)])
      expect(redact(`C:\\${echo}`, [secret])).toMatch(/^C:\\?\[secret\]$/);
  expect(redact("key two\\nlines\\tof it", ["two\nlines\tof it"])).toBe("key [secret]");
});

test("S-03 a secret that itself looks encoded is taken out raw and encoded", () => {
  const secret = String.raw`a%41b&amp;c\x26d\u0041`;
  for (const echo of [
    secret,
    encodeURIComponent(secret),
    html(secret),
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(html(secret)),
  ])
    expect(redact(`key ${echo}.`, [secret])).toBe("key [secret].");
});

test("S-03 of secrets that overlap, or of which one holds the other, nothing is left, in any order", () => {
  for (const secrets of [
    ["canary-one", "canary-one-and-two"],
    ["canary-one-and-two", "canary-one"],
  ])
    expect(redact("no canary-one-and-two here", secrets)).toBe("no [secret] here");
  for (const secrets of [
    ["abcdefghij", "ghijklmnop"],
    ["ghijklmnop", "abcdefghij"],
  ])
    expect(redact("no abcdefghijklmnop here", secrets)).toBe("no [secret] here");
  expect(redact("no aaaaaaaaaaaaaaa here", ["aaaaaaaa"])).toBe("no [secret] here");
});

test("S-03 text that repeats no secret is shown as it is, of whatever it consists", () => {
  for (const text of [
    "",
    "Invalid grant: 100 % of codes",
    "a%zz &amp; b &nope; &constructor; \\u12 \\",
    "%",
    "&#x110000; &#999999999; %ff%fe",
    "é ü € 😀",
  ])
    expect(redact(text, ["canary-secret"])).toBe(text);
});

test("S-03 a secret that looks encoded, and stands for a short text, takes no text with it that is only that", () => {
  for (const [secret, text] of [
    ["%2B%2B%2B", "1 + 1 + + = 2 +++"],
    ["%61%62%63", "the abc of it"],
    ["&nbsp;&nbsp;", "two  blanks"],
  ] as const)
    expect(redact(text, [secret])).toBe(text);
});

test("S-03 a secret of fewer than eight characters takes the whole text with it", () => {
  expect(redact("no such user: hunter2", ["hunter2"])).toBe(
    "[withheld: it may repeat a credential]",
  );
  expect(redact(`no such user: ${encodeURIComponent("a&b c")}`, ["a&b c"])).toBe(
    "[withheld: it may repeat a credential]",
  );
  expect(redact("no such user", ["hunter2", "x"])).toBe("no such user");
});

test("S-03 a long text is cut, and a secret that begins at the cut is taken out", () => {
  const secret = "canary-secret/with+more than%one&escape";
  for (let at = 4096 - 60; at < 4100; at += 3) {
    for (const echo of [
      secret,
      encodeURIComponent(secret),
      html(secret),
      Buffer.from(secret).toString("hex"),
    ]) {
      const shown = redact(`${".".repeat(at)}${echo}${".".repeat(200)}`, [secret]);
      expect(shown.replace(/^\.+(\[secret\])?\.*/, "")).toMatch(/^.{0,3}$/);
    }
  }
});

test("S-03 texts are compared character by character, whatever they consist of", () => {
  const all = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit)).join("");
  expect(comparable(all)).toHaveLength(all.length);
  // No letter depends on the one before, as the last sigma of a word does.
  for (const unit of all) expect(comparable(`Α${unit}`).slice(1)).toBe(comparable(unit));
});

test("S-03 where a redaction fails, the words are withheld", () => {
  expect(
    redact(
      "some words",
      (function* () {
        yield 7 as never;
      })(),
    ),
  ).toBe("[withheld: it may repeat a credential]");
});

test("S-03 a secret of thousands of characters shows in no error: no pattern is made of it", async () => {
  // Of 3,070 characters: in hexadecimal digits more than a regular expression may be long.
  const accessToken = `canary${"t0k3n/".repeat(510)}dead`;
  const app = createPetjeafClient({
    clientId: "client",
    clientSecret: "client-secret-1",
    baseUrl: "https://petjeaf.example/v1",
    fetch: async (url) =>
      (url as string).endsWith("tokens")
        ? Response.json({ access_token: accessToken, expires_in: 3600 })
        : Response.json({ detail: `no ${accessToken}` }, { status: 403 }),
  });
  const session = await app.exchange("?code=c0de-1234&state=s", { state: "s", key: "me" });
  const result = await session.GET("/users/me");
  const error = session.toError(result);
  expect(error).toMatchObject({ kind: "permission" });
  expect(leaks(error, [accessToken, accessToken.slice(0, 100)])).toEqual([]);

  const code = `canary${"c0d3-".repeat(620)}`;
  const refusing = createPetjeafClient({
    clientId: "client",
    clientSecret: "client-secret-1",
    baseUrl: "https://petjeaf.example/v1",
    fetch: async () =>
      Response.json({ detail: `bad ${Buffer.from(code).toString("hex")}` }, { status: 400 }),
  });
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
    expect(inChild(`${client} await ask("\\\\".repeat(60) + "x", "\\\\".repeat(120));`)).toBe(
      "credentials",
    );
  });

  test("long tokens that look encoded, of which each has many forms", () => {
    expect(
      inChild(`import { redact } from "$src/http/redact.ts";
      const unit = "%2541&amp;lt;\\\\u0041%26amp%3b&#37;41\\\\x2541";
      const secrets = Array.from({ length: 15 }, (_, i) => (i + unit.repeat(3000)).slice(0, 65_000));
      const many = Array.from({ length: 2000 }, (_, i) => (i + unit.repeat(30)).slice(0, 500));
      for (const text of ["m".repeat(5000), "no such user", unit.repeat(200)]) for (const known of [secrets, many]) console.log(redact(text, known));`).split(
        "\n",
      ),
    ).toEqual(Array.from({ length: 6 }, () => "[withheld: it may repeat a credential]"));
  });

  test("secrets of marks that would have to be put in order", () => {
    expect(
      inChild(`import { redact } from "$src/http/redact.ts";
      import { createPetjeafClient } from "$src/index.ts";
      const marks = "\\u0301\\u0323".repeat(32_000);
      for (let i = 0; i < 7; i += 1) console.log(redact("no such user", [marks + i]));
      await createPetjeafClient({ clientId: "c", clientSecret: "client-secret" }).exchange({ state: "state-1", error: "access_denied", code: marks }, { state: "state-1" }).catch(({ code }) => console.log(code));`).split(
        "\n",
      ),
    ).toEqual([...Array.from({ length: 7 }, () => "no such user"), "access_denied"]);
    const accents = "Z\u0301a\u0323lgo-".repeat(8);
    for (const form of ["NFC", "NFD", "NFKC"] as const)
      expect(redact(`no ${accents.normalize(form)}!`, [accents])).toBe("no [secret]!");
  });

  test("two thousand tokens as they are usual", () => {
    const known = Array.from(
      { length: 2000 },
      (_, i) => `${i}.${"eyJhbGciOiJSUzI1NiJ9".repeat(25)}`,
    );
    expect(redact("Invalid grant: not valid", known)).toBe("Invalid grant: not valid");
    expect(redact(`no ${"?".repeat(3000)} ${known[1999]}`, known)).toBe(
      `no ${"?".repeat(3000)} [secret]`,
    );
    expect(redact("?".repeat(5000), known)).toBe("?".repeat(4096));
  });

  test("a refusal of 200 kB, and a password of a thousand like letters", () => {
    expect(inChild(`${client} await ask("a".repeat(1000) + "b", "a".repeat(200_000));`)).toBe(
      "credentials",
    );
  });
});

describe("S-03 the set of secrets is the client's", () => {
  const accessToken = "canary-access-token-1",
    refreshToken = "canary-refresh-token-1",
    clientSecret = "canary-client-secret",
    code = "canary-code-0001";
  const answer = (detail: string) => ({
    error: { status: 403, title: "Forbidden", detail },
    response: new Response(null, { status: 403 }),
  });
  async function open(): Promise<{ readonly of: (key: string) => PetjeafSession }> {
    const fetch = async (): Promise<Response> =>
      Response.json({ access_token: accessToken, expires_in: 3600, refresh_token: refreshToken });
    const app = createPetjeafClient({
      clientId: "client",
      clientSecret,
      baseUrl: "https://petjeaf.example/v1",
      fetch,
    });
    await app.exchange(`?code=${code}&state=s`, { state: "s", key: "me" });
    return { of: (key) => app.session(key) };
  }

  test.each([
    ["access token", accessToken],
    ["refresh token", refreshToken],
    ["client secret", clientSecret],
  ])("the %s of one session is known to all of them", async (_, secret) => {
    const { of } = await open();
    for (const session of [of("me"), of("somebody else")]) {
      const { message } = session.toError(answer(`You sent ${secret}!`));
      expect(message).toContain("You sent [secret]!");
    }
  });

  test("a code is known to its own exchange, and to nobody afterwards: whoever sends many must not fill the set", async () => {
    const app = createPetjeafClient({
      clientId: "client",
      clientSecret,
      baseUrl: "https://petjeaf.example/v1",
      fetch: async (_, init) =>
        Response.json(
          { detail: `no ${new URLSearchParams(init?.body as string).get("code") ?? ""}` },
          { status: 400 },
        ),
    });
    const session = app.session("me");
    for (let i = 0; i < 300; i += 1)
      expect(
        (await failure(app.exchange(`?code=${code}-${i}&state=s`, { state: "s" }))).message,
      ).toContain("no [secret]");
    expect(session.toError(answer(`${code}-299 ${clientSecret}`)).message).toContain(
      `${code}-299 [secret]`,
    );
  });

  test("many others in between do not make it forget", async () => {
    const { of } = await open();
    const calls = Array.from({ length: 100 }, (_, i) =>
      of(`other-${i}`)
        .auth.getToken()
        .catch(() => undefined),
    );
    await Promise.all(calls);
    expect(of("me").toError(answer(accessToken)).message).not.toContain("canary");
  });

  test("password, API key and refresh token of GenLogs are known to toError", async () => {
    const [apiKey, password] = ["canary-api-key-1", "canary-password-1"];
    const client = createGenLogsClient({
      apiKey,
      password,
      email: "user@example.com",
      baseUrl: "https://genlogs.example",
      fetch: async () =>
        Response.json({
          access_token_data: { token: accessToken, expires: "2100-01-01T00:00:00" },
          refresh_token_data: { token: refreshToken, expires: "2100-01-01T00:00:00" },
        }),
    });
    await client.auth.getToken();
    const error = client.toError({
      error: { detail: [apiKey, password, refreshToken].join(" and ") },
      response: new Response(null, { status: 400 }),
    });
    expect(error.message).toContain("[secret] and [secret] and [secret]");
  });

  test("what is given as text is known before it was used, what is given as a function once it was", async () => {
    const genlogs = createGenLogsClient({
      apiKey: "canary-api-key-1",
      password: "canary-password-1",
      email: "user@example.com",
      baseUrl: "https://genlogs.example",
    });
    expect(
      genlogs.toError({
        error: { detail: "canary-password-1 canary-api-key-1" },
        response: new Response(null, { status: 400 }),
      }).message,
    ).toContain("[secret] [secret]");
    const petjeaf = createPetjeafClient({
      clientId: "client",
      clientSecret,
      baseUrl: "https://petjeaf.example/v1",
    });
    expect(
      (await failure(petjeaf.exchange(`?error=${clientSecret}&state=s`, { state: "s" }))).message,
    ).not.toContain("canary");
    const apinizer = createApinizerClient({
      managerUrl: "https://m.example",
      token: "canary-by-hand-1",
    });
    expect(
      apinizer.toError({
        error: { status: "x", resultMessage: "canary-by-hand-1" },
        response: new Response(null, { status: 400 }),
      }).message,
    ).toContain("[secret]");

    const store = createMemoryStore();
    const options = {
      managerUrl: "https://m.example",
      username: "u",
      store,
      fetch: async (url: unknown) =>
        Response.json(
          String(url).endsWith("/auth/token")
            ? { access_token: accessToken, expires_in: 3600 }
            : [],
        ),
    };
    await createApinizerClient({ ...options, password: "canary-password-1" }).auth.getToken();
    const second = createApinizerClient({ ...options, password: () => "canary-password-1" });
    await second.GET("/projects/"); // With the other's token: nothing but the binding asks for the password.
    expect(
      second.toError({
        error: { status: "x", resultMessage: "canary-password-1" },
        response: new Response(null, { status: 400 }),
      }).message,
    ).toContain("[secret]");
  });

  test("no number of tokens makes a credential forgotten", async () => {
    const store: TokenStore = {
      get: async (key) =>
        key.endsWith(":latch")
          ? undefined
          : {
              generation: 1,
              token: {
                accessToken: `token-of-${key.split(":").at(-1)!}`,
                tokenType: "Bearer",
                issuedAt: Date.now(),
              },
            },
      set: async () => true,
      delete: async () => undefined,
    };
    const app = createPetjeafClient({
      clientId: "client",
      clientSecret,
      baseUrl: "https://petjeaf.example/v1",
      store,
      fetch: async () => Response.json({}),
    });
    for (let i = 0; i < 2100; i += 1) await app.session(`${i}.`).GET("/users/me");
    const { message } = app
      .session("me")
      .toError(answer(`${clientSecret} token-of-0. token-of-2099.`));
    expect(message).toContain("[secret] token-of-0. [secret]"); // The oldest token is forgotten.
  });

  test("words on several lines are put on one before they are searched", () => {
    const spaced = "correct horse battery";
    const client = createApinizerClient({
      managerUrl: "https://m.example",
      username: "u",
      password: spaced,
    });
    for (const space of ["\n", "\t", "\r\n", "\r", "\x01", "\x85", "\u2028", "\0", " "]) {
      const error = client.toError({
        error: { status: "x", resultMessage: `bad: ${spaced.replaceAll(" ", space)} !` },
        response: new Response(null, { status: 400 }),
      });
      expect(error.message).toContain("bad: [secret] !");
    }
    const lines = createApinizerClient({
      managerUrl: "https://m.example",
      username: "u",
      password: "two lines\nof it",
    });
    const controls = "first\x7fsecond\nthird\x85fourth";
    const escaped = createApinizerClient({
      managerUrl: "https://m.example",
      username: "u",
      password: controls,
    });
    for (const echo of [controls, JSON.stringify(controls), encodeURIComponent(controls)])
      expect(
        escaped.toError({
          error: { status: "x", resultMessage: `bad: ${echo} !` },
          response: new Response(null, { status: 400 }),
        }).message,
      ).toMatch(/bad: "?\[secret\]"? !/);
    for (const echo of ["two lines\nof it", "two lines\\nof it", "two lines%0Aof it"])
      expect(
        lines.toError({
          error: { status: "x", resultMessage: `bad: ${echo} !` },
          response: new Response(null, { status: 400 }),
        }).message,
      ).toContain("bad: [secret] !");
  });

  test("the token made by hand is known too, once it was used", async () => {
    const client = createApinizerClient({
      managerUrl: "https://m.example",
      token: "canary-by-hand-1",
      fetch: async () =>
        Response.json({ status: "FAILURE", resultMessage: "no canary-by-hand-1" }, { status: 400 }),
    });
    expect(client.toError(await client.GET("/projects/")).message).toContain("no [secret]");
  });
});
