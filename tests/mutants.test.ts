/** What the scores of mutants count, and what they do not. */
import { caseMutants } from "../scripts/contracts/case-mutants.ts";
import { distinct, judgeCaseMutants } from "../scripts/contracts/case-score.ts";
import type { NamedCase } from "../scripts/contracts/load.ts";
import { mistakesOf, type Mistake } from "../scripts/contracts/spec-mutants.ts";
import { judgeSpecMutants, scoreOf } from "../scripts/contracts/spec-score.ts";
import { createContract, type OpenApiDocument } from "../src/testing/index.ts";

const JSON_TYPE = "application/json";
const document = {
  openapi: "3.1.0",
  servers: [{ url: "https://api.vendor.example" }],
  security: [{ header: [], key: [] }],
  paths: {
    "/x/{id}": {
      post: {
        operationId: "x",
        parameters: [
          { name: "id", in: "path", required: true, schema: { type: "integer" } },
          { name: "page", in: "query", schema: { type: "integer", minimum: 1 } },
          { name: "X-Trace", in: "header", schema: { type: "string", minLength: 1 } },
          { name: "X-Count", in: "header", required: true, schema: { type: "integer" } },
          { $ref: "#/components/parameters/Order" },
        ],
        requestBody: {
          required: true,
          content: { [JSON_TYPE]: { schema: { $ref: "#/components/schemas/Closed" } } },
        },
        responses: {
          200: { content: { [JSON_TYPE]: { schema: { $ref: "#/components/schemas/Open" } } } },
          default: { content: { [JSON_TYPE]: { schema: { type: "object" } } } },
        },
      },
    },
  },
  components: {
    securitySchemes: {
      header: { type: "apiKey", in: "header", name: "X-Key" },
      key: { type: "apiKey", in: "query", name: "key" },
    },
    parameters: { Order: { name: "order", in: "query", schema: { type: "string" } } },
    schemas: {
      Closed: {
        type: "object",
        required: ["kind"],
        properties: { kind: { const: "a" }, note: { type: "string", pattern: "^x" } },
        additionalProperties: false,
      },
      Open: {
        type: "object",
        required: ["id"],
        properties: {
          id: { type: ["string", "null"], format: "uuid" },
          part: { oneOf: [{ type: "boolean" }, { type: "array", items: { type: "number" } }] },
        },
      },
    },
  },
} satisfies OpenApiDocument;

const exchange: NamedCase = {
  name: "x.200",
  operationId: "x",
  answer: "200",
  mediaType: JSON_TYPE,
  variant: "-",
  request: {
    method: "POST",
    url: "https://api.vendor.example/x/7?key=k&page=2",
    headers: { "content-type": JSON_TYPE, "x-key": "k", "x-count": "1" },
    body: { kind: "a" },
  },
  response: { status: 200, headers: { "content-type": JSON_TYPE }, body: { id: null } },
  provenance: "The vendor's page",
  errata: [],
};
/** An exchange with every part that the other one lacks. */
const full: NamedCase = {
  ...exchange,
  name: "x.200.full",
  request: {
    ...exchange.request,
    url: "https://api.vendor.example/x/7?key=k&page=2&order=up",
    headers: { ...exchange.request.headers, "x-trace": "t" },
    body: { kind: "a", note: "x" },
  },
  response: {
    ...exchange.response,
    body: { id: "5c9c2d5e-0c0b-4a0e-8d0e-0a0b0c0d0e0f", part: [1.5] },
  },
};
const other: NamedCase = {
  ...exchange,
  name: "x.default",
  request: { ...exchange.request, url: "https://api.vendor.example/x/7?key=k" },
  answer: "default",
  response: { status: 404, headers: { "content-type": JSON_TYPE }, body: {} },
};
const part: NamedCase = {
  ...exchange,
  name: "x.200.part",
  response: { ...exchange.response, body: { id: null, part: true } },
};

const documentOf = () => document;
const witnesses = (cases: readonly NamedCase[], broken: readonly NamedCase[] = []) => ({
  documentOf,
  cases,
  caseMutants: broken,
  unneeded: new Set(cases.map(({ name }) => name)),
});
const mutantsOf = (...cases: NamedCase[]) =>
  cases.flatMap((one) => caseMutants(document, one).map(({ mutant }) => mutant));
const mistakes = mistakesOf({ document, forms: [] });
const named = (name: string): Mistake => {
  const found = mistakes.find((one) => one.name === name);
  if (!found) throw new RangeError(`there is no mutant ${name}`);
  return found;
};

const OPERATION = "/paths/~1x~1{id}/post";
const CLOSED = "/components/schemas/Closed";
const OPEN = "/components/schemas/Open";

