/** What is wrong with the path, query and header parameters of a request. */
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
 * Reserved characters (RFC 3986) that must be percent-encoded in a value, unless its parameter has
 * `allowReserved`. All are characters that `encodeURIComponent` encodes.
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
    // An operation may override a parameter of its path: the operation's own stands first.
    .filter(({ parameter: { name, in: place } }, i, all) => {
      const same = ({ parameter }: (typeof all)[number]): boolean =>
        parameter.name === name && parameter.in === place;
      return all.findIndex(same) === i;
    });
  const known = new Set(queryKeys(spec, described));
  for (const { parameter } of parameters) if (parameter.in === "query") known.add(parameter.name);
  return [
    ...parameters.flatMap(({ parameter, pointer }) =>
      checkParameter(parameter, query, request, (value, place) =>
        schemas.check(`${pointer}/schema`, value, place, parameter.name),
      ),
    ),
    ...[...new Set(query.map(({ name }) => name))].flatMap((name) => checkName(name, known, query)),
  ];
}

function checkParameter(
  parameter: Parameter,
  query: readonly QueryEntry[],
  { headers, path }: ContractRequest,
  validate: (value: unknown, place: Violation["in"]) => Violation[],
): Violation[] {
  const { name, in: place, required, schema, allowReserved } = parameter;
  if (place === "cookie" || (place === "path" && !path)) return [];
  const out: Violation[] = [];
  const given = place === "query" ? query.filter((entry) => entry.name === name) : [];
  if (!allowReserved && given.some(({ raw }) => RESERVED.test(raw)))
    out.push({ in: "query", at: name, rule: "encoding", message: "must be percent-encoded" });
  const values = {
    query: given[0]?.value,
    header: headers.get(name) ?? undefined,
    path: path?.[name],
  };
  const value = values[place];
  if (value === undefined)
    return required
      ? [...out, { in: place, at: name, rule: "required", message: "is required" }]
      : out;
  return schema ? [...out, ...validate(coerce(value, schema.type), place)] : out;
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
