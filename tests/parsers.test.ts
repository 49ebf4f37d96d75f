/**
 * The parser of each provider equals its response schema, in both directions. What the schema
 * allows gives a token. What the schema does not allow gives a contract error that names the JSON
 * pointer and never the value. The tolerances of T-01 and T-03 are the only exceptions. The tests
 * use the real token request, so that no other code changes the result.
 */
import fc from "fast-check";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { apinizer, CorrigendaError, genlogs, petjeaf, type Provider } from "../src/index.ts";
import { createKnownSecrets } from "../src/http/known-secrets.ts";
import { createServerClock } from "../src/http/server-clock.ts";
import { prepareTokenRequest } from "../src/http/prepared-requests.ts";
import { sendTokenRequest, type TokenOutcome } from "../src/http/token-request.ts";
import { nodeAt, resolve, typesOf, type Schema } from "../scripts/contracts/schema.ts";
import { everythingOf } from "./support/secrets.ts";
import { SPECS } from "./support/specs.ts";

const RUNS = Number(process.env["RUNS"] ?? 500);
const CANARY = "canary-value";

interface Subject {
  readonly name: string;
  readonly provider: Provider<object, never>;
  readonly operation: string;
  readonly schema: string;
  readonly expiry: readonly string[];
}
const SUBJECTS: readonly Subject[] = [
  {
    name: "genlogs",
    provider: genlogs,
    operation: "POST /auth/token",
    schema: "TokenPair",
    expiry: ["access_token_data", "expires"],
  },
  {
    name: "apinizer",
    provider: apinizer,
    operation: "POST /auth/token",
    schema: "TokenResponse",
    expiry: ["expires_in"],
  },
  {
    name: "petjeaf",
    provider: petjeaf,
    operation: "POST /oauth2/tokens",
    schema: "TokenResponse",
    expiry: ["expires_in"],
  },
];

