/**
 * Everything of the package that reads foreign text, each behind one face: an input goes in, what a
 * logger could see comes out.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  apinizer,
  createApinizerClient,
  createEncryption,
  createFileStore,
  createGenLogsClient,
  createPetjeafClient,
  createRedisStore,
  genlogs,
  isCorrigendaError,
  petjeaf,
  type ClientEvent,
  type CommonOptions,
  type Provider,
  type TokenRecord,
  type TokenStore,
} from "../../src/index.ts";
import { createKnownSecrets } from "../../src/http/known-secrets.ts";
import { redact } from "../../src/http/redact.ts";
import { storeHolding } from "../../src/testing/index.ts";
import { createServerClock } from "../../src/http/server-clock.ts";
import { prepareTokenRequest } from "../../src/http/prepared-requests.ts";
import { sendTokenRequest } from "../../src/http/token-request.ts";
import { markdown, vendorPage } from "../errata/render.ts";
import { readLedger } from "../errata/ledger.ts";
import { renderPage } from "../site/page.ts";
import type { Random } from "./random.ts";
import { ALL_SECRETS, echo, json, mutate, SECRETS, text, value } from "./texts.ts";

export interface Target<Input = unknown> {
  readonly name: string;
  /** The secrets that it was given, and that must not show. */
  readonly secrets: readonly string[];
  input(random: Random): Input;
  /** Characters of it. */
  size(input: Input): number;
  /**
   * What can be seen of it afterwards. A failure that is none of the package's own is thrown on.
   * @returns anything that a logger may be given
   */
  run(input: Input): Promise<unknown>;
}

/** An answer of a server. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | Uint8Array<ArrayBuffer>;
}

const STATUSES = [
  200, 200, 200, 200, 201, 204, 301, 302, 303, 304, 307, 308, 400, 400, 401, 401, 403, 404, 408,
  418, 422, 429, 500, 502, 503, 599,
] as const;
const HEADERS = [
  "retry-after",
  "date",
  "location",
  "content-type",
  "www-authenticate",
  "set-cookie",
  "content-language",
  "x-request-id",
] as const;
const HEADER_VALUES = [
  "60",
  "-1",
  "1e9",
  "99999999999999999999",
  "Wed, 21 Oct 2026 07:28:00 GMT",
  "Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 99-Nov-94",
  "2026-11-28",
  "https://evil.example/",
  "//evil.example",
  "/auth/token",
  "?a=b",
  "http://127.0.0.1:9/",
  "javascript:alert(1)",
  "https://[::1",
  "\\\\evil\\x",
  "application/json",
  "application/json; charset=utf-16",
  "text/html",
  "application/problem+json",
  "application/json, text/plain",
] as const;

/** What a header can hold. */
const headerValue = (random: Random): string =>
  random.chance(0.5)
    ? random.pick(HEADER_VALUES)
    : text(random, 80)
        .replace(/[^\x20-\x7e\x80-\xff]/g, "")
        .trim();

function answer(random: Random, good: unknown): Answer {
  const body = random.chance(0.05)
    ? good
    : mutate(
        random,
        random.chance(0.6)
          ? good
          : {
              error: echo(random),
              error_description: text(random),
              status: "FAILURE",
              resultMessage: text(random),
              detail: random.chance(0.5) ? text(random) : value(random),
              message: text(random),
            },
      );
  const written = json(random, body);
  return {
    status: random.pick(STATUSES),
    headers: Array.from(
      { length: random.below(4) },
      () => [random.pick(HEADERS), headerValue(random)] as const,
    ),
    body: random.chance(0.05)
      ? Uint8Array.from({ length: random.size(300) }, () => random.below(256))
      : written,
  };
}

function responseOf({ status, headers, body }: Answer): Response {
  return new Response([204, 304].includes(status) ? null : body, {
    status,
    headers: headers.map(([name, content]): [string, string] => [name, content]),
  });
}
const sizeOf = ({ headers, body }: Answer): number =>
  headers.reduce((sum, [name, content]) => sum + name.length + content.length, 0) + body.length;

