/** Options that do not exist, do not go together or cannot be meant: refused by name, with what to do. */
import {
  apinizer, createApinizerClient, createClient, createGenLogsClient, createPetjeafClient, genlogs, petjeaf, type PetjeafClient,
} from "../src/index.ts";
import { failure } from "./support/clients.ts";

const GENLOGS = { apiKey: "k-canary", email: "e@example.com", password: "p-canary" };
const APINIZER = { managerUrl: "https://manager.example", username: "u", password: "p-canary" };
const PETJEAF = { clientId: "c", clientSecret: "s-canary" };
const nothingSent = async (): Promise<Response> => { throw new Error("sent"); };

describe("an option that does not exist is refused, and the nearest one named", () => {
  const { apiKey, ...withoutKey } = GENLOGS;
  const app = createPetjeafClient({ ...PETJEAF, fetch: nothingSent });
  const source = createGenLogsClient({ ...GENLOGS, fetch: nothingSent }).auth;
  const byHand = createApinizerClient({ managerUrl: "https://manager.example", token: "t", fetch: nothingSent }).auth;
  const exchange = (more: object): Promise<unknown> => app.exchange("code=c&state=s", { state: "s", ...more });
  const rows: [option: string, instead: string, make: () => unknown][] = [
    ["apikey", "apiKey", () => createGenLogsClient({ ...withoutKey, apikey: apiKey } as never)],
    ["api_key", "apiKey", () => createGenLogsClient({ ...GENLOGS, api_key: apiKey } as never)],
    ["pasword", "password", () => createGenLogsClient({ ...GENLOGS, pasword: "x" } as never)],
    ["credentialIn", "credentialsIn", () => createGenLogsClient({ ...GENLOGS, credentialIn: "body" } as never)],
    ["timeout", "timeouts", () => createGenLogsClient({ ...GENLOGS, timeout: 5 } as never)],
    ["baseURL", "baseUrl", () => createGenLogsClient({ ...GENLOGS, baseURL: "https://api.example" } as never)],
    ["managerURL", "managerUrl", () => createApinizerClient({ ...APINIZER, managerURL: "https://manager.example" } as never)],
    ["userName", "username", () => createApinizerClient({ ...APINIZER, userName: "u" } as never)],
    ["clientID", "clientId", () => createPetjeafClient({ ...PETJEAF, clientID: "c" } as never)],
    ["authoriseURL", "authorizeUrl", () => createPetjeafClient({ ...PETJEAF, authoriseURL: "https://a.example" } as never)],
    ["timeouts.totl", "timeouts.total", () => createGenLogsClient({ ...GENLOGS, timeouts: { totl: 5 } as never })],
    ["leases.heartBeat", "leases.heartbeat", () => createGenLogsClient({ ...GENLOGS, leases: { heartBeat: 5 } as never })],
    ["redirectURI", "redirectUri", () => app.authorizationUrl({ scope: "profile.read", redirectURI: "https://a.example" } as never)],
    ["scopes", "scope", () => app.authorizationUrl({ scopes: ["profile.read"] } as never)],
    ["redirect_uri", "redirectUri", () => exchange({ redirect_uri: "https://a.example" })],
    ["minTTL", "minTtl", () => source.getToken({ minTTL: 5 } as never)],
    ["signals", "signal", () => byHand.getToken({ signals: new AbortController().signal } as never)],
  ];
  test.each(rows)("%s", async (option, instead, make) => {
    const error = await failure((async () => make())());
    expect(error).toMatchObject({ name: "ConfigurationError", kind: "configuration", option });
    expect(error.message).toBe(`There is no option \`${option}\`. Did you mean \`${instead}\`?`);
    expect(error.message).not.toContain("canary");
  });

  test.each<[option: string, make: () => unknown]>([
    ["headers", () => createGenLogsClient({ ...GENLOGS, headers: {} } as never)],
    ["key", () => createPetjeafClient({ ...PETJEAF, key: "me" } as never)],
    ["state", () => app.authorizationUrl({ scope: "profile.read", state: "s" } as never)],
    ["x".repeat(60), () => createGenLogsClient({ ...GENLOGS, ["x".repeat(100_000)]: 1 })],
  ])("%s, which is near none: all are listed", async (option, make) => {
    const error = await failure((async () => make())());
    expect(error).toMatchObject({ kind: "configuration", option });
    expect(error.message).toMatch(/^There is no option `\S+`\. There are `\w+`, .*`\.$/);
  });

  test("one that is undefined is passed over, and so is every one of a provider that does not name its own", () => {
    createGenLogsClient({ ...GENLOGS, apikey: undefined, timeouts: { totl: undefined } } as never);
    const { options: _, ...silent } = genlogs;
    createClient(silent, { ...GENLOGS, anything: 1 } as typeof GENLOGS);
    expect(() => createClient(silent, { ...GENLOGS, timeouts: { totl: 1 } as never })).toThrow(expect.objectContaining({ option: "timeouts.totl" }));
    expect(() => createClient(genlogs, { ...GENLOGS, anything: 1 } as typeof GENLOGS)).toThrow(expect.objectContaining({ option: "anything" }));
  });

  test("all that exist are taken", async () => {
    const common = {
      baseUrl: "https://api.example/v1", allowHttpHost: "api.example", fetch: nothingSent, now: Date.now, store: { get: async () => undefined, set: async () => true, delete: async () => undefined },
      onEvent: () => undefined, timeouts: { attempt: 1, total: 2 }, replay: false, leases: { ttl: 4, heartbeat: 1, poll: 1, patience: 4 }, maxAnswerBytes: 1, waitUntil: () => undefined,
    };
    createGenLogsClient({ ...GENLOGS, credentialsIn: "body", renew: "login", ...common });
    createApinizerClient({ ...APINIZER, ...common, baseUrl: undefined } as never);
    createClient(apinizer, { token: "t", ...common });
    createClient(petjeaf, { ...PETJEAF, key: "me", authorizeUrl: "https://a.example", ...common } as never);
    const client: PetjeafClient = createPetjeafClient({ ...PETJEAF, authorizeUrl: "https://a.example/authorize", ...common });
    client.authorizationUrl({ scope: "profile.read", redirectUri: "https://app.example/cb" });
    expect(await failure(client.exchange("code=c&state=x", { state: "s", redirectUri: "https://app.example/cb", key: "me" }))).toMatchObject({ code: "state_mismatch" });
    expect(await failure(createGenLogsClient({ ...GENLOGS, ...common }).auth.getToken({ minTtl: 1, signal: AbortSignal.abort(new Error("mine")), rejected: undefined }))).toMatchObject({ message: "mine" });
  });
});
