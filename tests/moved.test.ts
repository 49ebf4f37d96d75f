/**
 * A token endpoint that has moved: temporarily (307), permanently (308), or to an address to which
 * the client must not go.
 */
import { createApinizerClient, createGenLogsClient, createPetjeafClient } from "../src/index.ts";
import { failure } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";

const TOKEN = { access_token: "t-1", expires_in: 3600 };
const to = (status: number, location: string): Response =>
  new Response(null, { status, headers: { location } });

/** A client that logs in anew each time it is asked, and the paths that were asked. */
function logins(answer: (path: string, n: number) => Response): {
  readonly login: () => Promise<unknown>;
  readonly paths: string[];
} {
  const paths: string[] = [];
  let now = 0;
  const client = createApinizerClient({
    managerUrl: "https://m.example",
    username: "u",
    password: "canary-password",
    now: () => now,
    fetch: async (url) => {
      paths.push(new URL(url).pathname.replace("/apiops", ""));
      return answer(paths.at(-1)!, paths.length);
    },
  });
  return {
    paths,
    login: () => {
      now += 3_600_000;
      return client.auth.getToken();
    },
  };
}
const [OLD, NEW] = ["/auth/token", "/auth/token/"];

test("S-02 a 307 is followed at each login, a 308 once and for all", async () => {
  for (const [status, expected] of [
    [307, [OLD, NEW, OLD, NEW, OLD, NEW]],
    [308, [OLD, NEW, NEW, NEW]],
  ] as const) {
    const { login, paths } = logins((path) =>
      path === OLD ? to(status, "/apiops/auth/token/") : Response.json(TOKEN),
    );
    for (let i = 0; i < 3; i += 1) await login();
    expect(paths).toEqual(expected);
  }
});

test.each([404, 405, 410, 302, 308])(
  "S-02 a new address that answers %i is forgotten, and the old one asked at once",
  async (status) => {
    let back = false;
    const { login, paths } = logins((path) =>
      path === OLD
        ? back
          ? Response.json(TOKEN)
          : to(308, "/apiops/auth/token/")
        : back
          ? to(status, "/elsewhere")
          : Response.json(TOKEN),
    );
    await login();
    back = true;
    await login();
    await login();
    expect(paths).toEqual([OLD, NEW, NEW, OLD, OLD]);
  },
);

test.each([
  [404, 1],
  [302, 2],
])(
  "T-13 a code that the new address answered with %i is sent %i times: only a redirect has certainly not used it up",
  async (status, times) => {
    const codes: string[] = [];
    let back = false;
    const client = createPetjeafClient({
      clientId: "c",
      clientSecret: "canary-secret",
      baseUrl: "https://p.example/v1",
      fetch: async (url, init) => {
        codes.push(new URLSearchParams(init?.body as string).get("code") ?? "");
        if (!new URL(url).pathname.endsWith("/"))
          return back
            ? Response.json({ ...TOKEN, refresh_token: "r" })
            : to(308, "/v1/oauth2/tokens/");
        return back ? to(status, "/elsewhere") : Response.json({ ...TOKEN, refresh_token: "r" });
      },
    });
    const exchange = (code: string): Promise<unknown> =>
      client.exchange(`?code=${code}&state=s`, { state: "s" });
    await exchange("first");
    back = true;
    await exchange("second").catch(() => undefined);
    expect(codes.filter((code) => code === "second")).toHaveLength(times);
    await exchange("third"); // At the old address again.
    expect(codes.filter((code) => code === "third")).toHaveLength(1);
  },
);

test("S-02 after a failure of the server there, the next attempt goes to the old address; a refusal is an answer", async () => {
  let status = 200;
  const { login, paths } = logins((path) =>
    path === OLD
      ? to(308, "/apiops/auth/token/")
      : Response.json(status === 200 ? TOKEN : { error: "x" }, { status }),
  );
  await login();
  status = 400;
  await failure(login());
  expect(paths.splice(0)).toEqual([OLD, NEW, NEW]);
  status = 500;
  await failure(login());
  expect(paths).toEqual([NEW, OLD, NEW, OLD, NEW]);
});

test("S-03 what is remembered is a path: each request brings its own query", async () => {
  const asked: string[] = [];
  let [now, password] = [0, "first-password"];
  const client = createGenLogsClient({
    apiKey: "k",
    email: "e@example.com",
    password: () => password,
    credentialsIn: "query",
    baseUrl: "https://g.example",
    now: () => now,
    fetch: async (url) => {
      asked.push((url as string).replace("https://g.example", ""));
      return new URL(url).pathname === OLD
        ? to(308, NEW)
        : Response.json({
            access_token_data: {
              token: "t",
              expires: new Date(now + 3_600_000).toISOString().slice(0, 19),
            },
          });
    },
  });
  await client.auth.getToken();
  [now, password] = [3_600_000, "second-password"];
  await client.auth.getToken();
  const query = (secret: string): string => `?email=e%40example.com&password=${secret}`;
  expect(asked).toEqual([
    OLD + query("first-password"),
    NEW + query("first-password"),
    NEW + query("second-password"),
  ]);
});

describe("S-02 a redirect to http:// on the same host is refused, with what mends it", () => {
  test("the path is named where it differs in slashes only", async () => {
    const { login, paths } = logins(() =>
      to(307, "http://m.example/apiops/auth/token/?canary-password"),
    );
    const error = await failure(login());
    expect(error).toMatchObject({ kind: "redirect", status: 307 });
    expect(error.message).toContain(`"/apiops/auth/token/"`);
    expect(error.message).toContain("`fetch`");
    expect(paths).toEqual([OLD]);
    expect(leaks(error, ["canary"])).toEqual([]);
  });

  test("any other path is not", async () => {
    const error = await failure(logins(() => to(308, "http://m.example/canary/")).login());
    expect(error).toMatchObject({
      kind: "redirect",
      message: expect.stringContaining("another path"),
    });
    expect(leaks(error, ["canary"])).toEqual([]);
  });

  test("and the `fetch` that it speaks of does mend it", async () => {
    const served = async (url: string): Promise<Response> =>
      url.endsWith("/token/")
        ? Response.json(TOKEN)
        : to(307, `http://${new URL(url).host}/apiops/auth/token/`);
    const fetch = ((url: string) =>
      served(url.replace(/\/auth\/token$/, "/auth/token/"))) as unknown as typeof globalThis.fetch;
    expect(
      await createApinizerClient({
        managerUrl: "https://m.example",
        username: "u",
        password: "p",
        fetch,
      }).auth.getToken(),
    ).toMatchObject({ accessToken: "t-1" });
  });
});
