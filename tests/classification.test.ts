/**
 * The client classifies an answer by the vendor's own words, and shows these words without any
 * secret.
 */
import {
  createApinizerClient,
  createGenLogsClient,
  createPetjeafClient,
  type ClientEvent,
} from "../src/index.ts";
import { failure, storeWith } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";

/** A vendor that refuses with one answer, and counts how often it is asked. */
function refusing(
  status: number,
  body: unknown,
): { readonly fetch: typeof fetch; readonly count: () => number } {
  let n = 0;
  return {
    count: () => n,
    fetch: async () => {
      n += 1;
      return Response.json(body, { status });
    },
  };
}

describe("S-03 T-10 a refusal is told by the vendor's code, though the code holds a secret and is not shown", () => {
  test.each(["invalid", "invalid_client"])(
    "with the password %j, `invalid_client` still latches",
    async (password) => {
      const { fetch, count } = refusing(400, {
        error: "invalid_client",
        error_description: "Bad credentials",
      });
      const events: ClientEvent[] = [];
      const client = createApinizerClient({
        managerUrl: "https://m.example",
        username: "u",
        password,
        fetch,
        onEvent: (event) => events.push(event),
      });
      const errors = [
        await failure(client.auth.getToken()),
        await failure(client.auth.getToken()),
        await failure(client.GET("/projects/")),
      ];
      expect(errors.map(({ kind }) => kind)).toEqual(["credentials", "credentials", "credentials"]);
      expect(count()).toBe(1);
      for (const shown of [
        ...errors,
        ...events.flatMap((event) => ("error" in event ? [event.error] : [])),
        await client.auth.explain(),
      ])
        expect(leaks(shown, [password])).toEqual([]);
    },
  );

  test("T-17 a dead grant is one, with a client secret that stands in the vendor's code", async () => {
    const { fetch } = refusing(400, { error: "invalid_grant" });
    const app = createPetjeafClient({
      clientId: "c",
      clientSecret: "grant",
      baseUrl: "https://petjeaf.example",
      fetch,
      store: storeWith("refresh-token-1"),
    });
    const error = await failure(app.session("me").auth.getToken());
    expect(error).toMatchObject({ kind: "reauthorization_required", status: 400 });
    expect(error.vendorCode).not.toContain("grant");
  });

  test("GL-15 the next grant is chosen by what the vendor said, with a password that stands in it", async () => {
    const sent: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      sent.push((input as string).includes("?") ? "query" : "body");
      return Response.json(
        { detail: [{ loc: ["query", "email"], msg: "Field required", type: "missing" }] },
        { status: 422 },
      );
    };
    const error = await failure(
      createGenLogsClient({
        apiKey: "k",
        email: "e@example.com",
        password: "query",
        baseUrl: "https://genlogs.example",
        fetch,
      }).auth.getToken(),
    );
    expect(error).toMatchObject({ kind: "rejected", status: 422 });
    expect(sent).toEqual(["body", "query"]);
  });
});
