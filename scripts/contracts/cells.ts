/** The cells that cases have to cover: operation x status x media type x grant or form. */
import type { OpenApiDocument } from "../../src/testing/index.ts";
import { resolve, type Schema } from "./schema.ts";

export interface Cell {
  readonly operationId: string;
  readonly answer: string;
  readonly mediaType: string | null;
  readonly variant: string;
}

interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly { readonly in: string; readonly deprecated?: boolean }[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

export function cellsOf(document: OpenApiDocument): Cell[] {
  const operations = Object.values(
    document["paths"] as Record<string, Record<string, Operation>>,
  ).flatMap((item) => Object.values(item));
  return operations.flatMap(({ operationId, responses, ...operation }) =>
    operationId === undefined
      ? []
      : Object.entries(responses).flatMap(([answer, response]) => {
          const types: (string | null)[] = Object.keys(resolve(document, response).content ?? {});
          return (types.length === 0 ? [null] : types).flatMap((mediaType) =>
            variantsOf(document, operation).map((variant) => ({
              operationId,
              answer,
              mediaType,
              variant,
            })),
          );
        }),
  );
}

/**
 * The variants of a request. A body that is a union has one for the `grant_type` of each branch. A
 * request has the variants body and query where either may carry the credentials.
 */
function variantsOf(
  document: OpenApiDocument,
  { parameters = [], requestBody }: Omit<Operation, "responses">,
): string[] {
  const union = Object.values(requestBody?.content ?? {})[0]?.schema?.oneOf;
  if (union)
    return union.map((branch) =>
      String(resolve(document, branch).properties?.["grant_type"]?.const),
    );
  return requestBody &&
    !requestBody.required &&
    parameters.some(({ in: place, deprecated }) => place === "query" && deprecated)
    ? ["body", "query"]
    : ["-"];
}

export const cellName = ({ operationId, answer, mediaType, variant }: Cell): string =>
  [operationId, answer, mediaType ?? "no body", variant].join(" ");