/** The error itself, if it is the package's own; anything else is thrown on. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return "done";
  } catch (error) {
    if (isCorrigendaError(error)) return error;
    throw error;
  }
}

const GENLOGS = {
  apiKey: SECRETS.apiKey,
  email: "user@example.com",
  password: SECRETS.password,
  baseUrl: "https://genlogs.example",
};
const APINIZER = {
  managerUrl: "https://manager.example",
  username: "user",
  password: SECRETS.password,
};
const PETJEAF = {
  clientId: "client",
  clientSecret: SECRETS.clientSecret,
  baseUrl: "https://petjeaf.example/v1",
};
const GOOD: Readonly<Record<string, unknown>> = {
  genlogs: {
    access_token_data: { token: SECRETS.accessToken, expires: "2100-01-01T00:00:00" },
    refresh_token_data: {
      token: SECRETS.refreshToken.replace(" ", "_"),
      expires: "2100-01-01T00:00:00",
    },
    user_id: 1,
    company_id: null,
    customer_name: "x",
  },
  apinizer: { access_token: SECRETS.accessToken, token_type: "Bearer", expires_in: 3600 },
  petjeaf: {
    access_token: SECRETS.accessToken,
    token_type: "Bearer",
    expires_in: 3599,
    refresh_token: SECRETS.refreshToken,
    scope: "profile.read memberships.read",
  },
};

/** One answer of a token endpoint; the second is for a redirect. */
function tokenAnswers(
  provider: Provider<object, never>,
  operation: string,
): Target<readonly [Answer, Answer]> {
  return {
    name: `token answers, ${provider.name}`,
    secrets: ALL_SECRETS,
    input: (random) => [answer(random, GOOD[provider.name]), answer(random, GOOD[provider.name])],
    size: ([first, second]) => sizeOf(first) + sizeOf(second),
    async run([first, second]) {
      let sent = 0;
      const fetch = async (): Promise<Response> => {
        sent += 1;
        return responseOf(sent === 1 ? first : second);
      };
      const secrets = createKnownSecrets();
      const endpoint = {
        provider,
        connection: { baseUrl: "https://vendor.example" },
        fetch,
        now: () => 1_800_000_000_000,
        monotonic: () => 0,
        serverClock: createServerClock(() => 0),
        secrets,
      };
      const request = await prepareTokenRequest(
        { operation, body: { secret: SECRETS.password }, secrets: ALL_SECRETS },
        endpoint,
      );
      const result = await sendTokenRequest(
        request,
        "refresh_token",
        endpoint,
        new AbortController().signal,
      );
      return "token" in result ? "a token" : result.error;
    },
  };
}

let said: Answer = { status: 200, headers: [], body: "{}" };
const logistics = createGenLogsClient({
  ...GENLOGS,
  fetch: async (url) =>
    (url as string).endsWith("/auth/token") ? Response.json(GOOD["genlogs"]) : responseOf(said),
});

/** Answers of an API, redirects among them: the same one is given to each request. */
const apiAnswers: Target<Answer> = {
  name: "API answers",
  secrets: [SECRETS.apiKey, SECRETS.password, SECRETS.accessToken],
  input: (random) =>
    answer(random, { status: "SUCCESS", resultList: [{ name: text(random) }], resultCount: 1 }),
  size: sizeOf,
  async run(input) {
    said = input;
    const shown: unknown[] = [];
    const called = logistics.GET("/carrier/recommendations").then((result) => {
      if (!result.response.ok) shown.push(logistics.toError(result));
    });
    shown.push(
      await outcome(called),
      await outcome(
        logistics
          .fetch("/carrier/recommendations", { headers: { "x-mine": "1" } })
          .then((response) => response.text()),
      ),
    );
    return shown;
  },
};

