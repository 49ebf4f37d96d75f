/** The faults of the matrix, each with the results that are documented for it. */
import type net from "node:net";
import { gzipSync } from "node:zlib";
import type { ErrorKind } from "../../src/index.ts";
import { CANARIES, type GrantUnderTest } from "./grants.ts";
import { http, type Behaviour } from "./server.ts";

/** `token`, or the `kind` of the error. */
export type Result = ErrorKind | "token";

export interface Fault {
  readonly name: string;
  readonly behaviour: (grant: GrantUnderTest) => Behaviour;
  readonly expected: (grant: GrantUnderTest) => readonly Result[];
  /** No server at all. */
  readonly down?: true;
  /** The fault is that no answer comes in time. */
  readonly slow?: true;
}

/** 64 MiB of spaces. */
const BOMB = gzipSync(Buffer.alloc(64 << 20, 0x20));

type Say = (grant: GrantUnderTest, request: string, origin: string) => Buffer;
const says = (name: string, say: Say, ...expected: Result[]): Fault => ({
  name,
  behaviour: (grant) => ({
    answer: (socket, request, origin) => void socket.end(say(grant, request, origin)),
  }),
  expected: () => expected,
});
const does = (
  name: string,
  answer: (socket: net.Socket, grant: GrantUnderTest) => void,
  ...expected: Result[]
): Fault => ({
  name,
  behaviour: (grant) => ({ answer: (socket) => answer(socket, grant) }),
  expected: () => expected,
});
const good = (grant: GrantUnderTest): string => JSON.stringify(grant.good());

/** Sends a text without end, as fast as the client reads it. */
function pour(socket: net.Socket, text: string): void {
  if (socket.destroyed) return;
  if (socket.write(text)) setImmediate(pour, socket, text);
  else socket.once("drain", () => pour(socket, text));
}

