/**
 * Options of a single call reach the client's `fetch`. A proxy that is ignored would be a leak, and
 * a `cache` mode that is ignored a surprise.
 */
import { Agent, fetch as undiciFetch } from "undici";
import { createApinizerClient, type ApinizerClient } from "../src/index.ts";
import { http, startRawServer } from "./support/raw-server.ts";

type Init = Record<string, unknown>;
const OPTIONS = {
  cache: "no-store",
  credentials: "include",
  integrity: "sha256-x",
  keepalive: true,
  mode: "same-origin",
  referrer: "https://manager.example/page",
  referrerPolicy: "origin",
} as const;
/** What no Request shows, or under another name. */
const HIDDEN: Init = { dispatcher: { mine: true }, priority: "high", cf: { cacheTtl: 5 } };
const ALL: Init = { ...OPTIONS, ...HIDDEN };
/**
 * What is left of them in a Request that was made of another one with an init: the platform forgets
 * the referrer then (Fetch Standard 5.4).
 */
const COPIED: Init = Object.fromEntries(
  Object.entries(ALL).filter(([name]) => !name.startsWith("referrer")),
);

/** A client, and each init that its `fetch` was given. */
function watched(...answers: (() => Response)[]): {
  readonly client: ApinizerClient;
  readonly inits: Init[];
} {
  const inits: Init[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    inits.push({ ...init });
    return (answers[inits.length - 1] ?? (() => Response.json({})))();
  };
  let n = 0;
  return {
    inits,
    client: createApinizerClient({
      managerUrl: "https://manager.example",
      token: () => `token-${(n += 1)}`,
      fetch,
    }),
  };
}
const callers: [name: string, call: (client: ApinizerClient, init: Init) => Promise<unknown>][] = [
  ["client.fetch", (client, init) => client.fetch("/projects/", init)],
  ["client.GET", (client, init) => client.GET("/projects/", init)],
  ["client.request", (client, init) => client.request("get", "/projects/", init)],
];

describe.each(callers)("%s: options of one call reach the client's `fetch`", (name, call) => {
  test("each of them, and nothing that was not given", async () => {
    const { client, inits } = watched();
    await call(client, ALL);
    expect(inits).toEqual([expect.objectContaining(ALL)]);
    await call(client, {});
    expect(Object.keys(inits[1]!).sort()).toEqual([
      "body",
      "headers",
      "method",
      "redirect",
      "signal",
    ]);
  });

  test("after a redirect, to another origin too, and when a 401 sends the call again", async () => {
    const moved = (location: string) => (): Response =>
      new Response(null, { status: 307, headers: { location } });
    const { client, inits } = watched(
      moved("/apiops/moved/"),
      () => Response.json({}, { status: 401 }),
      moved("https://other.example/"),
    );
    await call(client, ALL);
    expect(inits).toHaveLength(4);
    for (const init of inits) expect(init).toMatchObject(ALL);
  });

  test("after a middleware has put another request in its place", async () => {
    const { client, inits } = watched();
    client.use({
      onRequest: ({ request }) =>
        new Request(request, { headers: { "x-mine": "1" }, cache: "reload" } as RequestInit),
    });
    await call(client, ALL);
    expect(inits[0]).toMatchObject(name === "client.fetch" ? ALL : { ...COPIED, cache: "reload" });
  });
});

test("what a Request of the caller shows reaches the client's `fetch`, and an init beside it goes first", async () => {
  const { client, inits } = watched();
  const request = new Request("https://manager.example/apiops/projects/", OPTIONS);
  await client.fetch(request);
  expect(inits[0]).toMatchObject(OPTIONS);
  await client.fetch(request, { cache: "reload", ...HIDDEN } as RequestInit);
  expect(inits[1]).toMatchObject({ ...COPIED, cache: "reload" });
});

test.each(callers)(
  "S-02 %s: what this package sees to itself is not the caller's: no redirect is followed behind its back, and no header is lost",
  async (_, call) => {
    const { client, inits } = watched();
    await call(client, { redirect: "follow", headers: { "x-mine": "1" } });
    expect(inits[0]).toMatchObject({ redirect: "manual", method: "GET" });
    expect(Object.fromEntries(inits[0]!["headers"] as Headers)).toMatchObject({
      "x-mine": "1",
      authorization: "Bearer token-1",
    });
    for (const name of ["params", "parseAs", "baseUrl", "middleware"])
      expect(inits[0]).not.toHaveProperty(name);
  },
);

test.each(callers)(
  "%s: a dispatcher of one call carries that call, and no other",
  async (_, call) => {
    const used: string[] = [];
    class Watched extends Agent {
      override dispatch(...[options, handler]: Parameters<Agent["dispatch"]>): boolean {
        used.push(options.path);
        return super.dispatch(options, handler);
      }
    }
    const server = await startRawServer((socket) => void socket.end(http(200, "{}")));
    const dispatcher = new Watched();
    try {
      const client = createApinizerClient({
        managerUrl: server.url,
        token: "t",
        fetch: undiciFetch as unknown as typeof globalThis.fetch,
      });
      await call(client, { dispatcher });
      await call(client, {});
      expect(used).toEqual(["/apiops/projects/"]);
      expect(server.requests).toHaveLength(2);
    } finally {
      await Promise.all([dispatcher.close(), server.close()]);
    }
  },
);