/** A whole client, through what may be refused and remembered. */
const clientAnswers = (which: 0 | 1 | 2): Target<{ readonly answers: readonly Answer[] }> => ({
  name: `clients, ${["genlogs", "apinizer", "petjeaf"][which] ?? ""}`,
  secrets:
    [[SECRETS.apiKey, SECRETS.password], [SECRETS.password], [SECRETS.clientSecret, SECRETS.code]][
      which
    ] ?? [],
  input: (random) => ({
    answers: Array.from({ length: 3 }, () => ({
      ...answer(random, GOOD[random.pick(["genlogs", "apinizer", "petjeaf"])]),
      status: random.pick([200, 400, 401, 403, 422]),
    })),
  }),
  size: ({ answers }) => answers.reduce((sum, one) => sum + sizeOf(one), 0),
  async run({ answers }) {
    let sent = 0;
    const events: ClientEvent[] = [];
    const common: CommonOptions = {
      onEvent: (event) => events.push(event),
      now: () => 1_800_000_000_000,
      fetch: async () => responseOf(answers[sent++ % answers.length]!),
    };
    if (which === 2) {
      const app = createPetjeafClient({ ...PETJEAF, ...common });
      const shown = await outcome(
        app.exchange(new URLSearchParams({ code: SECRETS.code, state: "s" }), {
          state: "s",
          key: "person",
        }),
      );
      return [
        shown,
        await app.session("person").auth.explain(),
        ...events,
        ...events.flatMap((event) => ("error" in event ? [event.error] : [])),
      ];
    }
    const client =
      which === 0
        ? createGenLogsClient({ ...GENLOGS, ...common })
        : createApinizerClient({ ...APINIZER, ...common });
    const shown = await outcome(client.auth.getToken());
    return [
      shown,
      await client.auth.explain(),
      ...events,
      ...events.flatMap((event) => ("error" in event ? [event.error] : [])),
    ];
  },
});

const petjeafs = createPetjeafClient({
  ...PETJEAF,
  fetch: async () =>
    Response.json({ detail: "Invalid grant: authorization code is invalid" }, { status: 400 }),
});

/** What comes back to a redirect URI, as a URL, a query or what a framework makes of it. */
const callbacks: Target<string | Readonly<Record<string, unknown>>> = {
  name: "callbacks",
  secrets: [SECRETS.clientSecret],
  input(random) {
    const pairs = Array.from({ length: random.below(6) }, (): [string, string] => [
      random.pick(["code", "state", "error", "error_description", "x", "iss"]),
      random.chance(0.3) ? "s" : random.chance(0.2) ? SECRETS.code : text(random, 60),
    ]);
    if (random.chance(0.3))
      return Object.fromEntries(
        pairs.map(([name, content]) => [name, random.chance(0.7) ? content : value(random)]),
      );
    const query = pairs
      .map(
        ([name, content]) =>
          `${name}=${random.chance(0.8) ? encodeURIComponent(content.toWellFormed()) : content}`,
      )
      .join("&");
    return (
      random.pick([
        "",
        "?",
        "/cb?",
        "https://app.example/cb?",
        "app:/cb?",
        "https://user:pw@",
        "//x?",
        "#",
      ]) +
      query +
      (random.chance(0.1) ? `#${text(random, 30)}` : "")
    );
  },
  size: (input) => (typeof input === "string" ? input : JSON.stringify(input)).length,
  run: (input) => outcome(petjeafs.exchange(input, { state: "s", key: "person" })),
};

const KEY = "6b3e0d94a17f52c8e05b9d2f41a6738cb9e4057d1c8af26e3b90d5c1478ea2f6";
const encryption = createEncryption(KEY);
/** A Redis that holds what it is told, whatever the key, and takes whatever is written. */
const holding = (record: unknown, latch: unknown) => ({
  defineCommand: true,
  options: {},
  scan: async () => ["0", []],
  eval: async (...[script, , key]: unknown[]) =>
    /HSET|'PX'|DEL/.test(String(script)) ? 1 : String(key).endsWith(":latch") ? latch : record,
});

/** What a store may hold, written down, and as a store of one's own would give it. */
const records: Target<{
  readonly written: string;
  readonly latch: string;
  readonly given: unknown;
  readonly sealed: boolean;
}> = {
  name: "records",
  secrets: [SECRETS.clientSecret],
  input(random) {
    const record = {
      version: 1,
      key: "k",
      generation: 7,
      token: {
        accessToken: SECRETS.accessToken,
        tokenType: "Bearer",
        issuedAt: 1_799_999_999_000,
        expiresAt: 1_800_000_000_500,
        refreshToken: SECRETS.refreshToken,
      },
      intent: { refreshTokenHash: "h", owner: "a/1/2/x", at: 1 },
      binding: "b",
    };
    const latch = {
      version: 1,
      key: "k",
      generation: 3,
      latch: [{ tag: "t", status: 401, code: echo(random), until: 1_800_000_001_000 }],
    };
    return {
      written: json(random, mutate(random, record)),
      latch: json(random, mutate(random, latch)),
      given: mutate(random, record),
      sealed: random.chance(0.3),
    };
  },
  size: ({ written, latch, given }) =>
    written.length + latch.length + JSON.stringify(given ?? null).length,
  async run({ written, latch, given, sealed }) {
    const redis = createRedisStore({
      client: holding(written, latch),
      ...(sealed ? encryption : {}),
    });
    const own: TokenStore = {
      get: async () => given as TokenRecord,
      set: async () => true,
      delete: async () => undefined,
    };
    const shown: unknown[] = [await outcome(redis.get("k")), await outcome(redis.get("k:latch"))];
    const common = {
      now: () => 1_800_000_000_000,
      fetch: async () => Response.json({ detail: "no" }, { status: 401 }),
      leases: { poll: 1 },
      timeouts: { attempt: 20, total: 25 },
    };
    for (const store of [own, ...(written.includes('"version":1') ? [redis] : [])]) {
      const app = createPetjeafClient({ ...PETJEAF, ...common, store });
      shown.push(
        await outcome(app.session("k").auth.getToken()),
        await app.session("k").auth.explain(),
      );
    }
    return shown;
  },
};