test.each([
  ["loosens", "security header dropped at /"],
  ["tightens", "security key dropped at /"],
  ["tightens", `parameter id renamed at ${OPERATION}/parameters/0`],
  ["tightens", `parameter id moved at ${OPERATION}/parameters/0`],
  ["loosens", `type integer changed at ${OPERATION}/parameters/0/schema`],
  ["tightens", `parameter page renamed at ${OPERATION}/parameters/1`],
  ["tightens", `parameter page made required at ${OPERATION}/parameters/1`],
  ["loosens", `minimum dropped at ${OPERATION}/parameters/1/schema`],
  ["loosens", `parameter X-Trace renamed at ${OPERATION}/parameters/2`],
  ["loosens", `parameter X-Trace moved at ${OPERATION}/parameters/2`],
  ["tightens", `parameter X-Count moved at ${OPERATION}/parameters/3`],
  ["tightens", "parameter order renamed at /components/parameters/Order"],
  ["tightens", "type string changed at /components/parameters/Order/schema"],
  ["loosens", `body no longer required at ${OPERATION}/requestBody`],
  ["tightens", `media type ${JSON_TYPE} changed at ${OPERATION}/requestBody/content`],
  ["tightens", `answer 200 removed at ${OPERATION}/responses`],
  ["tightens", `answer default removed at ${OPERATION}/responses`],
  ["tightens", `media type ${JSON_TYPE} changed at ${OPERATION}/responses/200/content`],
  ["tightens", `type object changed at ${CLOSED}`],
  ["tightens", `const changed at ${CLOSED}/properties/kind`],
  ["loosens", `kind no longer required at ${CLOSED}`],
  ["tightens", `kind renamed at ${CLOSED}/properties`],
  ["tightens", `note made required at ${CLOSED}`],
  ["loosens", `pattern dropped at ${CLOSED}/properties/note`],
  ["loosens", `closed object opened at ${CLOSED}`],
  ["loosens", `id renamed at ${OPEN}/properties`],
  ["tightens", `type null removed at ${OPEN}/properties/id`],
  ["loosens", `format dropped at ${OPEN}/properties/id`],
  ["tightens", `branch 0 of oneOf removed at ${OPEN}/properties/part`],
])("%s: %s", (kind, name) => expect(named(name).kind).toBe(kind));

const CASES = [exchange, full, other, part];

test("each mutant of a spec is noticed by exchanges of its own kind", async () => {
  const { verdicts, faults } = await judgeSpecMutants(
    mistakes,
    witnesses(CASES, mutantsOf(...CASES)),
    [],
  );
  expect(faults).toEqual([]);
  const { tightening, loosening, ...rest } = scoreOf(verdicts);
  expect(tightening.byCase).toBe(tightening.total);
  expect(loosening.killed).toBe(loosening.total);
  expect(rest).toEqual({
    total: tightening.total + loosening.total,
    notCompiled: 0,
    equivalent: 0,
  });
});

test("a mutant that tightens is not noticed by exchanges that break the spec", async () => {
  const mutant = named(`const changed at ${CLOSED}/properties/kind`);
  const broken: NamedCase = { ...exchange, conforms: "request" };
  const judged = await judgeSpecMutants([mutant], witnesses([broken], mutantsOf(exchange)), []);
  expect(judged.verdicts).toEqual([{ kind: "tightens", result: "survived" }]);
  expect(judged.faults).toEqual([`${mutant.name} survives: it tightens, and no case shows it`]);
});

test("a mutant that loosens is not noticed by exchanges that keep to the spec", async () => {
  const mutant = named(`kind no longer required at ${CLOSED}`);
  const judged = await judgeSpecMutants([mutant], witnesses(CASES), []);
  expect(judged.verdicts).toEqual([{ kind: "loosens", result: "survived" }]);
  expect(judged.faults).toEqual([`${mutant.name} survives: it loosens, and no case shows it`]);
});

test("a mutant that says it only loosens, and refuses a case, is named", async () => {
  const mutant: Mistake = { ...named(`note made required at ${CLOSED}`), kind: "loosens" };
  const { faults } = await judgeSpecMutants([mutant], witnesses(CASES), []);
  expect(faults).toContain(`${mutant.name} should only loosen, and refuses the case x.200`);
});