function* connection(): Generator<Fault> {
  yield {
    name: "connection refused",
    behaviour: () => ({}),
    expected: () => ["network"],
    down: true,
  };
  yield {
    name: "reset before the request",
    behaviour: () => ({ early: (socket) => void socket.resetAndDestroy() }),
    expected: () => ["network"],
  };
  yield does("reset after the request", (socket) => void socket.resetAndDestroy(), "network");
  yield does("closed after the request", (socket) => void socket.destroy(), "network");
  yield does(
    "cut within the head",
    (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-le"),
    "network",
  );
  yield does(
    "reset after the head",
    (socket) =>
      void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n", () =>
        socket.resetAndDestroy(),
      ),
    "network",
  );
  yield does(
    "cut within the body",
    (socket, grant) => void socket.end(http(200, good(grant)).subarray(0, -9)),
    "network",
  );
  yield does(
    "cut within a chunk",
    (socket) => void socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{"a":`),
    "network",
  );
  const slow = (fault: Fault): Fault => ({ ...fault, slow: true });
  yield slow(does("silence", () => undefined, "network"));
  yield slow(
    does(
      "silence after the head",
      (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
      "network",
    ),
  );
  yield slow(
    does(
      "one byte at a time",
      (socket, grant) => {
        const bytes = http(200, good(grant));
        let at = 0;
        const timer = setInterval(
          () =>
            socket.destroyed || at === bytes.length
              ? clearInterval(timer)
              : socket.write(bytes.subarray(at, (at += 1))),
          50,
        );
      },
      "network",
    ),
  );
  yield does(
    "an endless body",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
      pour(socket, "[".repeat(65_536));
    },
    "contract",
    "network",
  );
  yield does(
    "an endless head",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      pour(socket, `x-more: ${"y".repeat(4096)}\r\n`);
    },
    "network",
  );
  yield does(
    "not HTTP",
    (socket) => void socket.end(`SSH-2.0-${CANARIES.answeredToken}\r\n\r\n`),
    "network",
  );
  yield does(
    "100, then closed",
    (socket) => void socket.end("HTTP/1.1 100 Continue\r\n\r\n"),
    "network",
  );
  yield does(
    "103, then the answer",
    (socket, grant) =>
      void socket.end(
        Buffer.concat([Buffer.from("HTTP/1.1 103 Early Hints\r\n\r\n"), http(200, good(grant))]),
      ),
    "token",
    "network",
  );
  yield does(
    "two lengths",
    (socket) =>
      void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
    "network",
  );
}

function* bodies(): Generator<Fault> {
  const body = (
    name: string,
    make: (grant: GrantUnderTest) => string | Buffer,
    ...expected: Result[]
  ): Fault => says(name, (grant) => http(200, make(grant)), ...expected);
  yield says(
    "a good token as text/html",
    (grant) => http(200, good(grant), { "content-type": "text/html" }),
    "token",
  );
  yield says(
    "a good token with a charset",
    (grant) => http(200, good(grant), { "content-type": "application/json;charset=UTF-8" }),
    "token",
  );
  yield body("a byte order mark", (grant) => `\ufeff${good(grant)}`, "token");
  yield body("HTML", () => "<html><body>Welcome</body></html>", "contract");
  yield body("nothing", () => "", "contract");
  yield body("a list", (grant) => `[${good(grant)}]`, "contract");
  yield body("a text", () => JSON.stringify(CANARIES.answeredToken), "contract");
  yield body("a number", () => "12345678901234567890", "contract");
  yield body("null", () => "null", "contract");
  yield body("cut JSON", (grant) => good(grant).slice(0, -3), "contract");
  yield body(
    "invalid UTF-8",
    () =>
      Buffer.concat([
        Buffer.from(`{"access_token":"${CANARIES.answeredToken}`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(`"}`),
      ]),
    "contract",
  );
  yield body("UTF-16", (grant) => Buffer.from(good(grant), "utf16le"), "contract");
  yield body(
    "100,000 levels",
    () => `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    "contract",
  );
  yield body(
    "every member twice",
    (grant) =>
      good(grant).replace(
        "{",
        `{"access_token":"${CANARIES.answeredToken}x","access_token_data":{"token":"x","expires":"x"},`,
      ),
    "token",
  );
  yield body(
    "2 MiB",
    (grant) => JSON.stringify({ ...grant.good(), padding: "x".repeat(2 << 20) }),
    "contract",
  );
  yield body(
    "__proto__",
    (grant) => good(grant).replace("{", `{"__proto__":{"error":"x"},`),
    "token",
  );
  yield body(
    "a token with a line break",
    (grant) =>
      good(grant).replaceAll(
        CANARIES.answeredToken,
        `${CANARIES.answeredToken}\\r\\nX-Injected: 1`,
      ),
    "contract",
  );
  yield body(
    "a token with a space",
    (grant) => good(grant).replaceAll(CANARIES.answeredToken, `${CANARIES.answeredToken} x`),
    "contract",
  );
  yield body(
    "an empty token",
    (grant) => good(grant).replaceAll(CANARIES.answeredToken, ""),
    "contract",
  );
  yield body(
    "no token",
    (grant) => good(grant).replaceAll(/"(access_token|access_token_data)":/g, `"other":`),
    "contract",
  );
  yield body(
    "an error in a 200",
    (grant) =>
      JSON.stringify({
        ...grant.good(),
        error: "server_error",
        error_description: CANARIES.answeredToken,
      }),
    "rejected",
  );
  yield body(
    "a null error in a 200",
    (grant) => JSON.stringify({ ...grant.good(), error: null }),
    "token",
  );
  yield says(
    "gzip",
    (grant) => http(200, gzipSync(good(grant)), { "content-encoding": "gzip" }),
    "token",
  );
  yield says("a gzip bomb", () => http(200, BOMB, { "content-encoding": "gzip" }), "contract");
  yield says(
    "broken gzip",
    (grant) => http(200, gzipSync(good(grant)).subarray(0, 20), { "content-encoding": "gzip" }),
    "network",
    "contract",
  );
  yield says("201", (grant) => http(201, good(grant)), "contract");
  yield says("204", () => http(204, ""), "contract");
  yield says("206", (grant) => http(206, good(grant)), "contract");
}

function* redirects(): Generator<Fault> {
  for (const status of [300, 301, 302, 303, 305, 307, 308]) {
    yield says(
      `${status} to the same origin, for ever`,
      () => http(status, "", { location: "/elsewhere" }),
      "redirect",
    );
    yield says(
      `${status} to another origin`,
      () => http(status, "", { location: `http://127.0.0.1:1/${CANARIES.answeredToken}` }),
      "redirect",
    );
    yield says(
      `${status} to http elsewhere`,
      () => http(status, "", { location: "http://vendor.example/token" }),
      "redirect",
    );
  }
  yield says(
    "307 with the credentials in its address",
    (_, request, origin) =>
      http(307, "", {
        location: `${origin.replace("127.0.0.1", "localhost")}/?echo=${encodeURIComponent(request)}`,
      }),
    "redirect",
  );
  yield says(
    "307 to javascript:",
    () => http(307, "", { location: "javascript:alert(1)" }),
    "redirect",
  );
  yield says("307 to nowhere", () => http(307, ""), "redirect");
  yield says("304", () => http(304, ""), "rejected");
}

/** The documented result of a refusal with this status, for every grant. */
function meaning(status: number): Result {
  if (status === 429) return "rate_limited";
  if (status >= 500 || status === 408 || status === 425) return "server";
  return status === 401 || status === 403 ? "credentials" : "rejected";
}

function* refusals(): Generator<Fault> {
  for (const status of [400, 401, 403, 404, 408, 422, 425, 429, 500, 502, 503, 504]) {
    const shapes: [string, (grant: GrantUnderTest) => Buffer][] = [
      [
        "in the vendor's shape",
        (grant) => http(status, JSON.stringify(grant.problem("Something is wrong"))),
      ],
      [
        "as HTML",
        () =>
          http(status, `<html>${CANARIES.answeredToken}</html>`, { "content-type": "text/html" }),
      ],
      ["empty", () => http(status, "")],
    ];
    for (const [shape, say] of shapes) yield says(`${status} ${shape}`, say, meaning(status));
  }
  const later = (name: string, value: string, status = 429): Fault =>
    says(
      `${status}, Retry-After ${name}`,
      (grant) => http(status, JSON.stringify(grant.problem("Slow down")), { "retry-after": value }),
      "rate_limited",
    );
  yield later("in seconds", "120");
  yield later("as a date", new Date(Date.now() + 120_000).toUTCString());
  yield later("as garbage", "soon");
  yield later("in the past", new Date(Date.now() - 120_000).toUTCString());
  yield later("negative", "-5");
  yield later("endless", "9".repeat(30));
  yield later("in seconds", "120", 503);
}

function* clocks(): Generator<Fault> {
  const dated = (name: string, offset: number): Fault =>
    says(
      `a Date header ${name}`,
      (grant) => http(200, good(grant), { date: new Date(Date.now() + offset).toUTCString() }),
      "token",
    );
  yield dated("a day ahead", 86_400_000);
  yield dated("a day behind", -86_400_000);
  yield says(
    "a Date header of garbage",
    (grant) => http(200, good(grant), { date: "yesterday" }),
    "token",
  );
  const expiries: [string, unknown][] = [
    ["seconds", 3600],
    ["seconds in a text", "3600"],
    ["an epoch in ms", Date.now() + 3_600_000],
    ["an epoch in s", Math.floor(Date.now() / 1000) + 3600],
    ["absent", "absent"],
    ["null", null],
    ["empty", ""],
    ["garbage", "soon"],
    ["a list", []],
    ["true", true],
    ["a fraction", 0.5],
    ["1e300", 1e300],
    ["a timestamp", "2100-01-01T00:00:00"],
    ["a timestamp with a space and microseconds", "2100-01-01 00:00:00.123456"],
    ["a timestamp with a zone", "2100-01-01T00:00:00+03:00"],
    ["30 February", "2100-02-30T00:00:00"],
  ];
  // Where seconds are documented, an epoch is a very long lifetime. It is clamped, and the token
  // works.
  for (const [name, value] of expiries)
    yield says(`expiry: ${name}`, (grant) => http(200, JSON.stringify(grant.good(value))), "token");
  for (const [name, value] of [
    ["zero", 0],
    ["negative", -5],
  ] as const) {
    yield {
      ...says(`expiry: ${name}`, (grant) => http(200, JSON.stringify(grant.good(value)))),
      expected: ({ name: grant }) => (grant.startsWith("Petje.af") ? ["contract"] : ["token"]),
    };
  }
  yield {
    ...says("expiry: a timestamp that has passed", (grant) =>
      http(200, JSON.stringify(grant.good("2001-01-01T00:00:00"))),
    ),
    expected: ({ name }) => (name.startsWith("GenLogs") ? ["contract"] : ["token"]),
  };
}

function* echoes(): Generator<Fault> {
  const encodings: [string, (text: string) => string][] = [
    ["raw", (text) => text],
    ["percent-encoded", encodeURIComponent],
    ["form-encoded", (text) => new URLSearchParams({ s: text }).toString()],
    ["in base64", (text) => Buffer.from(text).toString("base64")],
    ["in base64url after two bytes", (text) => Buffer.from(`xy${text}`).toString("base64url")],
    ["in hex", (text) => Buffer.from(text).toString("hex")],
    ["escaped", (text) => JSON.stringify(text)],
    ["at the place where texts are cut", (text) => "x".repeat(490) + text],
  ];
  const all = [
    CANARIES.apiKey,
    CANARIES.password,
    CANARIES.clientSecret,
    CANARIES.code,
    CANARIES.refreshToken,
  ];
  for (const [name, encode] of encodings) {
    yield {
      name: `credentials echoed ${name}`,
      expected: () => ["rejected"],
      // Only secrets that this client sent: it cannot recognise those of another client.
      behaviour: (grant) => ({
        answer: (socket, request) => {
          const decoded = decode(request);
          const text = all
            .filter((secret) => decoded.some((form) => form.includes(secret)))
            .map(encode)
            .join(" ");
          socket.end(
            http(400, JSON.stringify(grant.problem(text)), { "x-echo": encodeURIComponent(text) }),
          );
        },
      }),
    };
  }
}

const decode = (text: string): string[] =>
  [text, text.replaceAll("+", " ")].flatMap((form) => {
    try {
      return [form, decodeURIComponent(form.replace(/%(?![0-9a-f]{2})/gi, "%25"))];
    } catch {
      return [form];
    }
  });

export const FAULTS: readonly Fault[] = [
  ...connection(),
  ...bodies(),
  ...redirects(),
  ...refusals(),
  ...clocks(),
  ...echoes(),
];