const inner = mkdtempSync(join(tmpdir(), "corrigenda-fuzz-"));
process.on("exit", () => rmSync(inner, { recursive: true, force: true }));
const folderStore = createFileStore({ path: inner });

/** Names and contents of files in the folder of a store. */
const files: Target<readonly (readonly [name: string, content: string])[]> = {
  name: "files",
  secrets: [SECRETS.clientSecret],
  input: (random) =>
    Array.from({ length: 1 + random.below(3) }, () => {
      const number = random.pick([
        "1",
        "2",
        "7",
        "0",
        "-1",
        "1e3",
        "007",
        "999999999999999",
        "9007199254740993",
        text(random, 20),
      ]);
      const name = `${random.pick(["token", "lease", "latch", "temporary.token"])}.${number}.${random.chance(0.9) ? "json" : "txt"}`;
      const lease = {
        owner: random.chance(0.5) ? "a" : value(random),
        since: random.chance(0.5) ? 0 : value(random),
        ms: random.chance(0.5) ? 1e9 : value(random),
      };
      const record = {
        version: 1,
        key: "k",
        generation: 7,
        token: { accessToken: SECRETS.accessToken, tokenType: "Bearer", issuedAt: 1 },
      };
      return [
        name.replace(/[/\0\ud800-\udfff]/g, "_").slice(0, 60),
        json(random, mutate(random, random.chance(0.5) ? record : lease)),
      ] as const;
    }),
  size: (input) => input.reduce((sum, [name, content]) => sum + name.length + content.length, 0),
  async run(input) {
    // Where it keeps this key, it tells by a lease.
    await folderStore.lease("k", "me", 1);
    const place = join(inner, readdirSync(inner)[0] ?? "");
    for (const name of readdirSync(place)) rmSync(join(place, name));
    for (const [name, content] of input)
      writeFileSync(join(place, name), content.toWellFormed(), { mode: 0o600 });
    const shown = [];
    // A deletion waits for the disk.
    const deletion =
      input.length === 1 && input[0]![1].length % 8 === 0 ? [() => folderStore.delete("k")] : [];
    for (const use of [
      () => folderStore.get("k"),
      () => folderStore.get("k:latch"),
      () => folderStore.lease("k", "b", 1),
      () => folderStore.list(),
      ...deletion,
    ])
      shown.push(await outcome(use()));
    rmSync(place, { recursive: true, force: true });
    return shown;
  },
};

/** A JWT, or what is meant to look like one; and keys and texts that are to be opened. */
const tokens: Target<string> = {
  name: "tokens, keys and sealed texts",
  secrets: [SECRETS.clientSecret],
  input: (random) =>
    random.chance(0.7)
      ? [
          "e30",
          Buffer.from(
            json(
              random,
              mutate(random, { id: "i", sub: "s", name: echo(random), email: text(random) }),
            ),
          ).toString(random.pick(["base64url", "base64"])),
          random.chance(0.5) ? "sig" : text(random, 30),
        ].join(random.pick([".", ".", ".", "..", ""]))
      : text(random, 400),
  size: ({ length }) => length,
  async run(input) {
    const visible = input.replace(/[^\x21-\x7e]/g, "") || "t";
    const session = createPetjeafClient({
      ...PETJEAF,
      store: storeHolding(
        petjeaf,
        { ...PETJEAF, key: "k" },
        { accessToken: visible, tokenType: "Bearer", issuedAt: Date.now() },
      ),
    }).session("k");
    const shown = [await outcome(session.auth.claims())];
    shown.push(
      await outcome((async () => createEncryption(input))()),
      await (async () => encryption.open(input, "k"))().then(
        () => "opened",
        () => "not opened",
      ),
    );
    return shown;
  },
};

