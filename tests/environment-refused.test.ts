/**
 * Platforms on which a program needs a permission to read its environment, such as Deno. A value
 * that the platform refuses counts as unknown.
 */
import { createProcessIdentity } from "../src/platform/process-identity.ts";
import { inChild } from "./support/child.ts";

/**
 * The looks at the environment, each refused in turn. The channel of events is looked up until it
 * is had, so those that keep it from being had come first.
 */
const LOOKS = [
  "everything",
  "getBuiltinModule",
  "getBuiltinModule()",
  "node:diagnostics_channel channel",
  "hasSubscribers",
  "env",
  "a variable",
  "platform",
  "pid",
  "kill",
  "node:fs readFileSync",
  "node:fs readlinkSync",
  "node:os hostname",
  "node:os networkInterfaces",
];

/**
 * Makes clients and looks at owners in a process of its own, where each look throws what Deno
 * throws. Gives, for each, how often it was refused, and what became of it.
 */
const outcomes = JSON.parse(
  inChild(`
import { createApinizerClient, createGenLogsClient, createMemoryStore, createPetjeafClient } from "$src/index.ts";
import { createProcessIdentity } from "$src/platform/process-identity.ts";
const { process, console } = globalThis;
const body = { access_token: "t-1", token_type: "Bearer", expires_in: 3600, access_token_data: { token: "t-1", expires: "2100-01-01T00:00:00" } };
const fetch = async () => Response.json(body);
let refusals = 0, current;
const refuse = () => { refusals += 1; throw Object.assign(new Error("Requires a permission"), { name: "NotCapable" }); };
const modules = (look) => (id) => {
  if (look === "getBuiltinModule()" || look === "everything") refuse();
  const module = process.getBuiltinModule(id);
  if (look === "hasSubscribers" && id === "node:diagnostics_channel") return { channel: (name) => new Proxy(module.channel(name), { get: (target, member) => (member === "hasSubscribers" && current === look ? refuse() : target[member]) }) };
  const [from, name] = look.split(" ");
  return from === id ? { ...module, [name]: refuse } : module;
};
const stub = (look) => new Proxy(process, { get(target, name) {
  if (name === look || (look === "everything" && ["env", "platform", "pid", "kill"].includes(name))) return name === "kill" ? refuse : refuse();
  if (name === "getBuiltinModule") return modules(look);
  if (name === "env" && look === "a variable") return new Proxy({}, { get: refuse });
  if (name === "platform" && /^node:os|^kill$/.test(look)) return "darwin";
  return target[name];
} });
const out = {};
for (const look of ${JSON.stringify(LOOKS)}) {
  refusals = 0;
  current = look; // The channel stays with the package.
  globalThis.process = stub(look);
  try {
    const store = createMemoryStore();
    const clients = [
      createGenLogsClient({ apiKey: "k", email: "e", password: "p", fetch, store }), createApinizerClient({ managerUrl: "https://m.example", username: "u", password: "p", fetch, store }),
      await createPetjeafClient({ clientId: "c", clientSecret: "s", fetch, store }).exchange("code=c&state=s", { state: "s" }),
    ];
    for (const { auth } of clients) { await auth.getToken(); await auth.explain(); await auth.close(); }
    const owners = createProcessIdentity();
    const other = owners.create();
    const dead = owners.isDead(other) || createProcessIdentity().isDead(other);
    out[look] = { refusals, dead };
  } catch (error) {
    out[look] = { refusals, error: error.name };
  }
}
globalThis.process = process;
console.log(JSON.stringify(out));`),
) as Readonly<
  Record<string, { readonly refusals: number; readonly dead?: boolean; readonly error?: string }>
>;

test.each(LOOKS)(
  "T-14 where a look at %s is refused, clients work, and nobody is taken for dead",
  (look) => {
    expect(outcomes[look]).toEqual({ refusals: expect.any(Number), dead: false });
    expect(outcomes[look]?.refusals).toBeGreaterThan(0);
  },
);

test("T-14 an owner that could not tell its start is not taken for dead while a process of its number lives", () => {
  const { create, isDead } = createProcessIdentity();
  const [host, pid] = create().split("/");
  expect(isDead([host, pid, "unknown", "x"].join("/"))).toBe(false);
  expect(isDead([host, "999999999", "unknown", "x"].join("/"))).toBe(true);
});