describe.each(SUBJECTS)("$name", ({ name, provider, operation, schema: schemaName, expiry }) => {
  const document = SPECS.find((spec) => spec.name === name)!.document;
  const schema = nodeAt(document, `/components/schemas/${schemaName}`) as Schema;
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(
    { ...document, $id: "https://corrigenda.example/spec" },
    "https://corrigenda.example/spec",
  );
  const allows: ValidateFunction = ajv.compile({
    $ref: `https://corrigenda.example/spec#/components/schemas/${schemaName}`,
  });

  /**
   * What the client makes of an answer. The request is sent at the beginning of the epoch, so that
   * few instants lie before it.
   */
  async function outcomeOf(body: string | Uint8Array<ArrayBuffer>): Promise<TokenOutcome> {
    const endpoint = {
      provider,
      connection: { baseUrl: "https://vendor.example" },
      now: () => 0,
      monotonic: () => 0,
      serverClock: createServerClock(() => 0),
      secrets: createKnownSecrets(),
      fetch: async () => new Response(body, { headers: { "content-type": "application/json" } }),
    };
    return sendTokenRequest(
      await prepareTokenRequest({ operation, secrets: [] }, endpoint),
      "password",
      endpoint,
      new AbortController().signal,
    );
  }

  /**
   * The tolerance: with an expiry that is certainly good in its place, the schema allows the body.
   */
  const withGoodExpiry = (body: Record<string, unknown>): unknown => {
    const good = name === "genlogs" ? "2100-01-01T00:00:00" : 3600;
    const [first = "", second] = expiry;
    if (second === undefined) return { ...body, [first]: good };
    const inner = (one: unknown): unknown =>
      typeof one === "object" && one !== null && !Array.isArray(one)
        ? { ...one, [second]: good }
        : one;
    return {
      ...body,
      [first]: inner(body[first]),
      ...("refresh_token_data" in body
        ? { refresh_token_data: inner(body["refresh_token_data"]) }
        : {}),
    };
  };

  test("what the schema allows gives a token", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryOf(document, schema), async (body) => {
        fc.pre(allows(body) && !breaksTheClock(body));
        const outcome = await outcomeOf(JSON.stringify(body));
        if ("error" in outcome) {
          // T-04: an instant that has passed is a token that nobody can use.
          expect(outcome.error).toMatchObject({
            kind: "contract",
            pointer: `/${expiry.join("/")}`,
          });
          expect(outcome.error.message).toContain("expired on arrival");
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("T-01 what it does not allow is a contract error with a pointer and without the value", async () => {
    const broken = fc
      .oneof(
        fc
          .tuple(
            arbitraryOf(document, schema),
            fc.array(
              fc.oneof(fc.constantFrom(...Object.keys(schema.properties ?? {})), fc.string()),
              { maxLength: 3 },
            ),
            fc.jsonValue(),
            fc.boolean(),
          )
          .map(([body, path, value, deep]) =>
            put(
              body,
              deep
                ? [...path.slice(0, 1), ...["token", "expires"].slice(0, path.length - 1)]
                : path.slice(0, 1),
              value,
            ),
          ),
        fc.jsonValue(),
      )
      .map(marked);
    await fc.assert(
      fc.asyncProperty(broken, async (body) => {
        fc.pre(!allows(body));
        const outcome = await outcomeOf(JSON.stringify(body));
        if ("token" in outcome) {
          expect(allows(withGoodExpiry(body as Record<string, unknown>))).toBe(true);
          return;
        }
        const { error } = outcome;
        // A non-null `error` is the vendor's refusal (S-04), whose words are quoted.
        const refused =
          ((body as { error?: unknown } | null)?.error ?? null) !== null &&
          typeof body === "object" &&
          !Array.isArray(body);
        if (refused) return expect(["rejected", "credentials"]).toContain(error.kind);
        expect(error).toMatchObject({
          kind: "contract",
          pointer: expect.stringMatching(/^(\/[^/]+)*$/),
        });
        expect(everythingOf(error)).not.toContain(CANARY);
      }),
      { numRuns: RUNS },
    );
  });

  test("S-04 arbitrary bytes never give anything but a token or a typed error", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        const outcome = await outcomeOf(new Uint8Array(body));
        if ("error" in outcome) expect(outcome.error).toBeInstanceOf(CorrigendaError);
      }),
      { numRuns: RUNS },
    );
  });
});