test.each(["tightens", "loosens"] as const)(
  "a mutant that %s and that Ajv cannot compile counts for no kind",
  async (kind) => {
    const copy = structuredClone(document);
    copy.components.schemas.Closed.properties.note.pattern = "(";
    const broken = new Map([[document, copy]]);
    const mutant: Mistake = { name: "a pattern that is none", kind, broken };
    const judged = await judgeSpecMutants([mutant], witnesses(CASES, mutantsOf(...CASES)), []);
    expect(judged.faults).toEqual([]);
    expect(scoreOf(judged.verdicts)).toEqual({
      total: 0,
      tightening: { total: 0, byCase: 0 },
      loosening: { total: 0, killed: 0 },
      notCompiled: 1,
      equivalent: 0,
    });
  },
);

test("a mutant that is listed as equivalent counts for no kind, and must be one", async () => {
  const survivor = named(`kind no longer required at ${CLOSED}`);
  const killed = named(`note made required at ${CLOSED}`);
  const judged = await judgeSpecMutants([survivor, killed], witnesses(CASES), [
    survivor.name,
    killed.name,
    "no such mutant",
  ]);
  expect(judged.verdicts.map(({ result }) => result)).toEqual(["equivalent", "equivalent"]);
  expect(judged.faults).toEqual([
    `${killed.name} is listed as equivalent, and x.200 notices it`,
    "no such mutant is listed as equivalent, and there is no such mutant",
  ]);
});

test("a case is needed if it alone notices a mutant", async () => {
  const mutant = named(`type null removed at ${OPEN}/properties/id`);
  const alone = witnesses([exchange, full]);
  await judgeSpecMutants([mutant], alone, []);
  expect([...alone.unneeded]).toEqual(["x.200.full"]);
  const twice = witnesses([exchange, full, part]);
  await judgeSpecMutants([mutant], twice, []);
  expect([...twice.unneeded]).toEqual(["x.200", "x.200.full", "x.200.part"]);
});

test("a mutant of a case has to be refused for what it breaks", async () => {
  const contract = await createContract(document);
  const contractOf = () => contract;
  const mutants = caseMutants(document, full);
  expect(judgeCaseMutants(contractOf, mutants)).toEqual({
    score: { total: mutants.length, killed: mutants.length },
    faults: [],
  });
  const mutant = { ...full, request: { ...full.request, body: { kind: "b", note: "x" } } };
  const breaks = { half: "request", in: "body", at: "/note", rule: "pattern" } as const;
  expect(
    judgeCaseMutants(contractOf, [
      { name: "another kind", mutant, breaks },
      { name: "nothing else", mutant: full, breaks },
    ]),
  ).toEqual({
    score: { total: 2, killed: 0 },
    faults: [
      "another kind fails by request body /kind const, and not by request body /note pattern",
      "nothing else survives: the spec takes it",
    ],
  });
});

test("what two cases break in the same way is counted once", () => {
  const once = distinct(caseMutants(document, exchange), documentOf);
  const requests = once.filter(({ breaks }) => breaks.half === "request");
  const both = [exchange, part].flatMap((one) => caseMutants(document, one));
  const added = distinct(both, documentOf).slice(once.length);
  expect(requests.length).toBeGreaterThan(10);
  expect(added.length).toBeGreaterThan(2);
  expect(added.filter(({ breaks }) => breaks.half === "request")).toEqual([]);
});

test("a form of a spec is judged by its own cases, and shares the mistakes of the spec", async () => {
  const form = structuredClone(document) as Record<string, unknown>;
  Object.assign(form["paths"] as object, {
    "/y": { get: { operationId: "y", security: [], responses: { 204: {} } } },
  });
  const both = mistakesOf({ document, forms: [{ name: "other", document: form }] });
  expect(both.length).toBe(mistakes.length + 1);
  const added = both.find(({ name }) => name === "answer 204 removed at /paths/~1y/get/responses")!;
  expect([...added.broken.keys()]).toEqual([form]);
  const ofForm: NamedCase = {
    name: "y.204",
    operationId: "y",
    answer: "204",
    mediaType: null,
    variant: "other",
    request: { method: "GET", url: "https://api.vendor.example/y", headers: {} },
    response: { status: 204, headers: {} },
    provenance: "The vendor's page",
    errata: [],
  };
  const judge = async (cases: readonly NamedCase[]) => {
    const documentOfForm = ({ variant }: NamedCase) => (variant === "other" ? form : document);
    const all = { ...witnesses(cases), documentOf: documentOfForm };
    return (await judgeSpecMutants([added], all, [])).verdicts.map(({ result }) => result);
  };
  expect(await judge([...CASES, ofForm])).toEqual(["noticed"]);
  expect(await judge(CASES)).toEqual(["survived"]);
});

test("a status that is both another and one that no document names makes one mutant", () => {
  const statuses = caseMutants(document, exchange)
    .map(({ mutant }) => mutant.response.status)
    .filter((status) => status !== exchange.response.status);
  expect(statuses).toEqual([418]);
});
