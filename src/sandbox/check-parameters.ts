/** What is wrong with the query parameters and the header parameters of a request. */
import { queryKeys } from "./check-security.ts";
import type { ContractRequest, Violation } from "./contract.ts";
import { parseQuery, type QueryEntry } from "./query.ts";
import type { Schemas } from "./schemas.ts";
import type { Described, Spec } from "./spec.ts";

interface Parameter {
  readonly name: string;
  readonly in: "cookie" | "header" | "path" | "query";
  readonly required?: boolean;
  readonly allowReserved?: boolean;
  readonly schema?: { readonly type?: string | readonly string[] };
}

/**
 * Characters that must be percent-encoded in a value, of those that `encodeURIComponent` encodes
 * (OpenAPI, `allowReserved`).
 */
const RESERVED = /[+:/?#[\]@$,;]/;

export function checkParameters(
  spec: Spec,
  schemas: Schemas,
  described: Described,
  request: ContractRequest,
): Violation[] {
  const query = parseQuery(request.query);
  const parameters = described.parameters
    .map(spec.resolve)
    .map(({ node, pointer }) => ({ parameter: node as Parameter, pointer }))
    // An operation may describe a parameter of its path anew, and then comes first.
    .filter(({ parameter: { name, in: place } }, i, all) => {
      const same = ({ parameter }: (typeof all)[number]): boolean =>
        parameter.name === name && parameter.in === place;
      return all.findIndex(same) === i;
    });
  const known = new Set(queryKeys(spec, described));
  for (const { parameter } of parameters) if (parameter.in === "query") known.add(parameter.name);
  return [
    ...parameters.flatMap(({ parameter, pointer }) =>
      checkParameter(parameter, query, request.headers, (value) =>
        schemas.check(`${pointer}/schema`, value, placeOf(parameter), parameter.name),
      ),
    ),
    ...[...new Set(query.map(({ name }) => name))].flatMap((name) => checkName(name, known, query)),
  ];
}

const placeOf = ({ in: place }: Parameter): "header" | "query" =>
  place === "query" ? "query" : "header";

function checkParameter(
  parameter: Parameter,
  query: readonly QueryEntry[],
  headers: Headers,
  validate: (value: unknown) => Violation[],
): Violation[] {
  const { name, required, schema, allowReserved } = parameter;
  if (parameter.in !== "query" && parameter.in !== "header") return [];
  const out: Violation[] = [];
  const given = parameter.in === "query" ? query.filter((entry) => entry.name === name) : [];
  if (!allowReserved && given.some(({ raw }) => RESERVED.test(raw)))
    out.push({ in: "query", at: name, rule: "encoding", message: "must be percent-encoded" });
  const value = parameter.in === "query" ? (given[0]?.value ?? null) : headers.get(name);
  if (value !== null) return schema ? [...out, ...validate(coerce(value, schema.type))] : out;
  if (required) out.push({ in: parameter.in, at: name, rule: "required", message: "is required" });
  return out;
}

function checkName(
  name: string,
  known: ReadonlySet<string>,
  query: readonly QueryEntry[],
): Violation[] {
  const wrong = (rule: string, message: string): Violation[] => [
    { in: "query", at: name, rule, message },
  ];
  if (!known.has(name)) return wrong("unknown", "is not a parameter of this operation");
  const count = query.filter((entry) => entry.name === name).length;
  return count > 1 ? wrong("repeated", "is given more than once") : [];
}

/** A parameter's text as a value of the type that its schema names, where the text is one. */
function coerce(text: string, type: string | readonly string[] | undefined): unknown {
  const types = [type ?? []].flat();
  if ((types.includes("number") || types.includes("integer")) && /^-?\d+(\.\d+)?$/.test(text))
    return Number(text);
  if (types.includes("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}