describe("Apinizer's expires_in", () => {
  const NOW = Date.UTC(2026, 0, 1);
  const DAY = 86_400_000;
  /** s for which a token is believed to live. */
  const lifetime = (
    expires_in: unknown,
    clocks: { sentAt?: number; serverTime?: number } = {},
  ): number | undefined => {
    const { issuedAt, expiresAt } = apinizer.parseToken({
      body: { access_token: "t", expires_in },
      sentAt: NOW,
      ...clocks,
    });
    return expiresAt === undefined ? undefined : (expiresAt - issuedAt) / 1000;
  };

  test.each([
    [1, 1],
    [3600, 3600],
    ["3600", 3600],
    [86_400, 86_400],
    [999_999, 999_999],
  ])("T-03 below 1,000,000 is a lifetime in s: %j", (expires_in, seconds) => {
    expect(lifetime(expires_in)).toBe(seconds);
    // A machine whose clock was never set.
    expect(lifetime(expires_in, { sentAt: 0 })).toBe(seconds);
    expect(lifetime(expires_in, { serverTime: NOW - 7 * DAY })).toBe(seconds);
  });

  test.each([
    [1_000_000, 1000],
    [3_600_000, 3600],
    ["3600000", 3600],
    [3_600_999, 3600],
    [86_400_000, 86_400],
    [1_000_000_000, 1_000_000],
    [2_592_000_000, 2_592_000],
    [NOW - DAY - 1000, (NOW - DAY - 1000) / 1000],
    [NOW + 4000 * DAY, (NOW + 4000 * DAY) / 1000],
    [1e15, 2 ** 31 - 1],
  ])("T-03 from there on it is a lifetime in ms: %j", (expires_in, seconds) => {
    expect(lifetime(expires_in)).toBe(seconds);
  });

  test.each([
    [NOW + 3_600_000, 3600],
    [String(NOW + 3_600_000), 3600],
    [NOW + 3650 * DAY, 3650 * 86_400],
    [NOW + 1, 0.001],
  ])("T-03 an epoch in ms if it lies near the present: %j", (expires_in, seconds) => {
    expect(lifetime(expires_in)).toBeCloseTo(seconds, 6);
  });

  test("T-03 the present is what the server's clock says, and an epoch is corrected by it", () => {
    for (const sentAt of [0, NOW - 20 * 365 * DAY, NOW, NOW + 20 * 365 * DAY])
      expect(lifetime(NOW + 3_600_000, { sentAt, serverTime: NOW })).toBe(3599);
  });

  test.each([1, 3_600_000, DAY])("T-04 an epoch that has passed is an error: %i ms ago", (ago) => {
    for (const clocks of [{}, { serverTime: NOW }])
      expect(() => lifetime(NOW - ago, clocks)).toThrow(
        expect.objectContaining({ kind: "contract", pointer: "/expires_in" }),
      );
  });

  test.each([[undefined], [null], [""], ["soon"], [1.5], [0], [-1], ["-3600"], [[]], [true]])(
    "T-03 %j says nothing: the token is used until a 401",
    (expires_in) => {
      expect(lifetime(expires_in)).toBeUndefined();
    },
  );
});

/**
 * JSON writes some numbers so that they come back as others, and an instant of GenLogs may not
 * exist: both are unreadable, not wrong.
 */
const breaksTheClock = (body: unknown): boolean => JSON.stringify(body).includes("e+");

/** Puts a canary into every text, so that a message which quotes one is noticed. */
function marked(value: unknown): unknown {
  if (typeof value === "string") return value.length > 2 ? `${CANARY}\n${value}` : value;
  if (Array.isArray(value)) return value.map(marked);
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([key, one]) => [
          key,
          key === "token" || key === "access_token" || key === "expires" ? one : marked(one),
        ]),
      )
    : value;
}

function put(body: unknown, path: readonly string[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return body;
  const members =
    typeof body === "object" && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)
      : {};
  return { ...members, [first]: rest.length === 0 ? value : put(members[first], rest, value) };
}

/** Values of a schema. */
function arbitraryOf(
  document: Readonly<Record<string, unknown>>,
  unresolved: Schema,
): fc.Arbitrary<unknown> {
  const schema = resolve(document, unresolved);
  const { properties = {}, required = [], pattern, const: constant, minimum } = schema;
  if (constant !== undefined) return fc.constant(constant);
  const byType: Readonly<Record<string, () => fc.Arbitrary<unknown>>> = {
    string: () => (pattern === undefined ? fc.string() : fc.stringMatching(new RegExp(pattern))),
    integer: () =>
      fc.oneof(
        fc.integer({ min: minimum ?? -1000, max: 100_000 }),
        fc.maxSafeInteger().filter((n) => n >= (minimum ?? -Infinity)),
      ),
    null: () => fc.constant(null),
    object: () =>
      fc
        .record(
          Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [
              name,
              arbitraryOf(document, property),
            ]),
          ),
          { requiredKeys: [...required] },
        )
        .chain((body) =>
          fc
            .dictionary(
              fc.string().filter((name) => !(name in properties) && name !== "__proto__"),
              fc.jsonValue(),
              { maxKeys: 2 },
            )
            .map((more) => ({ ...more, ...body })),
        ),
  };
  return fc.oneof(...typesOf(schema).map((type) => byType[type]?.() ?? fc.jsonValue()));
}