/** Addresses and options. */
const addresses: Target<string> = {
  name: "addresses",
  secrets: ALL_SECRETS,
  input: (random) =>
    random.pick([
      "",
      "https://",
      "http://",
      "https://h.example/",
      "http://localhost",
      "https:\\\\",
      "//",
      "/",
      "/../",
      "ftp://",
    ]) +
    text(random, 200) +
    random.pick(["", "/", "//", "/..", "/apiops", "?x", "#x"]),
  size: ({ length }) => length,
  async run(input) {
    const shown: unknown[] = [];
    for (const make of [
      () => createApinizerClient({ ...APINIZER, managerUrl: input }),
      () => createGenLogsClient({ ...GENLOGS, baseUrl: input }),
      () => createPetjeafClient({ ...PETJEAF, authorizeUrl: input }),
      () =>
        createApinizerClient({ ...APINIZER, managerUrl: "http://h.example", allowHttpHost: input }),
    ]) {
      shown.push(await outcome((async () => make())()));
    }
    said = { status: 200, headers: [], body: "{}" };
    shown.push(
      await outcome(logistics.fetch(input)),
      await outcome(logistics.GET(input as "/carrier/recommendations")),
      await outcome(logistics.GET("/carrier/recommendations", { baseUrl: input })),
    );
    return shown;
  },
};

/** A vendor's words, and nothing else. */
const words: Target<{ readonly before: string; readonly echo: string; readonly after: string }> = {
  name: "words",
  secrets: ALL_SECRETS,
  input: (random) => ({ before: text(random, 200), echo: echo(random), after: text(random, 200) }),
  size: ({ before, echo: middle, after }) => before.length + middle.length + after.length,
  // Parted, since what stands before may be half of an escape.
  run: async ({ before, echo: middle, after }) =>
    redact(`${before} | ${middle} | ${after}`, ALL_SECRETS),
};

const LEDGER = `provider: genlogs
documents: { create: { title: A page, publisher: Some vendor, by: vendor, version: undated, read: "2026-11-25" } }
errata:
  - { id: GL-01, title: A title of some length, kind: prose, origin: seed, claims: [{ document: create, at: One, says: It says something }], resolution: It is so, confidence: documented, pointers: [/paths] }
`;

/** The ledger, and the pages of it. */
const ledgers: Target<string> = {
  name: "the ledger",
  secrets: [],
  input(random) {
    if (random.chance(0.2)) return text(random, 500);
    const at = random.below(LEDGER.length);
    const planted = random.pick([
      "<script>alert(1)</script>",
      '"><img src=x onerror=alert(1)>',
      "&a [*a,*a]",
      "!!js/function x",
      "\t",
      "{",
      "]",
      "`",
      text(random, 100),
    ]);
    return (
      LEDGER.slice(0, at) + planted + LEDGER.slice(random.chance(0.7) ? at : at + random.below(40))
    );
  },
  size: ({ length }) => length,
  async run(input) {
    const { ledger, faults } = readLedger(input);
    if (!ledger) return faults;
    const pages = [markdown([ledger]), vendorPage(ledger)].map((page) =>
      renderPage({ source: "errata/page.md", text: page }, (path) => path),
    );
    for (const page of pages)
      if (/<(script|img|iframe|svg)/i.test(page))
        throw new Error("a page holds markup of an entry");
    return pages.length;
  },
};

export const TARGETS: readonly Target[] = [
  tokenAnswers(genlogs, "POST /auth/token"),
  tokenAnswers(apinizer, "POST /auth/token"),
  tokenAnswers(petjeaf, "POST /oauth2/tokens"),
  apiAnswers,
  clientAnswers(0),
  clientAnswers(1),
  clientAnswers(2),
  callbacks,
  records,
  files,
  tokens,
  addresses,
  words,
  ledgers,
];

/** In which order they get their inputs: those that take little time more often. */
export const ROUND: readonly Target[] = TARGETS.flatMap((target) =>
  Array.from(
    {
      length: /^(token answers|callbacks|words|the ledger)/.test(target.name)
        ? 8
        : target === files
          ? 1
          : 2,
    },
    () => target,
  ),
);
