/** Lint rules for specs that Redocly does not have. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const SECRET = /token|secret|password|api.?key|^code$/i;

const at = (document, pointer) =>
  pointer
    .split("/")
    .slice(1)
    .reduce((node, part) => node?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], document);
const resolve = (document, node) =>
  typeof node?.$ref === "string" ? resolve(document, at(document, node.$ref.slice(1))) : node;

/** Every operation, with the path to it in the document. */
function* operationsOf(root) {
  for (const [path, item] of Object.entries(root.paths ?? {})) {
    for (const method of METHODS)
      if (item[method]) yield { operation: item[method], place: ["paths", path, method] };
  }
}

/**
 * The value of a link's parameter: that of a runtime expression on the response body (OpenAPI 3.1,
 * Runtime Expressions), or the value itself.
 */
const evaluate = (value, body) =>
  typeof value === "string" && value.startsWith("$response.body#")
    ? at(body, value.slice("$response.body#".length))
    : value;

/** A runtime expression below the value of a link (OpenAPI 3.1, Link Object: `requestBody`). */
const holdsExpression = (value) =>
  typeof value === "object" &&
  value !== null &&
  Object.values(value).some(
    (one) => (typeof one === "string" && one.startsWith("$")) || holdsExpression(one),
  );

function validate(root, schema, value) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(
    { ...root, $id: "https://corrigenda.example/root" },
    "https://corrigenda.example/root",
  );
  const inRoot = JSON.parse(JSON.stringify(schema), (key, one) =>
    key === "$ref" ? `https://corrigenda.example/root${one}` : one,
  );
  return ajv.validate(inRoot, value);
}

/**
 * A link has to name an operation of the spec. Filled from the example of the response, it has to
 * make a request that the spec allows.
 */
function linkTargets() {
  return {
    Root(root, { report, location }) {
      const operations = [...operationsOf(root)];
      const check = (response, place) => {
        const example = Object.values(resolve(root, response).content ?? {})[0]?.example;
        for (const [name, link] of Object.entries(resolve(root, response).links ?? {})) {
          const where = location.child([...place, "links", name]);
          const target = operations.find(
            ({ operation }) => operation.operationId === link.operationId,
          )?.operation;
          if (!target) {
            report({
              message: `The link ${name} leads to ${link.operationId}, which is no operation.`,
              location: where,
            });
            continue;
          }
          const parameters = (target.parameters ?? []).map((one) => resolve(root, one));
          const given = Object.entries(link.parameters ?? {});
          for (const [parameter, expression] of given) {
            const found = parameters.find((one) => one.name === parameter);
            const value = evaluate(expression, example);
            if (!found)
              report({
                message: `The link ${name} fills ${parameter}, which is no parameter of ${link.operationId}.`,
                location: where,
              });
            else if (value === undefined)
              report({
                message: `The link ${name} reads ${expression}, which the example does not have.`,
                location: where,
              });
            else if (!validate(root, found.schema ?? {}, value))
              report({
                message: `The link ${name} gives ${parameter} a value that ${link.operationId} does not allow.`,
                location: where,
              });
          }
          for (const { name: parameter, required } of parameters) {
            if (required && !given.some(([one]) => one === parameter))
              report({
                message: `The link ${name} leaves out ${parameter}, which ${link.operationId} requires.`,
                location: where,
              });
          }
          const content = Object.values(resolve(root, target.requestBody)?.content ?? {})[0];
          if (holdsExpression(link.requestBody))
            report({
              message: `The body of the link ${name} holds a runtime expression. It is evaluated only where it is the whole body.`,
              location: where,
            });
          else if (link.requestBody !== undefined) {
            const body = evaluate(link.requestBody, example);
            if (!content || !validate(root, content.schema ?? {}, body))
              report({
                message: `The link ${name} makes a body that ${link.operationId} does not allow.`,
                location: where,
              });
          }
        }
      };
      for (const { operation, place } of operations) {
        for (const [status, response] of Object.entries(operation.responses ?? {}))
          if (!response.$ref) check(response, [...place, "responses", status]);
      }
      for (const [name, response] of Object.entries(root.components?.responses ?? {}))
        check(response, ["components", "responses", name]);
    },
  };
}

/** Every id in `x-errata` has to be in the ledger of the spec. */
function errataResolve() {
  return {
    Root(root, { report, location }) {
      const spec = location.source.absoluteRef;
      const file = join(dirname(spec), "errata", basename(spec));
      const known = existsSync(file)
        ? parse(readFileSync(file, "utf8")).errata.map(({ id }) => id)
        : [];
      const walk = (node, place) => {
        if (typeof node !== "object" || node === null) return;
        for (const [name, child] of Object.entries(node)) {
          if (name !== "x-errata") walk(child, [...place, name]);
          else
            for (const id of child)
              if (!known.includes(id))
                report({
                  message: `The erratum ${id} is not in the ledger.`,
                  location: location.child([...place, name]),
                });
        }
      };
      walk(root, []);
    },
  };
}

/**
 * Servers and proxies write URLs to their logs. A secret in a query needs an erratum which says
 * that the vendor takes no other place.
 */
function noSecretInQuery() {
  return {
    Parameter(parameter, { report, location }) {
      if (
        parameter.in === "query" &&
        SECRET.test(parameter.name) &&
        !parameter["x-errata"]?.length
      ) {
        report({
          message: `The query parameter ${parameter.name} looks like a secret, and no erratum says why it has to be in the URL.`,
          location: location.child(["name"]),
        });
      }
    },
  };
}

export default function corrigenda() {
  return {
    id: "corrigenda",
    rules: {
      oas3: {
        "link-targets": linkTargets,
        "errata-resolve": errataResolve,
        "no-secret-in-query": noSecretInQuery,
      },
    },
  };
}
