/** What the spec says about a request, found by method and path. */
import type { OperationMeta, ProviderMeta } from "../provider.ts";
import { parsePathTemplate } from "./path-template.ts";

/**
 * Finds the operation of a request. Undefined: the spec has no such operation.
 * @param path of the request, below the base URL
 */
export type FindOperation = (method: string, path: string) => OperationMeta | undefined;

/** Makes a finder. It compares paths exactly: a slash at the end counts. */
export function createOperationFinder({ operations }: ProviderMeta): FindOperation {
  const templates = Object.entries(operations)
    .filter(([name]) => name.includes("{"))
    .map(([name, operation]) => ({ operation, template: parsePathTemplate(name) }));
  return (method, path) => {
    const name = `${method} ${path}`;
    return operations[name] ?? templates.find(({ template }) => template.match(name))?.operation;
  };
}
